"""Ours beside the paper's: every published number that a study has a counterpart of, as a table and as a figure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.counterparts import MINUS, POINTS, find_counterparts
from madx.reporting.drawing import INK, PALE, new_figure, place, write_at
from madx.reporting.scores import ScoreError
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
# inches
SIDE, GAP, LEFT, BOTTOM, TOP, HEADING = 2.15, 0.62, 0.7, 0.75, 0.45, 0.35
LINE = 0.165  # of a title or a legend
LEGEND_ENTRY, NARROWEST = 1.7, 4.0
ACROSS = 3  # panels in a row
MARKERS = "osD^vP"


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
    means = cache(lambda *run: _means(study, scores, *run))
    rows = []
    for row, ours in find_counterparts(study, published.to_dict("records")):
        sources, targets = study.sources(ours.task), study.targets(ours.task)
        mask = np.outer(np.isin(sources, ours.sources), np.isin(targets, ours.targets))
        value = float(means(ours.base, ours.task, ours.method, ours.metric)[mask].mean())
        if ours.other:
            value -= float(means(ours.base, ours.task, ours.other, ours.metric)[mask].mean())
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


def beside_figure(study: Study, rows: pd.DataFrame) -> Figure:
    """Ours against the published numbers with 95 % intervals, a panel for each table or figure, base, task and metric.

    rows: as beside_rows makes them, at least one. A filled mark: the published number is inside our interval, or there
    is none; an open mark: it is outside.
    """
    panels = list(rows.groupby(PANEL, sort=False))
    across, down = min(ACROSS, len(panels)), math.ceil(len(panels) / ACROSS)
    width = max(NARROWEST, LEFT + across * SIDE + (across - 1) * GAP + 0.3)
    methods = sorted(set(rows["method"]), key=_rank)
    legends = [_method_handles(methods), _reading_handles(bool((rows["inside"] != DASH).any()))]
    columns = [min(len(handles), int(width / LEGEND_ENTRY)) for handles in legends]
    lines = [math.ceil(len(handles) / count) for handles, count in zip(legends, columns, strict=True)]
    heading = HEADING + (LINE if len(study.bases) > 1 else 0)
    bottom = BOTTOM + LINE * sum(lines)
    figure = new_figure(width, bottom + down * (SIDE + heading) + (down - 1) * GAP + TOP)
    for position, ((item, base, task, metric), group) in enumerate(panels):
        row, column = divmod(position, ACROSS)
        lower = bottom + (down - 1 - row) * (SIDE + heading + GAP)
        axes = place(figure, LEFT + column * (SIDE + GAP), lower, SIDE, SIDE)
        _draw_panel(axes, group, methods)
        axes.set_title(_title(study, item, base, task, metric), fontsize=8.5, loc="left", pad=15)
        axes.text(0, 1.02, _verdict(group), transform=axes.transAxes, fontsize=7, color=PALE)
        axes.set_xlabel("published", fontsize=8)
        if column == 0:
            axes.set_ylabel("ours", fontsize=8)
    top = figure.get_figheight() - 0.3
    write_at(figure, LEFT, top, "Ours against the published numbers", fontsize=10.5, weight="bold")
    for handles, count, height in zip(legends, columns, (0.12 + LINE * lines[1], 0.07), strict=True):
        figure.legend(
            handles=handles,
            loc="lower center",
            bbox_to_anchor=(0.5, height / figure.get_figheight()),
            ncols=count,
            fontsize=7.5,
            frameon=False,
            borderaxespad=0,
            borderpad=0,
        )
    return figure


def _means(study: Study, scores: pd.DataFrame, base: str, task: str, method: str, metric: str) -> np.ndarray:
    """Mean over seeds of one method: (sources, targets). Raises ScoreError where a score is missing."""
    wanted = scores[
        (scores["base"] == base)
        & (scores["task"] == task)
        & (scores["method"] == method)
        & (scores["metric"] == metric)
    ]
    axes = (study.tasks[task].methods[method].seeds, study.sources(task), study.targets(task))
    values = wanted.set_index(["seed", "source", "target"])["value"]
    array = values.reindex(pd.MultiIndex.from_product(axes)).to_numpy(dtype=float).reshape([len(axis) for axis in axes])
    if np.isnan(array).any():
        seed, source, target = (axis[i] for axis, i in zip(axes, np.argwhere(np.isnan(array))[0], strict=True))
        raise ScoreError(
            f"no {metric} for base {base}, method {method}, task {task}, source {source}, target {target}, seed {seed} "
            "in the scores; run its training and evaluation again"
        )
    return array.mean(axis=0)


def _largest(group: pd.DataFrame) -> str:
    """The largest difference in words: method, source, target."""
    row = group.loc[group["difference"].abs().idxmax()]
    return f"{signed(row['difference'])} ({_label(row['method'])}, {row['source']} → {row['target']})"


def _title(study: Study, item: str, base: str, task: str, metric: str) -> str:
    title = f"{ITEMS.get(item, item)}: {task}, {METRICS.get(metric, metric)}"
    return f"{title}\n{base}" if len(study.bases) > 1 else title


def _verdict(group: pd.DataFrame) -> str:
    judged = group[group["inside"] != DASH]
    if judged.empty:
        return f"{len(group)} numbers"
    return f"{(judged['inside'] == 'yes').sum()} of {len(judged)} inside our interval"


def _draw_panel(axes: Axes, group: pd.DataFrame, methods: Sequence[str]) -> None:
    edges = group[["ours", "low", "high", "published"]].to_numpy()
    low, high = np.nanmin(edges), np.nanmax(edges)
    margin = 0.05 * max(high - low, 1)
    limits = (low - margin, high + margin)
    axes.plot(limits, limits, color=PALE, lw=0.8, zorder=1)
    small = len(group) > 100
    for method, inside in itertools.product(methods, (True, False)):
        chosen = group[(group["method"] == method) & ((group["inside"] != "no") == inside)]
        if chosen.empty:
            continue
        colour, marker = _mark(method)
        whiskers = (chosen["ours"] - chosen["low"], chosen["high"] - chosen["ours"])
        axes.errorbar(
            chosen["published"],
            chosen["ours"],
            yerr=np.clip(np.nan_to_num(np.array(whiskers)), 0, None),
            fmt=marker,
            ms=2.6 if small else 3.6,
            mfc=colour if inside else "white",
            mec=colour,
            mew=0.8,
            ecolor=(*colour, 0.45),
            elinewidth=0.6 if small else 0.8,
            zorder=3,
        )
    axes.set_xlim(limits)
    axes.set_ylim(limits)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.tick_params(labelsize=7.5, length=2)
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _method_handles(methods: Sequence[str]) -> list[Line2D]:
    marks = ((_label(method), *_mark(method)) for method in methods)
    return [Line2D([], [], color=colour, marker=marker, ms=4.5, ls="", label=label) for label, colour, marker in marks]


def _reading_handles(judged: bool) -> list[Line2D]:
    """What open and filled marks mean, where there are intervals, and the diagonal."""
    handles = [Line2D([], [], color=PALE, lw=0.8, label="ours = published")]
    for text, fill in (("inside our 95 % interval", INK), ("outside it", "white")) if judged else ():
        handles.append(Line2D([], [], mec=INK, mfc=fill, marker="o", ms=4.5, ls="", label=text))
    return handles


def _mark(method: str) -> tuple[tuple[float, float, float], str]:
    """Colour and marker of a method, the same in every figure of this kind; grey for a difference of two."""
    if method not in METHODS:
        return (0.35, 0.35, 0.35), "o"
    place_ = list(METHODS).index(method)
    return seaborn.color_palette("colorblind", len(METHODS))[place_], MARKERS[place_]


def _rank(method: str) -> tuple[int, str]:
    return (list(METHODS).index(method) if method in METHODS else len(METHODS), method)


def _label(method: str) -> str:
    return " minus ".join(METHODS[name].label for name in method.split(MINUS))
