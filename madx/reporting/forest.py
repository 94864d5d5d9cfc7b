"""Forest plots: MAD-X minus each other method, by target and by category of targets, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from madx.config import Study
from madx.languages import CATEGORIES
from madx.methods import METHODS
from madx.reporting.bootstrap import Bootstrap, Interval
from madx.reporting.comparisons import ALL, comparisons, single_languages
from madx.reporting.drawing import INK, PALE, new_figure, place, write_at
from madx.reporting.labels import METRICS, measure

OURS = "madx"
# inches, unless said otherwise
LEFT, RIGHT, TOP, BOTTOM = 1.66, 0.12, 0.6, 0.7
ROW, GAP = 0.185, 0.12
WIDEST, USUAL = 3.0, 5.7  # of a panel; of all panels: seven inches and a half with the labels
MARGIN = 0.05  # of the range of the differences, at either side
AHEAD, BEHIND, BAND = "#0072B2", "#D55E00", "#EDEDED"  # of Okabe and Ito's colours, told apart by every eye
LEGEND = ((AHEAD, AHEAD, "MAD-X is better"), (BEHIND, BEHIND, "MAD-X is worse"), (PALE, "white", "interval holds zero"))


@dataclass(frozen=True)
class Row:
    """One line of a forest plot: a target, or the mean of several."""

    label: str
    pairs: np.ndarray
    is_mean: bool


def forest_figure(study: Study, bootstrap: Bootstrap, base: str, task: str) -> Figure:
    """A panel for each other method, all on one scale; targets stand under the mean of their category.

    Raises ValueError where MAD-X is compared with nothing.
    """
    others = [method for method in bootstrap.methods if method != OURS]
    if OURS not in bootstrap.methods or not others:
        raise ValueError(f"base {base}, task {task}: a forest plot needs MAD-X and another method")
    rows = forest_rows(study, task)
    intervals = {m: [bootstrap.difference(OURS, m, row.pairs) for row in rows] for m in others}
    limits = _limits([interval for of_method in intervals.values() for interval in of_method])
    width = min(WIDEST, (USUAL - GAP * (len(others) - 1)) / len(others))
    height = len(rows) * ROW
    total = LEFT + len(others) * (width + GAP) - GAP + RIGHT
    figure = new_figure(max(total, LEFT + WIDEST + RIGHT), BOTTOM + height + TOP)
    for number, method in enumerate(others):
        axes = place(figure, LEFT + number * (width + GAP), BOTTOM, width, height)
        _draw_panel(axes, rows, intervals[method], limits, labelled=number == 0)
        seed = "" if bootstrap.seeds(method) > 1 and bootstrap.seeds(OURS) > 1 else " †"
        axes.set_title(f"{METHODS[method].label}{seed}", fontsize=7.5, pad=4)
    on = f" on {base}" if len(study.bases) > 1 else ""
    heading = f"MAD-X minus each other method: {measure(study, task)}{on}"
    write_at(figure, 0.12, BOTTOM + height + TOP - 0.24, heading, fontsize=9.5, weight="bold")
    middle = LEFT + (total - LEFT - RIGHT) / 2
    write_at(figure, middle, 0.36, f"difference in {METRICS[bootstrap.metric]}, points", fontsize=8, ha="center")
    _draw_legend(figure)
    return figure


def forest_rows(study: Study, task: str) -> tuple[Row, ...]:
    """All targets, then each category's mean above its targets, from top to bottom."""
    masks = {item.name: item.pairs for item in comparisons(study, task)}
    single = {item.name: item.pairs for item in single_languages(study, task)["target"]}
    rows = [Row("all targets", masks[ALL], is_mean=True)]
    for category in CATEGORIES:
        if category in masks:  # one that is all targets has been said
            rows.append(Row(category, masks[category], is_mean=True))
        of_category = (code for code in study.languages.get(category, ()) if code in single)
        rows += [Row(code, single[code], is_mean=False) for code in of_category]
    return tuple(rows)


def _draw_panel(
    axes: Axes, rows: Sequence[Row], intervals: Sequence[Interval], limits: tuple[float, float], labelled: bool
) -> None:
    for height, (row, interval) in enumerate(zip(rows, intervals, strict=True)):
        if row.is_mean:
            axes.axhspan(height - 0.45, height + 0.45, color=BAND, lw=0, zorder=0)
        colour = PALE if not interval.excludes_zero else AHEAD if interval.value > 0 else BEHIND
        axes.plot(
            [interval.low, interval.high], [height, height], color=colour, lw=1.2, zorder=2, solid_capstyle="butt"
        )
        axes.plot(
            interval.value,
            height,
            marker="D" if row.is_mean else "o",
            markersize=4.2 if row.is_mean else 3.8,
            color=colour,
            markerfacecolor=colour if interval.excludes_zero else "white",
            markeredgewidth=0.9,
            zorder=3,
        )
    axes.axvline(0, color=INK, lw=0.8, zorder=1)
    axes.set_xlim(limits)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(4, prune="both", steps=[1, 2, 5, 10]))
    axes.tick_params(axis="x", labelsize=7, length=2, pad=2)
    axes.tick_params(axis="y", labelsize=7.5, length=0, pad=3)
    axes.set_yticks(range(len(rows)), [row.label for row in rows] if labelled else [])
    for row, label in zip(rows, axes.get_yticklabels(), strict=False):
        label.set_fontweight("bold" if row.is_mean else "normal")
        label.set_fontsize(7 if row.is_mean else 7.5)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_legend(figure: Figure) -> None:
    marks = [
        Line2D([], [], color=edge, marker="o", markerfacecolor=face, markersize=3.8, lw=1.2, label=text)
        for edge, face, text in LEGEND
    ]
    height = figure.get_figheight()
    figure.legend(
        handles=marks,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.03 / height),
        ncols=len(marks),
        frameon=False,
        fontsize=7,
        handlelength=1.8,
        columnspacing=1.4,
    )


def _limits(intervals: Sequence[Interval]) -> tuple[float, float]:
    """Ends of the scale: zero and all intervals, with a margin; never without width."""
    low = min(0.0, *(interval.low for interval in intervals))
    high = max(0.0, *(interval.high for interval in intervals))
    margin = MARGIN * max(high - low, 1.0)
    return low - margin, high + margin
