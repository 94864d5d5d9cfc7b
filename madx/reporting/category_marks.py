"""Brackets, labels and lines that mark off the categories of languages on a figure's axes."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from madx.config import Study
from madx.reporting.categories import category_spans
from madx.reporting.drawing import INK, PALE

CATEGORY_SIZE = 7  # points
LETTER = 0.58 * CATEGORY_SIZE / 72  # width of a letter, inches
LINE = 1.25 * CATEGORY_SIZE / 72
LONGEST_WORD = 13  # letters: "high-resource"


def mark_rows(study: Study, codes: Sequence[str], axes: Axes, left: float, *beside: Axes, colour: str = INK) -> None:
    """Categories of rows (row i reaches from i to i + 1): a bracket and a label at the left, lines between them.

    left: inches from the figure's left edge to the axes. beside: further axes with the same rows. colour: of the lines.
    """
    place_ = blended_transform_factory(axes.figure.transFigure, axes.transData)
    bracket, label = ((left - inches) / axes.figure.get_figwidth() for inches in (0.42, 0.48))
    for category, start, end in category_spans(study, codes):
        axes.plot([bracket] * 2, [start + 0.12, end - 0.12], transform=place_, clip_on=False, color=PALE, lw=1)
        text = "\n".join(wrap(category, LONGEST_WORD, break_on_hyphens=False))
        middle = (start + end) / 2
        axes.text(label, middle, text, transform=place_, ha="right", va="center", fontsize=CATEGORY_SIZE)
        for one in (axes, *beside):
            if start:
                one.axhline(start, color=colour, lw=1.1)


def mark_columns(
    study: Study, codes: Sequence[str], axes: Axes, below: Axes, labels: Sequence[tuple[str, int]]
) -> None:
    """Categories of columns: a bracket and a label above, lines between them. labels: as column_labels makes them."""
    place_ = blended_transform_factory(axes.transData, axes.transAxes)
    inch = axes.figure.get_figheight() * axes.get_position().height
    for (text, rotation), (_, start, end) in zip(labels, category_spans(study, codes), strict=True):
        axes.plot([start + 0.12, end - 0.12], [1 + 0.06 / inch] * 2, transform=place_, clip_on=False, color=PALE, lw=1)
        axes.text(
            (start + end) / 2,
            1 + 0.11 / inch,
            text,
            transform=place_,
            ha="center",
            va="bottom",
            rotation=rotation,
            fontsize=CATEGORY_SIZE,
        )
        for one in (axes, below):
            if start:
                one.axvline(start, color=INK, lw=1.1)


def column_labels(study: Study, codes: Sequence[str], side: float) -> tuple[list[tuple[str, int]], float]:
    """(wrapped label, rotation in degrees) of each category of columns, and the height in inches that all need.

    side: width of a column in inches. A label stands upright where its columns are too narrow for it.
    """
    labels, heights = [], []
    for category, start, end in category_spans(study, codes):
        letters = int((end - start) * side / LETTER)
        upright = letters < LONGEST_WORD
        lines = wrap(category, LONGEST_WORD if upright else letters, break_on_hyphens=False)
        labels.append(("\n".join(lines), 90 if upright else 0))
        heights.append(max(map(len, lines)) * LETTER if upright else len(lines) * LINE)
    return labels, max(heights) + 0.15
