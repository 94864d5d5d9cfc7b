"""The parameters that each method adds to a base, counted from the modules (Table 4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from madx.adapters.adapter_set import count_parameters
from madx.config import Study
from madx.methods import METHODS
from madx.models.base import read_description
from madx.training.adaptation import language_shape
from madx.training.task import task_shape


def added_parameters(study: Study, folder: Path) -> list[dict[str, str | int]]:
    """One row per base and adapter method of any task: weights, weights_and_biases (no task head), the base's size."""
    rows = []
    for name in study.bases:
        base = read_description(folder / "base" / name)
        used = {method for task in study.tasks for method in study.methods(task, name)}
        for method in (method for method in METHODS if method in used):
            if METHODS[method].trains == "adapter":
                counts = {key: _added(study, base, method, biases) for key, biases in _COUNTS.items()}
                rows.append({"base": name, "method": method, **counts, "base_parameters": base["body_parameters"]})
    return rows


_COUNTS = {"weights": False, "weights_and_biases": True}


def _added(study: Study, base: Mapping[str, Any], method: str, biases: bool) -> int:
    shapes = [task_shape(base, study.adapters)]
    if kind := METHODS[method].adaptation:
        shapes.append(language_shape(base, study.adapters, kind))
    return sum(count_parameters(shape, biases) for shape in shapes)
