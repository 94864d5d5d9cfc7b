"""The bootstraps of a study, each read when a table or figure first asks for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from madx.config import Study
from madx.reporting.bootstrap import Bootstrap
from madx.reporting.names import has_differences


class Bootstraps:
    """Resampled scores by base, task and metric, from the scores in a study's folder."""

    def __init__(self, study: Study, folder: str | Path) -> None:
        self._study, self._scores = study, Path(folder) / "scores"
        self.of = cache(self._read)

    def _read(self, base: str, task: str, metric: str | None = None) -> Bootstrap:
        return Bootstrap.read(self._study, self._scores, base, task, metric)

    def compared(self, task: str) -> dict[str, Bootstrap]:
        """Those of a task's main metric, by base, where MAD-X can be compared with another method."""
        bases = self._study.bases_of(task)
        return {base: self.of(base, task) for base in bases if has_differences(self._study, task, base)}

    def interval(
        self, base: str, task: str, metric: str, method: str, other: str | None, pairs: np.ndarray
    ) -> tuple[float, float]:
        """The 95 % interval of a method's mean over pairs (sources, targets), or of its difference from another's."""
        bootstrap = self.of(base, task, metric)
        found = bootstrap.difference(method, other, pairs) if other else bootstrap.mean(method, pairs)
        return found.low, found.high
