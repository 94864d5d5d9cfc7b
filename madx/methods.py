"""The methods that a study compares: what each trains on a task, on which adaptation (paper, sections 5.1, 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AdaptationKind = Literal["lad", "lad-inv", "full"]


@dataclass(frozen=True)
class Method:
    """One row of the paper's tables.

    trains: "adapter" (a task adapter and a head, the base frozen) or "model" (every weight).
    adaptation: the kind of language adaptation under the task part, or None.
    """

    name: str
    label: str
    trains: Literal["adapter", "model"]
    adaptation: AdaptationKind | None


METHODS = {
    method.name: method
    for method in (
        Method("full-finetuning", "full fine-tuning", trains="model", adaptation=None),
        Method("madx-no-lad-inv", "MAD-X – LAD – INV", trains="adapter", adaptation=None),
        Method("madx-no-inv", "MAD-X – INV", trains="adapter", adaptation="lad"),
        Method("madx", "MAD-X", trains="adapter", adaptation="lad-inv"),
    )
}
