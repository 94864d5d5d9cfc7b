"""Read and check a language's labelled data."""

from pathlib import Path

from madx.data.ner import prepare_ner
from madx.jobs import job

with job(snakemake) as study:
    prepare_ner(study, snakemake.wildcards.language, Path(snakemake.params.folder))
