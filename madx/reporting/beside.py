"""Ours beside the paper's: every published number that a study has a counterpart of."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.counterparts import MINUS, POINTS, find_counterparts
from madx.reporting.scores import score_array
from madx.reporting.table import DASH, Table, number, signed

NAME = "ours_beside_published"  # of the table and of the figure
COLUMNS = (
    "item",
    "base",
    "method",
    "task",
    "source",
    "target",
    "metric",
    "ours",
    "low",
    "high",
    "published",
    "difference",
    "inside",
    "cited_from",
)
# (base, task, metric, method, the method that is subtracted or None, mask (sources, targets) of the mean)
# -> (low, high), the 95 % interval of our number, or None where there is none
Interval = Callable[[str, str, str, str, str | None, np.ndarray], tuple[float, float] | None]
PANEL = ["item", "base", "task", "metric"]  # one row of the table, one panel of the figure
ITEMS = {
    "table2": "Table 2",
    "table3": "Table 3",
    "table5": "Table 5",
    "table_xcopa": "XCOPA",
    "figure4": "Figure 4",
}
METRICS = {"f1": "F1", "em": "EM", "accuracy": "accuracy", f"f1{POINTS}": "F1 points"}


def beside_rows(
    study: Study, scores: pd.DataFrame, published: pd.DataFrame | None, interval: Interval | None = None
) -> pd.DataFrame:
    """One row for each published number with a counterpart in the study (see `counterparts`); empty without any.

    scores: as collect_scores makes them. ours: the mean over seeds and over the number's sources and targets; for a
    difference, of one method minus the other. low, high: its 95 % interval (NaN: none); inside: whether the published
    value, as printed, lies in it ("yes", "no", a dash without interval). Raises ScoreError for scores that are missing.
    """
    if published is None:
        return pd.DataFrame(columns=list(COLUMNS))
    means = cache(lambda *run: score_array(study, scores, *run).mean(axis=0))
    rows = []
    for row, ours in find_counterparts(study, published.to_dict("records")):
        sources, targets = study.sources(ours.task), study.targets(ours.task)
        mask = np.outer(np.isin(sources, ours.sources), np.isin(targets, ours.targets))
        value = float(means(ours.base, ours.method, ours.task, ours.metric)[mask].mean())
        if ours.other:
            value -= float(means(ours.base, ours.other, ours.task, ours.metric)[mask].mean())
        bounds = interval and interval(ours.base, ours.task, ours.metric, ours.method, ours.other, mask)
        low, high = bounds or (math.nan, math.nan)
        rows.append(
            {
                **{name: row[name] for name in ("item", "method", "source", "target", "metric", "cited_from")},
                "base": ours.base,
                "task": ours.task,
                "ours": value,
                "low": low,
                "high": high,
                "published": row["value"],
                "difference": value - row["value"],
                "inside": DASH if math.isnan(low) else "yes" if low <= row["value"] <= high else "no",
            }
        )
    items, bases = list(dict.fromkeys(published["item"])), list(study.bases)
    rows.sort(key=lambda row: (items.index(row["item"]), bases.index(row["base"])))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def beside_table(
    study: Study, scores: pd.DataFrame, published: pd.DataFrame | None, interval: Interval | None = None
) -> Table:
    """Every number of `beside_rows` as data; shown: a line for each published table or figure, base, task and metric.

    Raises ValueError for a study without counterparts, which has no such table.
    """
    rows = beside_rows(study, scores, published, interval)
    if rows.empty:
        raise ValueError(f"study {study.study!r} has no counterpart of a published number")
    shown = []
    for (item, base, task, metric), group in rows.groupby(PANEL, sort=False):
        verdicts = group["inside"].value_counts()
        shown.append(
            {
                "published in": ITEMS.get(item, item),
                "base": base,
                "task": task,
                "metric": METRICS.get(metric, metric),
                "numbers": str(len(group)),
                "inside": str(verdicts.get("yes", 0)),
                "outside": str(verdicts.get("no", 0)),
                "no interval": str(verdicts.get(DASH, 0)),
                "mean difference": signed(group["difference"].mean()),
                "mean absolute difference": number(group["difference"].abs().mean()),
                "largest": _largest(group),
            }
        )
    return Table(
        name=NAME,
        caption="Ours beside the paper's: how many of the published numbers lie inside the 95 % interval of ours, and "
        "how far ours are from them (ours minus the published number, in points). Averages are over the same "
        "languages as the published ones. Published numbers are taken as printed, rounded; their own uncertainty is "
        "not known. Every single number is in the CSV file. Published in: "
        f"{', '.join(sorted(set(rows['cited_from'])))}.",
        data=rows,
        shown=pd.DataFrame(shown),
        align="llll" + "r" * 6 + "l",
    )


def _largest(group: pd.DataFrame) -> str:
    """The largest difference in words: method, source, target."""
    row = group.loc[group["difference"].abs().idxmax()]
    return f"{signed(row['difference'])} ({label(row['method'])}, {row['source']} to {row['target']})"


def label(method: str) -> str:
    """A method, or a difference of two, in words."""
    return " minus ".join(METHODS[name].label for name in method.split(MINUS))
