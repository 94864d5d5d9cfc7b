"""Evaluate MAD-X from one source with the targets' adapters as they were after some steps of adaptation."""

from pathlib import Path

from madx.evaluation.run import evaluate_steps
from madx.jobs import job, machine
from madx.paths import Paths
from madx.provenance import score_provenance, study_settings
from madx.training.adaptation import STEPS

METHOD = "madx"

with job(snakemake) as study:
    paths = Paths(study)
    base, name, source = (snakemake.wildcards[key] for key in ("base", "task", "source"))
    data = {target: paths.sequences(base, name, target, "test") for target in study.figure6_targets}
    folders = {}
    for target in study.figure6_targets:
        adaptation, (*kept, last) = paths.language_adapters(base, METHOD, target), study.kept_steps(target)
        folders[target] = {**{step: adaptation / STEPS / f"step{step}" for step in kept}, last: adaptation}
    (trained,) = paths.trained(base, name, METHOD, source)
    evaluate_steps(
        {"base": base, "method": METHOD, "task": name, "source": source},
        study.tasks[name],
        trained,
        stack=study.adapters.stack,
        step_folders=folders,
        data_paths=data,
        provenance=score_provenance(study_settings(study), snakemake.params.code, data),
        scores_path=Path(snakemake.output[0]),
        machine=machine(snakemake, study),
    )
