"""All scores of a study in one table: score files joined, checked for completeness, written as Parquet."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from madx.config import Study
from madx.files import atomic_path, read_json
from madx.reporting.labels import main_metric

RUN = ("base", "method", "task", "source", "target", "seed")
TASK = RUN.index("task")
COLUMNS = (*RUN, "metric", "value", "n_examples")


class ScoreError(ValueError):
    """Scores that are missing, doubled, or not of this study; the message is one line for the user."""


def expected_runs(study: Study) -> set[tuple]:
    """Every (base, method, task, source, target, seed) that the study must have scores for."""
    return {
        (base, method, task, source, target, seed)
        for task, settings in study.tasks.items()
        for base in study.bases
        for method in study.methods(task, base)
        for source, target, seed in itertools.product(
            study.sources(task), study.targets(task), settings.methods[method].seeds
        )
    }


def collect_scores(study: Study, json_paths: Iterable[str | Path], parquet_path: str | Path) -> pd.DataFrame:
    """Join score files to one row per (run, metric) and write them to `parquet_path`; values are on 0-100.

    Rows are sorted by run and metric, so equal inputs give equal bytes. Raises ScoreError naming file and run for a
    run that lacks a metric of its task, stands twice, or is not part of the study, and for targets with differing
    numbers of examples.
    """
    expected = expected_runs(study)
    seen: dict[tuple, Path] = {}
    rows = []
    for path in sorted(Path(p) for p in json_paths):
        for row in _read_rows(path):
            run, key = row[: len(RUN)], row[: len(RUN) + 1]
            if run not in expected:
                raise ScoreError(f"{path}: {_words(run)} is not part of study {study.study!r}; remove the file")
            if key in seen:
                raise ScoreError(f"{path}: {_words(run)}, metric {key[-1]} stands twice (also in {seen[key]})")
            seen[key] = path
            rows.append(row)
    wanted = {(*run, metric) for run in expected for metric in study.tasks[run[TASK]].metrics}
    missing = sorted(wanted - seen.keys())
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        *run, metric = missing[0]
        raise ScoreError(f"no {metric} for {_words(run)}{more}; run its training and evaluation again")
    frame = pd.DataFrame(sorted(rows), columns=list(COLUMNS)).astype({"seed": "int64", "n_examples": "int64"})
    _same_examples(study, frame)
    with atomic_path(parquet_path) as temporary:
        frame.to_parquet(temporary, index=False, compression="zstd")
    return frame


def score_array(
    study: Study, scores: pd.DataFrame, base: str, method: str, task: str, metric: str | None = None
) -> np.ndarray:
    """One method's scores: (seeds, sources, targets), on 0-100; None: the task's main metric.

    Raises ScoreError where one is missing.
    """
    metric = metric or main_metric(study, task)
    wanted = scores[
        (scores["base"] == base)
        & (scores["method"] == method)
        & (scores["task"] == task)
        & (scores["metric"] == metric)
    ]
    axes = (study.tasks[task].methods[method].seeds, study.sources(task), study.targets(task))
    values = wanted.set_index(["seed", "source", "target"])["value"]
    if not values.index.is_unique:
        raise ScoreError(f"base {base}, method {method}, task {task}: a run stands twice in the scores")
    array = values.reindex(pd.MultiIndex.from_product(axes)).to_numpy(dtype=float).reshape([len(axis) for axis in axes])
    if np.isnan(array).any():
        seed, source, target = (axis[i] for axis, i in zip(axes, np.argwhere(np.isnan(array))[0], strict=True))
        raise ScoreError(f"no {metric} for {_words((base, method, task, source, target, seed))} in the scores")
    return array


def mean_and_deviation(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sample standard deviation over the first axis (seeds); with one seed the deviation is NaN."""
    if len(values) == 1:
        return values[0], np.full_like(values[0], math.nan)
    return values.mean(axis=0), values.std(axis=0, ddof=1)


def _read_rows(path: Path) -> list[tuple]:
    """The rows of one score file; a missing key or a value outside 0-100 is a ScoreError."""
    content = read_json(path)
    try:
        head = tuple(content[key] for key in ("base", "method", "task", "source"))
        rows = [(*head, s["target"], s["seed"], s["metric"], s["value"], s["n_examples"]) for s in content["scores"]]
    except (KeyError, TypeError) as error:
        raise ScoreError(f"{path}: no score file, {error} is missing; evaluate again") from None
    for row in rows:
        if not isinstance(row[-2], int | float) or not 0 <= row[-2] <= 100:  # NaN compares as false
            raise ScoreError(f"{path}: {_words(row[: len(RUN)])}: {row[-3]} is {row[-2]}, expected a number on 0-100")
    return rows


def _same_examples(study: Study, frame: pd.DataFrame) -> None:
    """Every score of a target comes from the same number of examples, otherwise means would mix test sets."""
    main = {task: main_metric(study, task) for task in study.tasks}
    of_runs = frame[frame["metric"] == frame["task"].map(main)]
    counts = of_runs.groupby(["task", "target"])["n_examples"].agg(["min", "max"])
    for (task, target), (least, most) in counts[counts["min"] != counts["max"]].iterrows():
        raise ScoreError(f"task {task}, target {target}: scores from {least} and from {most} examples; evaluate again")


def _words(run: Iterable) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(RUN, run, strict=True))
