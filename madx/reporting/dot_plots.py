"""Scores of the methods on each target as dots with whiskers, for tasks that are transferred from one source."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.category_marks import mark_rows
from madx.reporting.drawing import INK, METHOD_LOOK, PALE, new_figure, place, write_at, write_title
from madx.reporting.labels import METRICS, main_metric
from madx.reporting.scores import mean_and_deviation

# inches
LEFT, RIGHT, TOP, BOTTOM, WIDTH = 1.75, 0.35, 0.5, 0.5, 4.6
DOT_ROW, AROUND = 0.115, 0.16  # height of one method in a row of dots, and of the space around them
LEAST_ROW = 0.42  # three lines of a category's name
LEGEND_LINE = 0.19
NARROWEST = 10  # points that the axis spans at least


def draw_scores(
    study: Study, task: str, arrays: Mapping[str, np.ndarray], guessing: Mapping[str, float], title: str
) -> Figure:
    """A row per target, and the mean over the targets that are no source; a dot per method, ± its deviation over seeds.

    arrays: method -> (seeds, sources, targets), on 0-100; with several sources their mean is drawn. guessing: target ->
    the score of guessing, a dotted line, where there is one.
    """
    sources, targets = study.sources(task), study.targets(task)
    others = [i for i, target in enumerate(targets) if target not in sources]
    legend = LEGEND_LINE * -(-len(arrays) // _legend_columns(arrays))
    rows = len(targets) + bool(others)
    row = max(LEAST_ROW, AROUND + DOT_ROW * len(arrays))
    height = rows * row
    bottom = BOTTOM + legend
    figure = new_figure(LEFT + WIDTH + RIGHT, bottom + height + TOP)
    axes = place(figure, LEFT, bottom, WIDTH, height)

    names = [*targets, *(["mean without\n" + _sources(sources)] if others else [])]
    for number, (method, values) in enumerate(arrays.items()):
        per_seed = values.mean(axis=1)
        if others:
            per_seed = np.concatenate([per_seed, per_seed[:, others].mean(axis=1, keepdims=True)], axis=1)
        mean, deviation = mean_and_deviation(per_seed)
        offset = (number - (len(arrays) - 1) / 2) * DOT_ROW / row  # from the middle of a row of height 1
        _draw_dots(axes, method, mean, deviation, offset)
    for number, target in enumerate(targets):
        if target in guessing:
            axes.vlines(guessing[target], number, number + 1, color=INK, lw=0.9, ls=":", zorder=1)

    axes.set_ylim(rows, 0)
    axes.set_yticks(np.arange(rows) + 0.5, names)
    if others:
        axes.axhline(len(targets), color=PALE, lw=1.1)
    low, high = axes.get_xlim()
    missing = max(0.0, NARROWEST - (high - low)) / 2
    axes.set_xlim(max(low - missing, -1), min(high + missing, 101))
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.grid(axis="x", color="#e4e4e4", lw=0.6)
    for edge in range(1, len(targets)):
        axes.axhline(edge, color="#e4e4e4", lw=0.6, zorder=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5, length=0, labelcolor=INK)
    if others:
        axes.get_yticklabels()[-1].set(style="italic", fontsize=7.5, linespacing=1.15, multialignment="right")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    mark_rows(study, targets, axes, LEFT, colour=PALE)
    write_at(figure, LEFT + WIDTH / 2, bottom - 0.36, METRICS[main_metric(study, task)], fontsize=9, ha="center")
    write_title(figure, LEFT, bottom + height + 0.2, title)
    _draw_legend(figure, arrays)
    return figure


def _draw_dots(axes: Axes, method: str, mean: np.ndarray, deviation: np.ndarray, offset: float) -> None:
    colour, marker = METHOD_LOOK[method]
    rows = np.arange(len(mean)) + 0.5 + offset
    axes.errorbar(
        mean,
        rows,
        xerr=np.nan_to_num(deviation),
        fmt=marker,
        ms=4.2,
        color=colour,
        mec="white",
        mew=0.4,
        elinewidth=1.1,
        zorder=3,
    )


def _draw_legend(figure: Figure, methods: Mapping[str, np.ndarray]) -> None:
    handles = [
        Line2D([], [], color=colour, marker=marker, ms=5.5, mec="white", mew=0.4, lw=1.1, label=METHODS[method].label)
        for method, (colour, marker) in ((method, METHOD_LOOK[method]) for method in methods)
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=((LEFT + WIDTH / 2) / figure.get_figwidth(), 0.0),
        ncols=_legend_columns(methods),
        fontsize=7.5,
        frameon=False,
        columnspacing=1.4,
        labelspacing=0.35,
    )


def _legend_columns(methods: Mapping[str, np.ndarray]) -> int:
    """One line of up to four methods, else lines of three."""
    return len(methods) if len(methods) <= 4 else 3


def _sources(sources: tuple[str, ...]) -> str:
    return sources[0] if len(sources) == 1 else "sources"
