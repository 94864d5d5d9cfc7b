"""Grids of sources by targets as figures, with categories marked off and means at the side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from seaborn.utils import relative_luminance

from madx.config import Study
from madx.reporting.category_marks import column_labels, mark_columns, mark_rows
from madx.reporting.drawing import INK, new_figure, place, write_at, write_title

# inches, unless said otherwise
LEFT, RIGHT, TOP, BOTTOM = 1.75, 1.0, 0.45, 0.55
GAP = 0.07  # between the grid and its means
BAR = 0.14  # width of the colour bar
SMALLEST, LARGEST, USUAL = 0.43, 0.7, 4.6  # sides of a cell; width of a grid between the two
EVEN_LUMINANCE = 0.22


@dataclass(frozen=True)
class Colours:
    """How values become colours and texts. unit: what the colour bar says; extend: its ends beyond low and high."""

    palette: str
    low: float
    high: float
    unit: str
    text: Callable[[float], str]
    extend: str = "neither"


def draw_grid(study: Study, task: str, values: np.ndarray, colours: Colours, title: str) -> Figure:
    """A grid of source languages (rows) by target languages (columns), the means of rows and columns beside it.

    values: (sources, targets), in the order of the task's settings.
    """
    sources, targets = study.sources(task), study.targets(task)
    side = float(np.clip(USUAL / max(values.shape), SMALLEST, LARGEST))
    width, height = len(targets) * side, len(sources) * side
    labels, heading = column_labels(study, targets, side)
    base = BOTTOM + side + GAP  # lower edge of the grid
    beside = LEFT + width + GAP  # left edge of the means of rows
    figure = new_figure(beside + side + RIGHT, base + height + heading + TOP)

    grid = place(figure, LEFT, base, width, height)
    right = place(figure, beside, base, side, height)
    below = place(figure, LEFT, BOTTOM, width, side)
    corner = place(figure, beside, BOTTOM, side, side)
    for axes, block in (
        (grid, values),
        (right, values.mean(axis=1, keepdims=True)),
        (below, values.mean(axis=0, keepdims=True)),
        (corner, values.mean(keepdims=True)),
    ):
        _draw_block(axes, block, colours)
    grid.set_yticks(np.arange(len(sources)) + 0.5, sources)
    below.set_xticks(np.arange(len(targets)) + 0.5, targets)
    below.set_yticks([0.5], ["mean"], style="italic")
    corner.set_xticks([0.5], ["mean"], style="italic")

    _frame_same_language(grid, sources, targets)
    mark_rows(study, sources, grid, LEFT, right)
    mark_columns(study, targets, grid, below, labels)
    write_at(figure, 0.12, base + height / 2, "source language", rotation=90, fontsize=9, va="center")
    write_at(figure, LEFT + width / 2, 0.1, "target language", fontsize=9, ha="center")
    write_title(figure, LEFT, base + height + heading + 0.18, title)
    bar = place(figure, beside + side + 0.17, BOTTOM, BAR, side + GAP + height)
    scale = figure.colorbar(grid.collections[0], cax=bar, extend=colours.extend, extendfrac=0.03)
    scale.outline.set_visible(False)
    scale.set_label(colours.unit, fontsize=8.5, labelpad=6)
    bar.tick_params(labelsize=7.5, length=2)
    return figure


def _draw_block(axes: Axes, values: np.ndarray, colours: Colours) -> None:
    texts = np.array([[colours.text(value) for value in row] for row in values])
    seaborn.heatmap(
        values,
        ax=axes,
        vmin=colours.low,
        vmax=colours.high,
        cmap=colours.palette,
        annot=texts,
        fmt="",
        annot_kws={"fontsize": 7.5},
        linewidths=0.6,
        cbar=False,
        xticklabels=False,
        yticklabels=False,
    )
    # seaborn turns to white on colours that are still light; this is where black and white are about equally readable
    for text, colour in zip(axes.texts, axes.collections[0].get_facecolors(), strict=True):
        text.set_color("white" if relative_luminance(colour) < EVEN_LUMINANCE else INK)
    axes.tick_params(length=0, labelsize=8.5, pad=3, labelrotation=0, labelcolor=INK)


def _frame_same_language(grid: Axes, sources: Sequence[str], targets: Sequence[str]) -> None:
    """A frame around each cell whose source is its target."""
    for row, source in enumerate(sources):
        if source in targets:
            column = targets.index(source)
            readable = grid.texts[row * len(targets) + column].get_color()  # light on dark cells, dark on light ones
            grid.add_patch(Rectangle((column + 0.05, row + 0.05), 0.9, 0.9, fill=False, edgecolor=readable, lw=0.9))
