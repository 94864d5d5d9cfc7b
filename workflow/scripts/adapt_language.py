"""Adapt a base to one language by masked language modelling."""

from pathlib import Path

from madx.jobs import checkpoint_folder, job, machine
from madx.provenance import made_by, study_settings
from madx.training.adaptation import adapt_language

with job(snakemake) as study:
    wildcards = snakemake.wildcards
    adapt_language(
        study.adaptation,
        study.adapters,
        wildcards.kind,
        wildcards.language,
        snakemake.params.steps,
        Path(snakemake.input.base).parent,
        Path(snakemake.input.tokenizer).parent,
        Path(snakemake.input.blocks),
        Path(snakemake.output.metrics).parent,
        checkpoint_folder(snakemake, study),
        machine(snakemake, study),
        made_by(study_settings(study), snakemake.params.code),
    )
