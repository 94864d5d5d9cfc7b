"""The groups of language pairs over which two methods are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madx.config import Study
from madx.reporting.categories import HIGH, target_groups

ALL, IN_LANGUAGE, TRANSFER = "all pairs", "in-language pairs", "transfer pairs"
CONTRASTS = (("low-resource", HIGH), ("unseen", "covered"))


@dataclass(frozen=True)
class Comparison:
    """Pairs of a source and a target under a name; `against`: the pairs that a difference is itself compared with.

    pairs, against: masks (sources, targets) in the study's order.
    """

    name: str
    pairs: np.ndarray
    against: np.ndarray | None = None


def comparisons(study: Study, task: str) -> tuple[Comparison, ...]:
    """All, in-language and transfer pairs, the targets by category, by resources and by the base's coverage, and how
    the last two differ. Groups without a pair are left out, and groups of targets that hold all of them."""
    sources, targets = np.array(study.sources(task)), np.array(study.targets(task))
    same = sources[:, None] == targets
    groups = {
        name: np.broadcast_to(mask, same.shape)
        for name, mask in target_groups(study, study.targets(task)).items()
        if mask.any() and not mask.all()
    }
    found = [Comparison(ALL, np.ones_like(same)), Comparison(IN_LANGUAGE, same), Comparison(TRANSFER, ~same)]
    found += [Comparison(name, mask) for name, mask in groups.items()]
    for name, other in CONTRASTS:
        if {name, other} <= groups.keys():
            found.append(Comparison(f"{name} minus {other}", groups[name], groups[other]))
    return tuple(item for item in found if item.pairs.any())


def single_languages(study: Study, task: str) -> dict[str, tuple[Comparison, ...]]:
    """Of each source all targets, and of each target all sources: "source" and "target" -> comparisons."""
    sources, targets = study.sources(task), study.targets(task)
    shape = (len(sources), len(targets))
    rows, columns = np.indices(shape)
    return {
        "source": tuple(Comparison(code, rows == i) for i, code in enumerate(sources)),
        "target": tuple(Comparison(code, columns == i) for i, code in enumerate(targets)),
    }
