"""Copy the tokenizer of a pretrained base into the study."""

from pathlib import Path

from madx.jobs import job
from madx.models.base import fetch_tokenizer
from madx.revisions import at_recorded_commits

with job(snakemake) as study:
    base = at_recorded_commits(study, snakemake.input.revisions).bases[snakemake.wildcards.base]
    fetch_tokenizer(base.path, base.revision, Path(snakemake.output[0]).parent)
