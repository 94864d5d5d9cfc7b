"""Perplexity of every language adaptation by training step, a panel a kind of adaptation and category."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from madx.config import Study
from madx.languages import CATEGORIES
from madx.reporting.drawing import INK, PALE, new_figure, place, save_figure, style, write_at, write_title
from madx.reporting.metrics import KINDS, read_perplexities
from madx.reporting.names import figures

LABELS = {"full": "all weights", "lad": "language adapters", "lad-inv": "language and\ninvertible adapters"}
# inches
WIDTH, HEIGHT, GAP, LEFT, BOTTOM, TOP = 2.1, 1.75, 0.18, 0.95, 0.65, 0.7
LEGEND_LINE = 0.17
MARKERS = "osD^vPX"  # seven to ten colours: each of seventy languages has a pair of its own


def learning_curves(study: Study, perplexities: pd.DataFrame, base: str) -> Figure:
    """Perplexity on held-out text (logarithmic) by step: a row of panels a kind of adaptation, a line a language.

    perplexities: as read_perplexities makes them.
    """
    wanted = perplexities[perplexities["base"] == base]
    needed = {(kind, language) for of, kind, language in study.adaptations if of == base}
    adapted = {language for _, language in needed}
    languages = {name: [code for code in study.languages.get(name, ()) if code in adapted] for name in CATEGORIES}
    columns = {name: codes for name, codes in languages.items() if codes}
    kinds = [kind for kind in KINDS if any(kind == used for used, _ in needed)]
    bottom = BOTTOM + LEGEND_LINE * -(-max(map(len, columns.values())) // 2)  # two languages side by side
    top = bottom + len(kinds) * (HEIGHT + GAP) - GAP
    figure = new_figure(LEFT + len(columns) * (WIDTH + GAP), top + TOP)
    for row, kind in enumerate(kinds):
        lower = top - HEIGHT - row * (HEIGHT + GAP)
        for column, (category, codes) in enumerate(columns.items()):
            axes = place(figure, LEFT + column * (WIDTH + GAP), lower, WIDTH, HEIGHT)
            _draw_panel(axes, codes, wanted[wanted["kind"] == kind])
            axes.set_xlim(-0.03 * wanted["step"].max(), 1.03 * wanted["step"].max())
            axes.set_ylim(wanted["perplexity"].min() / 1.15, wanted["perplexity"].max() * 1.15)
            if row == 0:
                axes.set_title(category, fontsize=8.5, loc="left")
            if kind == kinds[-1]:
                _draw_names(axes, codes)
            else:
                axes.tick_params(which="both", labelbottom=False)
            if column:
                axes.tick_params(which="both", labelleft=False)
            else:
                axes.set_ylabel(LABELS[kind], fontsize=8.5, color=INK)
    middle = LEFT + (len(columns) * (WIDTH + GAP) - GAP) / 2
    write_at(figure, middle, bottom - 0.42, "training step", fontsize=8.5, ha="center")
    title = f"Language adaptation of {base}: perplexity on held-out text"
    write_title(figure, LEFT, top + 0.42, title)
    return figure


def write_learning_curves(study: Study, metrics_paths: Iterable[str | Path], folder: str | Path) -> None:
    """Write the learning curves that `names.figures` announces from the adaptations' metrics.jsonl files."""
    items = [item for item in figures(study) if item.kind == "learning_curves"]
    if not items:
        return
    perplexities = read_perplexities(metrics_paths)
    with style():
        for item in items:
            save_figure(learning_curves(study, perplexities, item.base), Path(folder) / item.name)


def _draw_panel(axes: Axes, codes: Sequence[str], perplexities: pd.DataFrame) -> None:
    for code, (colour, marker) in _looks(codes).items():
        curve = perplexities[perplexities["language"] == code]
        axes.plot(curve["step"], curve["perplexity"], color=colour, lw=1.4, marker=marker, ms=3.2)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.tick_params(labelsize=7.5, which="both", length=2.5, color=PALE, labelcolor=INK)
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_names(axes: Axes, codes: Sequence[str]) -> None:
    """The languages of a column below its last panel."""
    axes.legend(
        handles=[Line2D([], [], color=c, lw=2, marker=m, ms=4, label=code) for code, (c, m) in _looks(codes).items()],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.46 / HEIGHT),
        ncols=2,
        fontsize=7.5,
        frameon=False,
        borderaxespad=0,
        labelspacing=0.25,
    )


def _looks(codes: Sequence[str]) -> dict[str, tuple]:
    """Colour and marker of each language of a category."""
    palette = seaborn.color_palette("colorblind")
    return {code: (palette[i % len(palette)], MARKERS[i % len(MARKERS)]) for i, code in enumerate(codes)}
