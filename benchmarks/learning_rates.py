"""Learning rates of the miniature: one grid, the same for every method, judged on dev sets of source languages.

Run after `madx study --configfile config/config.yaml` (or Snakemake's target `adaptations`):
    python -m benchmarks.learning_rates --configfile config/config.yaml
Writes benchmarks/results/learning_rates.csv. Test sets are not read. The adaptation's rate is judged by the held-out
perplexity, the task rates by dev F1, each with the settings of the study otherwise.
"""

from __future__ import annotations

import tempfile
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
    adaptation: Annotated[bool, typer.Option(help="the adaptation's rate instead of the task rates")] = False,
    language: Annotated[list[str] | None, typer.Option(help="instead of one covered and one unseen language")] = None,
    output: Path = Path("benchmarks/results"),
) -> None:
    """Measure the grid on a covered and an unseen source language of the study."""
    study = load_study(configfile)
    unseen = [code for code in study.sources("ner") if code not in study.covered]
    languages = language or [study.table5_source, unseen[0]]
    measure = _adaptation if adaptation else _tasks
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for row in measure(study, languages, Path(scratch)):
            print(row, flush=True)
            rows.append(row)
    output.mkdir(parents=True, exist_ok=True)
    name = "adaptation_learning_rates.csv" if adaptation else "learning_rates.csv"
    pd.DataFrame(rows).to_csv(output / name, index=False)


def _adaptation(study: Study, languages: list[str], scratch: Path):
    """Held-out perplexity after adaptation, by kind, rate and language."""
    base = next(iter(study.bases))
    results = Path("results") / study.study
    machine = set_up(study.compute, study.compute.threads)
    for kind in ["lad-inv"]:  # the kind without the invertible adapter takes the same rate
        for rate in GRID:
            rates = study.adaptation.learning_rate.model_copy(update={"adapter": rate})
            settings = study.adaptation.model_copy(update={"learning_rate": rates, "save_steps": ()})
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


def _tasks(study: Study, languages: list[str], scratch: Path):
    """Best dev F1 of a source, by method, rate and source (mean over the seeds)."""
    base = next(iter(study.bases))
    paths = Paths(study)
    machine = set_up(study.compute, study.compute.threads)
    task = study.tasks["ner"]
    for name in study.methods("ner", base):
        method = METHODS[name]
        for rate in GRID:
            for source in languages:
                whole = method.trains == "model"
                for seeds in [[seed] for seed in SEEDS] if whole else [list(SEEDS)]:
                    folders = [scratch / name / f"{rate}" / source / f"seed{seed}" for seed in seeds]
                    train_task(
                        task,
                        study.adapters,
                        trains=method.trains,
                        seeds=seeds,
                        learning_rate=rate,
                        epochs=study.epochs("ner", name, source),
                        batch_size=study.by_category(task.batch_size, source),
                        base_folder=paths.base_folder(base, name, source, source),
                        language_folder=paths.language_adapters(base, name, source),
                        data_path=paths.sequences(base, "ner", source, "training"),
                        description={"task": "ner"},
                        folders=folders,
                        metrics_path=scratch / "metrics.jsonl",
                        checkpoint_folder=scratch / "checkpoint",
                        machine=machine,
                    )
                    for seed, folder in zip(seeds, folders, strict=True):
                        dev_f1 = read_json(folder / "adapter.json")["dev_score"]
                        yield {"method": name, "rate": rate, "source": source, "seed": seed, "dev_f1": round(dev_f1, 2)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    typer.run(main)
