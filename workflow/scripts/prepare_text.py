"""Clean a language's text and take the evaluation sentences out."""

from pathlib import Path

from madx.data.text import prepare_text
from madx.jobs import job
from madx.revisions import at_recorded_commits

with job(snakemake) as study:
    prepare_text(
        at_recorded_commits(study, snakemake.input.revisions),
        snakemake.wildcards.language,
        Path(snakemake.output.text),
        Path(snakemake.output.report),
    )
