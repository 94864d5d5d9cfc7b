"""Turn a language's labelled data into token sequences."""

from pathlib import Path

from madx.data.labelled import tokenize_labelled
from madx.jobs import job

with job(snakemake) as study:
    tokenize_labelled(
        study.tasks[snakemake.wildcards.task],
        snakemake.input.data,
        Path(snakemake.input.tokenizer).parent,
        Path(snakemake.output[0]),
    )
