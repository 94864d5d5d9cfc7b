"""Resampled examples and seeds of the runs on one base and task, and the scores that they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from madx.methods import METHODS
from madx.reporting.examples import score
from madx.reporting.scores import ScoreError

REPLICATES = 1000
SEED = 200500052  # of all resampling


@dataclass(frozen=True)
class MethodScores:
    """Scores of one method and what resampling makes of them, on 0-100.

    points: (seeds, sources, targets); changes: (seeds, sources, targets, replicates), the scores of n resampled
    examples minus `points`, scaled by sqrt(n/(n-1)); draws: (seeds, sources, targets or 1, replicates), the weight of
    each seed in the mean of its run minus its weight in the plain mean, scaled by sqrt(S/(S-1)).
    """

    points: np.ndarray
    changes: np.ndarray
    draws: np.ndarray

    @property
    def per_target(self) -> bool:
        """Whether each target has a training run of its own."""
        return self.draws.shape[2] > 1

    def runs(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What each seed of each run adds to the sum of weights · scores; weights: (sources, targets).

        Returns the contributions (seeds, runs), their changes (seeds, runs, replicates), and the draws of seeds, alike.
        """
        if self.per_target:
            used = weights != 0
            weight = weights[used]
            return self.points[:, used] * weight, self.changes[:, used] * weight[:, None], self.draws[:, used]
        used = weights.any(axis=1)
        weight = weights[used]
        changes = np.matmul(weight[None, :, None, :], self.changes[:, used])[:, :, 0]
        return (self.points[:, used] * weight).sum(axis=2), changes, self.draws[:, used, 0]


class Resamples:
    """Resamples of the examples of each target, drawn when its number of examples is known.

    parallel: the test sets are translations of one another.
    """

    def __init__(self, task: str, parallel: bool) -> None:
        self._task, self._parallel = task, parallel
        self._weights: dict[str | int, np.ndarray] = {}  # how often each example is drawn: (replicates, examples)
        self._sizes: dict[str, int] = {}

    def of_method(
        self,
        method: str,
        sources: Sequence[str],
        targets: Sequence[str],
        examples: Iterable[Mapping[str, np.ndarray]],
    ) -> MethodScores:
        """examples: of each source, target -> (examples, seeds, parts) as read_examples gives them."""
        points, changes = [], []
        for source, of_source in zip(sources, examples, strict=True):
            for target in targets:
                size = len(of_source[target])
                if size != self._sizes.setdefault(target, size):
                    raise ScoreError(
                        f"method {method}, source {source}, target {target}: {size} examples, but"
                        f" {self._sizes[target]} in other runs; evaluate again"
                    )
                point, change = self._scores(target, of_source[target])
                points.append(point)
                changes.append(change.astype(np.float32))
        seeds, shape = len(points[0]), (len(sources), len(targets))
        trained = [(method, s, t) for s in sources for t in (targets if METHODS[method].trains_per_target else [""])]
        return MethodScores(
            np.stack(points, axis=1).reshape(seeds, *shape),
            np.stack(changes, axis=1).reshape(seeds, *shape, REPLICATES),
            draw_seeds(seeds, trained).reshape(seeds, len(sources), -1, REPLICATES),
        )

    def _scores(self, target: str, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """values: (examples, seeds, parts) -> scores (seeds,) and their changes by resampling (seeds, replicates).

        Targets of parallel test sets share their resamples if they have equally many examples. Where equal positions
        are not the same example after all, this does no harm: unrelated examples are as unrelated as before.
        """
        size, seeds, parts = values.shape
        key = size if self._parallel else target
        if key not in self._weights:
            self._weights[key] = _draw_examples(size, _generator(self._task, str(key)))
        flat = values.reshape(size, seeds * parts).astype(np.float32)
        sums = (self._weights[key] @ flat).astype(np.float64).reshape(REPLICATES, seeds, parts)
        points = score(values.sum(axis=0), size)
        return points, (score(sums, size) - points).T * np.sqrt(size / max(size - 1, 1))


def draw_seeds(seeds: int, runs: Sequence[tuple[str, ...]]) -> np.ndarray:
    """Resampled seeds of each run as MethodScores.draws has them: (seeds, runs, replicates); zero for one seed."""
    if seeds == 1:
        return np.zeros((1, len(runs), REPLICATES))
    drawn = [_generator("seeds", *run).multinomial(seeds, np.full(seeds, 1 / seeds), REPLICATES).T for run in runs]
    return (np.stack(drawn, axis=1) - 1) / seeds * np.sqrt(seeds / (seeds - 1))


def _draw_examples(examples: int, random: np.random.Generator) -> np.ndarray:
    weights = np.empty((REPLICATES, examples), dtype=np.float32)
    for row in weights:
        row[:] = np.bincount(random.integers(0, examples, examples), minlength=examples)
    return weights


def _generator(*names: str) -> np.random.Generator:
    """Random numbers that depend on names and SEED alone, not on what else is in the study."""
    return np.random.default_rng([SEED, *"/".join(names).encode()])
