"""The summary by category: means of each method over groups of language pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from madx.config import Study
from madx.reporting.categories import target_groups
from madx.reporting.labels import main_metric, measure, on_base
from madx.reporting.score_rows import over_seeds, score_table
from madx.reporting.scores import score_array
from madx.reporting.table import Table

GROUPS = (
    "Covered and unseen say whether the base's pretraining saw the target; low-resource: all but the first category. "
)
PAIRS = (
    "in-language: the source is the target; transfer: it is not, and of a task with one source that is what stands "
    "here. "
)


def summary_by_category(study: Study, scores: pd.DataFrame) -> Table:
    """Per task and method the mean over the targets of each category, from all sources, in-language and in transfer."""
    rows = []
    for task, base, pairs, masks in _blocks(study):
        for method in study.methods(task, base):
            values = _group_means(score_array(study, scores, base, method, task), masks)
            keys = {"task": task, "base": base, "pairs": pairs, "method": method}
            rows.append(over_seeds(keys, {main_metric(study, task): values}, labels={"task": measure(study, task)}))
    return score_table(
        "summary_by_category",
        f"{_measures(study)} by category of the target: the mean over all pairs of a source and a target of that "
        f"category. {GROUPS}{PAIRS}± is the standard deviation over seeds of that mean (a dash: one seed).",
        _headings(study),
        rows,
    )


def _blocks(study: Study) -> Iterator[tuple[str, str, str, dict[str, np.ndarray]]]:
    """(task, base, kind of pairs, masks (sources, targets) by group), in the order of the table."""
    for task in study.tasks:
        for base in study.bases_of(task):
            for pairs, masks in _masks(study, task).items():
                yield task, base, pairs, masks


def _masks(study: Study, task: str) -> dict[str, dict[str, np.ndarray]]:
    """For each kind of pairs a mask (sources, targets) by group of targets; from one source transfer alone."""
    sources, targets = np.array(study.sources(task)), np.array(study.targets(task))
    same = sources[:, None] == targets[None, :]
    kinds = {"all": np.full_like(same, True), "in-language": same, "transfer": ~same}
    if len(sources) == 1 and len(targets) > 1:
        kinds = {"transfer": ~same}
    groups, none = target_groups(study, study.targets(task)), np.full(len(targets), False)
    masks = {group: groups.get(group, none) for group in _headings(study)}
    return {name: {group: kind & mask[None, :] for group, mask in masks.items()} for name, kind in kinds.items()}


def _measures(study: Study) -> str:
    """What the numbers are: with one task its metric and base, otherwise a column says so."""
    if len(study.tasks) > 1:
        return "Scores"
    (task,) = study.tasks
    return f"{measure(study, task)}{on_base(study, task)}"


def _headings(study: Study) -> list[str]:
    """The groups of any task, in order."""
    targets = {target for task in study.tasks for target in study.targets(task)}
    return list(target_groups(study, [code for code in study.codes if code in targets]))


def _group_means(values: np.ndarray, masks: dict[str, np.ndarray]) -> np.ndarray:
    """(seeds, sources, targets) -> (seeds, groups): each group's mean, NaN for an empty group."""
    empty = np.full(len(values), math.nan)
    return np.stack([values[:, mask].mean(axis=1) if mask.any() else empty for mask in masks.values()], axis=1)
