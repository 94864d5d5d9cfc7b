"""Evaluate a run on every target."""

from functools import partial
from pathlib import Path

from madx.evaluation.predictions import write_conll
from madx.evaluation.run import evaluate_run
from madx.jobs import job, machine
from madx.methods import METHODS
from madx.provenance import score_provenance, study_settings

with job(snakemake) as study:
    results = Path(f"results/{study.study}")
    base, method, source = (snakemake.wildcards[name] for name in ("base", "method", "source"))
    targets, seeds, kind = study.targets("ner"), study.methods[method].seeds, METHODS[method].adaptation
    trained = [Path(path) for path in snakemake.input.trained]
    adapter = METHODS[method].trains == "adapter"
    windows = dict(zip(targets, map(Path, snakemake.input.windows), strict=True))
    evaluate_run(
        {"base": base, "method": method, "task": "ner", "source": source},
        trains=METHODS[method].trains,
        stack=study.adapters.stack,
        seeds=seeds,
        base_folder=Path(snakemake.input.base).parent,
        seed_folders=[trained[0] / f"seed{seed}" for seed in seeds] if adapter else trained,
        language_folders={
            target: results / "adaptations" / base / kind / target if kind else None for target in targets
        },
        windows_paths=windows,
        provenance=score_provenance(study_settings(study), snakemake.params.code, windows),
        scores_path=Path(snakemake.output.scores),
        counts_path=Path(snakemake.output.counts),
        machine=machine(snakemake, study),
        write_predictions=partial(
            write_conll, results / "labelled" / "ner", results / "predictions" / base / "ner" / method / source
        )
        if study.tasks.ner.write_predictions
        else None,
    )
