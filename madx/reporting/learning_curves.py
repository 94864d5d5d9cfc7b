"""Perplexity of every language adaptation by training step, one panel a category."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from madx.config import Study
from madx.languages import CATEGORIES
from madx.reporting.drawing import INK, new_figure, place, save_figure, style, write_at
from madx.reporting.metrics import read_perplexities
from madx.reporting.names import stem

KINDS = {
    "lad": ("language adapters", "--"),
    "lad-inv": ("language and invertible adapters", "-"),
    "full": ("all weights", ":"),
}
# inches
WIDTH, HEIGHT, GAP, LEFT, BOTTOM, TOP = 2.1, 2.5, 0.18, 0.75, 0.95, 0.7
LEGEND_LINE = 0.17


def learning_curves(study: Study, perplexities: pd.DataFrame, base: str) -> Figure:
    """Perplexity on held-out text (logarithmic) by step: a line per language and kind of adaptation.

    perplexities: as read_perplexities makes them.
    """
    wanted = perplexities[perplexities["base"] == base]
    panels = {name: study.languages[name] for name in CATEGORIES if study.languages.get(name)}
    legend_lines = -(-max(map(len, panels.values())) // 2)  # two languages side by side
    bottom = BOTTOM + LEGEND_LINE * legend_lines
    figure = new_figure(LEFT + len(panels) * (WIDTH + GAP), bottom + HEIGHT + TOP)
    middle = LEFT + (len(panels) * (WIDTH + GAP) - GAP) / 2
    for number, (category, codes) in enumerate(panels.items()):
        axes = place(figure, LEFT + number * (WIDTH + GAP), bottom, WIDTH, HEIGHT)
        _draw_panel(axes, category, codes, wanted)
        axes.set_ylim(wanted["perplexity"].min() / 1.15, wanted["perplexity"].max() * 1.15)
        if number:
            axes.tick_params(which="both", labelleft=False)
        else:
            axes.set_ylabel("perplexity on held-out text", fontsize=8.5)
    write_at(figure, middle, bottom - 0.42, "training step", fontsize=8.5, ha="center")
    write_at(figure, LEFT, bottom + HEIGHT + 0.42, f"Language adaptation of {base}", fontsize=10.5, weight="bold")
    kinds = [
        Line2D([], [], color=INK, lw=1.4, ls=KINDS[kind][1], label=KINDS[kind][0]) for kind in study.adaptation_kinds
    ]
    figure.legend(
        handles=kinds,
        loc="lower center",
        bbox_to_anchor=(middle / figure.get_figwidth(), 0.02),
        ncols=len(kinds),
        fontsize=7.5,
        frameon=False,
    )
    return figure


def write_learning_curves(study: Study, metrics_paths: Iterable[str | Path], folder: str | Path) -> None:
    """Write the figures that `names.curve_figure_names` announces from the adaptations' metrics.jsonl files."""
    if not study.adaptation_kinds:
        return
    perplexities = read_perplexities(metrics_paths)
    with style():
        for base in study.bases:
            save_figure(learning_curves(study, perplexities, base), Path(folder) / stem(study, "learning_curves", base))


def _draw_panel(axes: Axes, category: str, codes: tuple[str, ...], perplexities: pd.DataFrame) -> None:
    colours = seaborn.color_palette("colorblind", len(codes))
    for code, colour in zip(codes, colours, strict=True):
        for kind, curve in perplexities[perplexities["language"] == code].groupby("kind"):
            axes.plot(curve["step"], curve["perplexity"], color=colour, lw=1.4, ls=KINDS[kind][1], marker="o", ms=2.5)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.set_title(category, fontsize=8.5, loc="left")
    axes.tick_params(labelsize=7.5, which="both")
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    names = [Line2D([], [], color=colour, lw=2, label=code) for code, colour in zip(codes, colours, strict=True)]
    axes.legend(
        handles=names,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.19),
        ncols=2,
        fontsize=7.5,
        frameon=False,
        borderaxespad=0,
        labelspacing=0.25,
    )
