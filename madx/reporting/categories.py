"""Languages by the categories of Table 1: runs of neighbours in tables and figures, and groups of targets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from madx.config import Study
from madx.languages import CATEGORIES

HIGH = CATEGORIES[0]  # the one category of high-resource languages


def category_runs(study: Study, codes: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Runs of neighbouring languages of one category: (category, how many)."""
    return tuple((category, len(list(run))) for category, run in groupby(codes, key=study.category))


def category_spans(study: Study, codes: Sequence[str]) -> list[tuple[str, int, int]]:
    """(category, first, last + 1) of each run."""
    runs = category_runs(study, codes)
    edges = np.cumsum([0, *(count for _, count in runs)]).tolist()
    return [(category, start, end) for (category, _), (start, end) in zip(runs, pairwise(edges), strict=True)]


def target_groups(study: Study, targets: Sequence[str]) -> dict[str, np.ndarray]:
    """Masks over targets: the categories in use, low-resource (three of the four), covered, unseen, and all."""
    category = np.array([study.category(code) for code in targets])
    covered = np.array([code in study.covered for code in targets])
    groups = {name: category == name for name in CATEGORIES if (category == name).any()}
    return groups | {
        "low-resource": category != HIGH,
        "covered": covered,
        "unseen": ~covered,
        "all targets": np.full(len(targets), True),
    }
