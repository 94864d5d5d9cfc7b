"""Train an MLM head for a base that came without one."""

from pathlib import Path

from madx.jobs import checkpoint_folder, job, machine
from madx.provenance import made_by, study_settings
from madx.training.pretraining import train_mlm_head

with job(snakemake) as study:
    name = snakemake.wildcards.base
    train_mlm_head(
        study.adaptation,
        study.bases[name].mlm_head_steps,
        name,
        Path(snakemake.input.pretrained).parent,
        Path(snakemake.input.tokenizer[0]).parent,
        dict(zip(study.covered, map(Path, snakemake.input.blocks), strict=True)),
        Path(snakemake.output.description).parent,
        checkpoint_folder(snakemake, study),
        machine(snakemake, study),
        made_by(study_settings(study), snakemake.params.code),
    )
