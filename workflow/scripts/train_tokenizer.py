"""Train the tokenizer of a base that the workflow makes."""

from pathlib import Path

from madx.jobs import job
from madx.models.tokenizer import train_tokenizer

with job(snakemake):
    train_tokenizer(
        [Path(path) for path in snakemake.input],
        snakemake.params.vocabulary_size,
        Path(snakemake.output[0]).parent,
    )
