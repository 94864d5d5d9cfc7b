"""Tokenize a language's text into packed blocks."""

from pathlib import Path

from madx.data.blocks import pack_blocks
from madx.jobs import job

with job(snakemake) as study:
    pack_blocks(
        Path(snakemake.input.text),
        Path(snakemake.input.tokenizer).parent,
        Path(snakemake.output.blocks),
        Path(snakemake.output.description),
        block_length=study.corpora.block_length,
        max_tokens=study.corpora.max_tokens,
        held_out_blocks=study.corpora.held_out_blocks,
    )
