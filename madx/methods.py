"""The methods that a study compares: what each trains on a task, on which adaptation (paper, sections 5.1, 5.2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

AdaptationKind = Literal["lad", "lad-inv", "full"]


@dataclass(frozen=True)
class Method:
    """One row of the paper's tables.

    trains: "adapter" (a task adapter and a head, the base frozen) or "model" (every weight).
    adaptation: the kind of language adaptation under the task part, or None; adapted_to: the language that it adapts
    the base to: the source's, the target's (one training for every pair of languages), or "both", the source's in
    training and the target's in evaluation (MAD-X).
    """

    name: str
    label: str
    trains: Literal["adapter", "model"]
    adaptation: AdaptationKind | None = None
    adapted_to: Literal["source", "target", "both"] | None = None

    @property
    def trains_per_target(self) -> bool:
        """Whether every pair of a source and a target has a training of its own."""
        return self.adapted_to == "target"

    def adapted_languages(self, sources: Collection[str], targets: Collection[str]) -> set[str]:
        """Languages that the method needs adaptations of."""
        by_role = {None: (), "source": sources, "target": targets, "both": {*sources, *targets}}
        return set(by_role[self.adapted_to])


METHODS = {
    method.name: method
    for method in (
        Method("full-finetuning", "full fine-tuning", trains="model"),
        Method("mlm-src", "MLM-SRC", trains="model", adaptation="full", adapted_to="source"),
        Method("mlm-trg", "MLM-TRG", trains="model", adaptation="full", adapted_to="target"),
        Method("madx-no-lad-inv", "MAD-X – LAD – INV", trains="adapter"),
        Method("madx-no-inv", "MAD-X – INV", trains="adapter", adaptation="lad", adapted_to="both"),
        Method("madx", "MAD-X", trains="adapter", adaptation="lad-inv", adapted_to="both"),
    )
}
