"""95 % intervals of a method's mean score and of the difference of two methods, by a hierarchical bootstrap.

A score would be another one with other test examples, and with other seeds. Both are resampled with replacement:

- Examples. A target has one resample a replicate, the same for all methods, sources and seeds: they are scored on the
  same test set. In parallel test sets (XQuAD and XCOPA are translations) targets share the resample as well.
- Seeds. Every training run, which is a method and a source (mlm-trg: and a target), has its seeds resampled, the same
  draw for all its targets. Runs with one seed have the first level only, and `Interval.seeds` says so.

The languages are taken as they are, and so is the one adaptation to each of them, which all seeds of a task share:
nothing is said about others. Where every seed scores 0 on every example nothing varies, and the interval has no width,
though other examples might give another score.

Few seeds make a plain percentile interval wrong in two ways, so each replicate is kept as two parts, the change by
other examples (with the seeds as they are) and the change by other seeds (with the examples as they are):

- Too narrow. The variance of a resampled mean of S values is (S-1)/S of the unbiased estimate, and quantiles of the
  normal distribution stand in for Student's (Hesterberg 2014, arXiv:1411.5279). So the seed part is scaled by
  sqrt(S/(S-1)), the example part likewise, and the quantiles by t/z, with the degrees of freedom of Welch and
  Satterthwaite over the runs (Welch 1947, Biometrika 34:28-35; Satterthwaite 1946, Biometrics Bulletin 2:110-114), for
  which the example part counts as having infinitely many.
- Too wide. What a seed does to single examples (the interaction) is in both parts; no resampling of rows and columns
  is exact (McCullagh 2000, Bernoulli 6:285-301; Owen 2007, doi:10.1214/07-AOAS122). Its variance is estimated as in the
  analysis of variance of two crossed factors, by how differently the seeds of a run react to the same resample, and is
  taken off the seed part once.

tests/unit/reporting/test_bootstrap.py simulates how often such intervals contain the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from madx.config import Study
from madx.reporting.examples import read_examples
from madx.reporting.resamples import REPLICATES, MethodScores, Resamples
from madx.reporting.scores import ScoreError

LEVEL = 0.95
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
PARALLEL_KINDS = {"qa", "ccr"}  # kinds of task whose test sets are translations of one another


@dataclass(frozen=True)
class Interval:
    """An estimate in points with its 95 % interval; seeds: whether all runs behind it had several, to be resampled."""

    value: float
    low: float
    high: float
    seeds: bool

    @property
    def excludes_zero(self) -> bool:
        """Whether the difference is significant at the level of the interval."""
        return self.low > 0 or self.high < 0


class Bootstrap:
    """Resampled scores of all methods on one base and task.

    Masks of pairs are (sources, targets), in the order of `sources` and `targets`.
    """

    def __init__(
        self, sources: Sequence[str], targets: Sequence[str], metric: str, methods: Mapping[str, MethodScores]
    ):
        self.sources, self.targets, self.metric, self._methods = tuple(sources), tuple(targets), metric, dict(methods)

    @classmethod
    def read(cls, study: Study, folder: str | Path, base: str, task: str, metric: str | None = None) -> Bootstrap:
        """Resample the examples of a base and a task below `folder` (results/<study>/scores).

        metric: the task's main one by default; of ner, f1. Raises ScoreError for a run that is missing, for scores that
        do not follow from their examples, and for targets with differing numbers of examples.
        """
        settings = study.tasks[task]
        metric = metric or settings.metrics[0]
        if metric not in settings.metrics:
            raise ScoreError(f"task {task} has no metric {metric!r}; known: {', '.join(settings.metrics)}")
        sources, targets = study.sources(task), study.targets(task)
        resamples = Resamples(task, parallel=settings.kind in PARALLEL_KINDS)
        methods = {}
        for method in study.methods(task, base):
            seeds = settings.methods[method].seeds
            files = {source: Path(folder) / base / task / method / f"{source}.json" for source in sources}
            examples = (
                read_examples(path, metric, targets, seeds, counted=settings.kind == "ner") for path in files.values()
            )
            methods[method] = resamples.of_method(method, sources, targets, examples)
        return cls(sources, targets, metric, methods)

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods in the row order of the paper's tables."""
        return tuple(self._methods)

    def seeds(self, method: str) -> int:
        """Number of seeds of a method."""
        return len(self._methods[method].points)

    def mean(self, method: str, pairs: np.ndarray) -> Interval:
        """Mean of a method over seeds and over the chosen pairs."""
        return self._interval(Counter({method: 1}), self._weights(pairs), (0, 100))

    def difference(self, method: str, other: str, pairs: np.ndarray, against: np.ndarray | None = None) -> Interval:
        """A method's mean minus another's; `against`: minus the same difference over those pairs."""
        weights, limit = self._weights(pairs), 100
        if against is not None:
            weights, limit = weights - self._weights(against), 200
        signs = Counter({method: 1})
        signs[other] -= 1  # a method minus itself is nothing
        return self._interval(signs, weights, (-limit, limit))

    def _weights(self, pairs: np.ndarray) -> np.ndarray:
        pairs = np.asarray(pairs, dtype=bool)
        if pairs.shape != (len(self.sources), len(self.targets)) or not pairs.any():
            raise ValueError(f"expected a choice among {len(self.sources)} sources and {len(self.targets)} targets")
        return pairs / pairs.sum()

    def _interval(self, signs: Mapping[str, int], weights: np.ndarray, limits: tuple[float, float]) -> Interval:
        value, by_examples, by_seeds = 0.0, np.zeros(REPLICATES), np.zeros(REPLICATES)
        variances, freedom, interaction = [np.zeros(0)], [np.zeros(0)], 0.0
        seeds_everywhere = True
        for method, sign in signs.items():
            if sign == 0:
                continue
            points, changes, draws = self._methods[method].runs(weights)
            value += sign * points.mean(axis=0).sum()
            mean_change = changes.mean(axis=0)
            by_examples += sign * mean_change.sum(axis=0)
            count, runs = points.shape
            if count == 1:
                seeds_everywhere = False
                continue
            by_seeds += sign * np.einsum("sr,srb->b", points, draws)
            variances.append(points.var(axis=0, ddof=1) / count)
            freedom.append(np.full(runs, count - 1))
            interaction += float(np.square(changes - mean_change).sum()) / REPLICATES / (count - 1) / count
        of_seeds, freedom = np.concatenate(variances), np.concatenate(freedom)
        kept = max(0.0, 1 - interaction / of_seeds.sum()) if of_seeds.any() else 0.0
        replicates = by_examples + np.sqrt(kept) * by_seeds
        quantiles = np.clip(np.quantile(replicates - replicates.mean(), TAILS), (-np.inf, 0), (0, np.inf))
        low, high = value + quantiles * _widening(by_examples.var() + kept * of_seeds.sum(), of_seeds, freedom)
        return Interval(float(value), max(float(low), limits[0]), min(float(high), limits[1]), seeds_everywhere)


def _widening(variance: float, of_seeds: np.ndarray, freedom: np.ndarray) -> float:
    """Student's quantile over the normal one; variance: of the estimate; of_seeds, freedom: of each run with seeds."""
    if not of_seeds.any():
        return 1.0
    effective = max(variance**2 / (of_seeds**2 / freedom).sum(), freedom.min())  # never below that of a single run
    return float(stats.t.ppf(TAILS[1], effective) / stats.norm.ppf(TAILS[1]))
