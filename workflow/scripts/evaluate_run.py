"""Evaluate a run on every target."""

from functools import partial
from pathlib import Path

from madx.evaluation.predictions import write_conll
from madx.evaluation.run import evaluate_run
from madx.jobs import job, machine
from madx.methods import METHODS
from madx.paths import Paths
from madx.provenance import score_provenance, study_settings

with job(snakemake) as study:
    paths = Paths(study)
    base, name, method, source = (snakemake.wildcards[key] for key in ("base", "task", "method", "source"))
    task, targets = study.tasks[name], study.targets(name)
    data = {target: paths.sequences(base, name, target, "test") for target in targets}
    adaptations = {target: paths.language_adapters(base, method, target) for target in targets}
    predictions = paths.results / "predictions" / base / name / method / source
    labelled = {target: paths.labelled(name, target, "test") for target in targets}
    evaluate_run(
        {"base": base, "method": method, "task": name, "source": source},
        task,
        paths.trained(base, name, method, source),
        trains=METHODS[method].trains,
        stack=study.adapters.stack,
        language_folders=adaptations,
        data_paths=data,
        provenance=score_provenance(study_settings(study), snakemake.params.code, data),
        scores_path=Path(snakemake.output.scores),
        counts_path=Path(snakemake.output.counts),
        machine=machine(snakemake, study),
        write_predictions=partial(write_conll, labelled, predictions)
        if getattr(task, "write_predictions", False)
        else None,
    )
