"""Pretrain a small XLM-R on the covered languages."""

from pathlib import Path

from madx.jobs import checkpoint_folder, job, machine
from madx.provenance import made_by, study_settings
from madx.training.pretraining import make_base

with job(snakemake) as study:
    name = snakemake.wildcards.base
    make_base(
        study.bases[name],
        name,
        Path(snakemake.input.tokenizer).parent,
        dict(zip(study.covered, map(Path, snakemake.input.blocks), strict=True)),
        study.corpora.block_length,
        Path(snakemake.output.description).parent,
        checkpoint_folder(snakemake, study),
        machine(snakemake, study),
        made_by(study_settings(study), snakemake.params.code),
    )
