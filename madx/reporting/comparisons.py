"""The groups of language pairs over which two methods are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madx.config import Study
from madx.languages import CATEGORIES

HIGH_RESOURCE = CATEGORIES[0]
ALL, TRANSFER = "all pairs", "transfer pairs"


@dataclass(frozen=True)
class Comparison:
    """Pairs of a source and a target under a name; `against`: the pairs that a difference is itself compared with.

    pairs, against: masks (sources, targets) in the study's order.
    """

    name: str
    pairs: np.ndarray
    against: np.ndarray | None = None


def comparisons(study: Study, task: str) -> tuple[Comparison, ...]:
    """All pairs, transfer pairs, and the targets by category, by the base's coverage and by resources.

    Groups without a pair are left out, covered, unseen, high- and low-resource where all targets are, and groups of the
    same pairs as one before them (Table 1 has one category of high-resource languages).
    """
    sources, targets = np.array(study.sources(task)), np.array(study.targets(task))
    shape = (len(sources), len(targets))
    category = np.array([study.category(code) for code in targets])
    covered, high = np.isin(targets, study.covered), category == HIGH_RESOURCE

    def of_targets(name: str, chosen: np.ndarray, against: np.ndarray | None = None) -> Comparison:
        masks = [None if mask is None else np.broadcast_to(mask, shape) for mask in (chosen, against)]
        return Comparison(name, *masks)

    found = [Comparison(ALL, np.ones(shape, dtype=bool)), Comparison(TRANSFER, sources[:, None] != targets)]
    found += [of_targets(name, category == name) for name in CATEGORIES]
    for name, other, chosen in (("covered", "unseen", covered), ("high-resource", "low-resource", high)):
        if chosen.any() and not chosen.all():
            found += [
                of_targets(name, chosen),
                of_targets(other, ~chosen),
                of_targets(f"{other} minus {name}", ~chosen, chosen),
            ]
    masks = [item.pairs.tobytes() for item in found]
    return tuple(
        item
        for number, item in enumerate(found)
        if item.pairs.any() and (item.against is not None or masks[number] not in masks[:number])
    )


def single_languages(study: Study, task: str) -> dict[str, tuple[Comparison, ...]]:
    """Of each source all targets, and of each target all sources: "source" and "target" -> comparisons."""
    sources, targets = study.sources(task), study.targets(task)
    shape = (len(sources), len(targets))
    rows, columns = np.indices(shape)
    return {
        "source": tuple(Comparison(code, rows == i) for i, code in enumerate(sources)),
        "target": tuple(Comparison(code, columns == i) for i, code in enumerate(targets)),
    }
