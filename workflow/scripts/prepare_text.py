"""Clean a language's text and take the evaluation sentences out."""

from pathlib import Path

from madx.data.text import prepare_text
from madx.jobs import job

with job(snakemake) as study:
    prepare_text(
        study,
        snakemake.wildcards.language,
        Path(snakemake.output.text),
        Path(snakemake.output.report),
    )
