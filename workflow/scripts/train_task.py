"""Train a task on one source: a task adapter for all seeds at once, or a whole model for one seed."""

from pathlib import Path

from madx.jobs import checkpoint_folder, job, machine
from madx.methods import METHODS
from madx.provenance import made_by, study_settings
from madx.training.task import train_task

with job(snakemake) as study:
    name, method, source = (snakemake.wildcards[key] for key in ("task", "method", "source"))
    task, folder, seeds = study.tasks[name], Path(snakemake.output[0]), snakemake.params.seeds
    whole = METHODS[method].trains == "model"
    language, first = snakemake.input.get("language"), snakemake.input.get("first_stage")
    train_task(
        task,
        study.adapters,
        trains=METHODS[method].trains,
        seeds=seeds,
        learning_rate=task.methods[method].learning_rate,
        epochs=study.epochs(name, method, source),
        batch_size=study.by_category(task.batch_size, source),
        base_folder=Path(snakemake.input.base).parent,
        language_folder=Path(language).parent if language else None,
        data_path=Path(snakemake.input.data),
        description={
            "task": name,
            "method": method,
            "source": source,
            "provenance": made_by(study_settings(study), snakemake.params.code),
        },
        folders=[folder] if whole else [folder / f"seed{seed}" for seed in seeds],
        metrics_path=Path(snakemake.output.metrics) if whole else folder / "metrics.jsonl",
        checkpoint_folder=checkpoint_folder(snakemake, study),
        machine=machine(snakemake, study),
        start_folders=[Path(first) if whole else Path(first) / f"seed{seed}" for seed in seeds] if first else [],
    )
