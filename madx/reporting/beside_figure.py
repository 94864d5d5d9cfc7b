"""Ours against the published numbers, as a scatter with intervals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.beside import ITEMS, METRICS, PANEL, label
from madx.reporting.drawing import INK, PALE, new_figure, place, write_at
from madx.reporting.table import DASH

# inches
SIDE, GAP, LEFT, BOTTOM, TOP, HEADING = 2.15, 0.62, 0.7, 0.75, 0.45, 0.35
LINE = 0.165  # of a title or a legend
LEGEND_ENTRY, NARROWEST = 1.7, 4.0
ACROSS = 3  # panels in a row
MARKERS = "osD^vP"


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
    marks = ((label(method), *_mark(method)) for method in methods)
    return [Line2D([], [], color=colour, marker=marker, ms=4.5, ls="", label=text) for text, colour, marker in marks]


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
