"""Read and check a language's labelled data."""

from pathlib import Path

from madx.data.labelled import prepare_labelled
from madx.jobs import job
from madx.revisions import at_recorded_commits

with job(snakemake) as study:
    files = [Path(path) for path in snakemake.output]
    wildcards = snakemake.wildcards
    study = at_recorded_commits(study, snakemake.input.revisions)
    prepare_labelled(study, wildcards.task, wildcards.language, [file.stem for file in files], files[0].parent)
