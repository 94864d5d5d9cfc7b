"""Learning rates of the miniature: one grid, the same for every method, judged on dev sets of source languages.

Run after `madx study` with the same configuration (or Snakemake's target `adaptations`):
    python -m benchmarks.learning_rates --configfile config/config.yaml --task ner
Writes benchmarks/results/learning_rates_<task>.csv. Test sets are not read. The adaptation's rate is judged by the
held-out perplexity, the task rates by the dev score, each with the settings of the study otherwise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer

from madx.config import Study, load_study
from madx.files import read_json
from madx.methods import METHODS
from madx.paths import Paths
from madx.training.adaptation import adapt_language
from madx.training.compute import set_up
from madx.training.task import train_task

GRID = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
SEEDS = (100, 101)  # not the study's seeds


def main(
    configfile: Path = Path("config/config.yaml"),
    task: Annotated[str, typer.Option(help="whose rates; it may not start from another task")] = "ner",
    method: Annotated[list[str] | None, typer.Option(help="instead of all methods of the task")] = None,
    rate: Annotated[list[float] | None, typer.Option(help="instead of the whole grid")] = None,
    adaptation: Annotated[bool, typer.Option(help="the adaptation's rate instead of the task rates")] = False,
    language: Annotated[list[str] | None, typer.Option(help="instead of one covered and one unseen language")] = None,
    output: Path = Path("benchmarks/results"),
) -> None:
    """Measure the grid on a covered and (if there is one) an unseen source language of the study."""
    study = load_study(configfile)
    sources = study.sources(task)
    languages = language or [sources[0], *[code for code in sources if code not in study.covered][:1]]
    with tempfile.TemporaryDirectory() as scratch:
        rows = (
            _adaptation(study, rate or GRID, languages, Path(scratch))
            if adaptation
            else _tasks(study, task, method or study.methods(task), rate or GRID, languages, Path(scratch))
        )
        found = []
        for row in rows:
            print(row, flush=True)
            found.append(row)
    output.mkdir(parents=True, exist_ok=True)
    name = "adaptation_learning_rates" if adaptation else "_".join(["learning_rates", task, *(method or [])])
    pd.DataFrame(found).to_csv(output / f"{name}.csv", index=False)


def _adaptation(study: Study, rates: Sequence[float], languages: list[str], scratch: Path):
    """Held-out perplexity after adaptation, by kind, rate and language."""
    base = next(iter(study.bases))
    results = Path("results") / study.study
    machine = set_up(study.compute, study.compute.threads)
    for kind in ["lad-inv"]:  # the kind without the invertible adapter takes the same rate
        for rate in rates:
            learning_rate = study.adaptation.learning_rate.model_copy(update={"adapter": rate})
            settings = study.adaptation.model_copy(update={"learning_rate": learning_rate, "save_steps": ()})
            for language in languages:
                folder = scratch / f"{kind}-{rate}-{language}"
                adapt_language(
                    settings,
                    study.adapters,
                    kind,
                    language,
                    study.by_category(settings.steps, language),
                    results / "base" / base,
                    results / "base" / base / "tokenizer",
                    results / "corpora" / base / f"{language}.bin",
                    folder,
                    scratch / "checkpoint",
                    machine,
                )
                perplexity = read_json(folder / "adapter.json")["perplexity"]
                yield {"kind": kind, "rate": rate, "language": language, "perplexity": round(perplexity, 3)}


def _tasks(
    study: Study, task: str, methods: Sequence[str], rates: Sequence[float], languages: list[str], scratch: Path
):
    """Best dev score of each seed, by method, rate and source; MLM-TRG adapted to the source."""
    base = next(iter(study.bases))
    paths = Paths(study)
    machine = set_up(study.compute, study.compute.threads)
    settings = study.tasks[task]
    for name in methods:
        method = METHODS[name]
        for rate in rates:
            for source in languages:
                whole = method.trains == "model"
                for seeds in [[seed] for seed in SEEDS] if whole else [list(SEEDS)]:
                    folders = [scratch / name / f"{rate}" / source / f"seed{seed}" for seed in seeds]
                    train_task(
                        settings,
                        study.adapters,
                        trains=method.trains,
                        seeds=seeds,
                        learning_rate=rate,
                        epochs=study.epochs(task, name, source),
                        batch_size=study.by_category(settings.batch_size, source),
                        base_folder=paths.base_folder(base, name, source, source),
                        language_folder=paths.language_adapters(base, name, source),
                        data_path=paths.sequences(base, task, source, "training"),
                        description={"task": task},
                        folders=folders,
                        metrics_path=scratch / "metrics.jsonl",
                        checkpoint_folder=scratch / "checkpoint",
                        machine=machine,
                    )
                    for seed, folder in zip(seeds, folders, strict=True):
                        score = round(read_json(folder / "adapter.json")["dev_score"], 2)
                        yield {"method": name, "rate": rate, "source": source, "seed": seed, "dev_score": score}


if __name__ == "__main__":
    torch.set_num_threads(1)
    typer.run(main)
