"""Tables of scores: rows of methods with means and deviations over seeds, the published numbers below each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import pandas as pd

from madx.methods import METHODS
from madx.reporting.scores import mean_and_deviation
from madx.reporting.table import DASH, Table, number, signed, with_deviation

OF_SEEDS = "± over seeds"


@dataclass(frozen=True)
class ScoreRow:
    """One method's numbers in a table.

    keys: what stands left of the numbers, heading -> value as in the CSV file, the method last; labels: those that
    people read otherwise. mean, deviation, published: (metrics, columns); a number that there is not is NaN, and
    published is None where nothing was.
    """

    keys: Mapping[str, str]
    metrics: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    published: np.ndarray | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> tuple[str, ...]:
        """The keys without the method: rows of one group stand together."""
        return tuple(self.keys.values())[:-1]

    @property
    def shown_keys(self) -> dict[str, str]:
        method = tuple(self.keys)[-1]
        return {**self.keys, method: METHODS[self.keys[method]].label, **self.labels}

    @property
    def lines(self) -> int:
        return (1 if len(self.metrics) == 1 else 2) + (0 if self.published is None else 2)


def over_seeds(
    keys: Mapping[str, str],
    values: Mapping[str, np.ndarray],
    published: np.ndarray | None = None,
    labels: Mapping[str, str] | None = None,
) -> ScoreRow:
    """A row from each metric's values (seeds, columns)."""
    means, deviations = zip(*map(mean_and_deviation, values.values()), strict=True)
    return ScoreRow(keys, tuple(values), np.stack(means), np.stack(deviations), published, labels or {})


def score_table(
    name: str,
    caption: str,
    headings: Sequence[str],
    rows: Sequence[ScoreRow],
    *,
    best_within: Sequence[str] | None = None,
    groups: tuple[tuple[str, int], ...] = (),
) -> Table:
    """Rows over columns of numbers.

    In the CSV file each row has all keys, a metric and a statistic: mean, sd, and paper and difference where there are
    published numbers. People see the keys that differ between rows, and one metric as `mean ± deviation` or several
    as `F1 / EM` with their deviations below.

    best_within: keys among whose equal values the highest mean (of the first metric, as printed) of each column is set
    in bold; None: nowhere. groups: headings over the columns of numbers, as in Table.
    """
    keys = tuple(rows[0].keys)
    seen = [key for key in keys if key == keys[-1] or len({row.keys[key] for row in rows}) > 1]
    data, shown, rules, starts = [], [], [], []
    for position, row in enumerate(rows):
        before = rows[position - 1]
        if position and (before.group != row.group or before.lines > 1 or row.lines > 1):
            rules.append(len(shown))
        starts.append(len(shown))
        for metric, statistics in zip(row.metrics, _statistics(row), strict=True):
            data += [(*row.keys.values(), metric, name, *values) for name, values in statistics.items()]
        shown += _lines(row, seen)
    best = () if best_within is None else _best(rows, best_within)
    return Table(
        name=name,
        caption=caption,
        data=pd.DataFrame(data, columns=[*keys, "metric", "statistic", *headings]),
        shown=pd.DataFrame(shown, columns=[*seen, *headings]),
        best=frozenset((starts[row], len(seen) + column) for row, column in best),
        groups=(("", len(seen)), *groups) if groups else (),
        rules=tuple(rules),
        align="l" * len(seen) + "r" * len(headings),
    )


def _statistics(row: ScoreRow) -> list[dict[str, np.ndarray]]:
    """Per metric the numbers by statistic."""
    found = [{"mean": mean, "sd": sd} for mean, sd in zip(row.mean, row.deviation, strict=True)]
    if row.published is not None:
        for statistics, paper in zip(found, row.published, strict=True):
            statistics |= {"paper": paper, "difference": statistics["mean"] - paper}
    return found


def _lines(row: ScoreRow, keys: Sequence[str]) -> list[tuple[str, ...]]:
    """The lines that people see of a row; only the first repeats the keys before the method."""
    first = tuple(row.shown_keys[key] for key in keys)
    before = ("",) * (len(keys) - 1)
    if len(row.metrics) == 1:
        lines = [(*first, *map(with_deviation, map(number, row.mean[0]), row.deviation[0]))]
    else:
        lines = [(*first, *_beside(row.mean)), (*before, OF_SEEDS, *_beside(row.deviation))]
    if row.published is not None:
        lines.append((*before, "paper", *_beside(row.published)))
        lines.append((*before, "difference", *_beside(row.mean - row.published, signed)))
    return lines


def _beside(values: np.ndarray, show: Callable[[float], str] = number) -> list[str]:
    """(metrics, columns) -> one text a column, the metrics side by side; one dash where there is none of them."""
    return [
        DASH if all(map(math.isnan, column)) else " / ".join(map(show, column)) for column in values.T.astype(float)
    ]


def _best(rows: Sequence[ScoreRow], within: Sequence[str]) -> list[tuple[int, int]]:
    """(row, column) of the highest printed mean of each column among rows with equal keys; none for a single row."""
    positions = sorted(range(len(rows)), key=lambda i: [rows[i].keys[key] for key in within])
    found = []
    for _, group in groupby(positions, key=lambda i: [rows[i].keys[key] for key in within]):
        rivals = list(group)
        printed = np.round([rows[i].mean[0] for i in rivals], 1)
        highest = np.nanmax(printed, axis=0, keepdims=True, initial=-1)
        if len(rivals) > 1:
            found += [(rivals[i], int(j)) for i, j in np.argwhere(printed == highest)]
    return found
