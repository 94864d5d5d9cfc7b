"""Figure 6: F1 of MAD-X on chosen targets by the number of steps that their adapters were trained for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, StrMethodFormatter

from madx.config import Study
from madx.files import read_json
from madx.reporting.drawing import INK, PALE, new_figure, place, save_figure, style, write_at, write_title
from madx.reporting.labels import main_metric, measure, on_base
from madx.reporting.names import Item, figures
from madx.reporting.scores import ScoreError
from madx.reporting.table import DASH, Table, number, with_deviation

COLUMNS = ["base", "task", "source", "target", "seed", "steps", "value"]
DECADE = 10  # the last number of steps by the first, beyond which the axis is logarithmic
# inches
LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT = 0.75, 0.95, 0.45, 0.55, 4.4, 3.0
LABEL = 0.15  # height of a line's label
DIGIT, BETWEEN = 0.072, 0.08  # width of a digit of the numbers of steps, and of the space between two of them


def read_sample_efficiency(study: Study, paths: Iterable[str | Path]) -> pd.DataFrame:
    """Columns base, task, source, target, seed, steps, value (0-100) from files of that kind, sorted.

    Raises ScoreError naming the file for one that is none, and for a target, seed or step that the study asks for and
    the file lacks.
    """
    rows: dict[tuple, float] = {}
    for path in map(Path, paths):
        content = read_json(path)
        try:
            head = (content["base"], content["task"], content["source"])
            metric = main_metric(study, head[1])
            scores = [s for s in content["scores"] if s["metric"] == metric]
            found = {(*head, s["target"], int(s["seed"]), int(s["steps"])): float(s["value"]) for s in scores}
        except (KeyError, TypeError, ValueError) as error:
            raise ScoreError(f"{path}: no scores by steps of adaptation ({error}); delete it and run again") from None
        seeds = study.tasks[head[1]].methods["madx"].seeds
        for target in study.figure6_targets:
            for step, seed in product(study.kept_steps(target), seeds):
                if (*head, target, seed, step) not in found:
                    raise ScoreError(
                        f"{path}: no {metric} for target {target}, seed {seed} at step {step}; delete it and run again"
                    )
                rows[*head, target, seed, step] = found[*head, target, seed, step]
    return pd.DataFrame([(*key, value) for key, value in sorted(rows.items())], columns=COLUMNS)


def figure6_sample_efficiency(study: Study, scores: pd.DataFrame, item: Item) -> Figure:
    """Mean over seeds by steps, a line per target with its name at the end; the band is ± the standard deviation.

    scores: as read_sample_efficiency makes them.
    """
    wanted = scores[(scores["base"] == item.base) & (scores["task"] == item.task)]
    curves = wanted.groupby(["target", "steps"])["value"].agg(["mean", "std"]).fillna(0.0)
    figure = new_figure(LEFT + WIDTH + RIGHT, BOTTOM + HEIGHT + TOP)
    axes = place(figure, LEFT, BOTTOM, WIDTH, HEIGHT)
    looks = zip(seaborn.color_palette("colorblind", 10) * 2, ["o", "s", "^", "D", "v", "P", "X"] * 3, strict=False)
    ends = []
    for target, (colour, marker) in zip(study.figure6_targets, looks, strict=False):
        curve = curves.loc[target]
        steps, mean, deviation = curve.index.to_numpy(), curve["mean"].to_numpy(), curve["std"].to_numpy()
        axes.fill_between(steps, mean - deviation, mean + deviation, color=colour, alpha=0.18, lw=0)
        axes.plot(steps, mean, color=colour, lw=1.6, marker=marker, ms=4.5, mec="white", mew=0.5)
        ends.append((target, steps[-1], mean[-1], colour))
    _scale_steps(axes, sorted(wanted["steps"].unique()))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -1), min(high, 101))
    _label_ends(axes, ends)
    axes.set_ylabel(measure(study, item.task), fontsize=9, color=INK)
    axes.tick_params(labelsize=8, length=2.5, color=PALE, labelcolor=INK)
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    write_at(figure, LEFT + WIDTH / 2, 0.12, "steps of language adaptation", fontsize=9, ha="center")
    title = f"MAD-X from {study.table5_source}" + (f" on {item.base}" if len(study.bases) > 1 else "")
    write_title(figure, LEFT, BOTTOM + HEIGHT + 0.17, title)
    return figure


def sample_efficiency_table(study: Study, scores: pd.DataFrame, item: Item) -> Table:
    """The numbers of the figure: a row per target (and base), a column per number of steps.

    scores: as read_sample_efficiency makes them.
    """
    wanted = scores[scores["task"] == item.task]
    steps = sorted(wanted["steps"].unique())
    cells = wanted.groupby(["base", "target", "steps"])["value"].agg(["mean", "std"])
    shown = []
    for base, target in ((base, target) for base in study.bases for target in study.figure6_targets):
        if (base, target, study.kept_steps(target)[-1]) in cells.index:
            row = {"base": base, "target": target} if len(study.bases) > 1 else {"target": target}
            found = cells.loc[base, target]
            row |= {
                f"{step:,}": with_deviation(number(found["mean"][step]), found["std"][step])
                if step in found.index
                else DASH
                for step in steps
            }
            shown.append(row)
    seeds = len(study.tasks[item.task].methods["madx"].seeds)
    return Table(
        name=item.name,
        caption=f"Figure 6 in numbers: {measure(study, item.task)} of MAD-X{on_base(study, item.task)} from "
        f"{study.table5_source}, by steps of MLM adaptation of the target's adapters; mean ± standard deviation over "
        f"{seeds} seed{'s' if seeds > 1 else ''}.",
        data=wanted.drop(columns="task"),
        shown=pd.DataFrame(shown),
        align="l" * (1 + (len(study.bases) > 1)) + "r" * len(steps),
    )


def write_sample_efficiency(study: Study, paths: Iterable[str | Path], folder: str | Path) -> None:
    """Write figure 6 of every base and task that `names.figures` announces it for, as PDF and PNG."""
    items = _items(study)
    if not items:
        return
    scores = read_sample_efficiency(study, paths)
    with style():
        for item in items:
            save_figure(figure6_sample_efficiency(study, scores, item), Path(folder) / item.name)


def _items(study: Study) -> list[Item]:
    return [item for item in figures(study) if item.kind == "figure6_sample_efficiency"]


def _scale_steps(axes: Axes, steps: Sequence[int]) -> None:
    """A logarithmic axis where the steps span over a decade; its numbers are the measured steps, as far as they fit."""
    if steps[-1] <= DECADE * steps[0]:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        return
    axes.set_xscale("log")
    places = axes.transAxes.inverted().transform(
        axes.transData.transform([(step, axes.get_ylim()[0]) for step in steps])
    )
    kept: list[int] = []
    edge = math.inf  # where the number at the right begins
    for step, (place_, _) in zip(reversed(steps), reversed(places), strict=True):  # the last one is always named
        half = len(f"{step:,}") * DIGIT / 2
        if place_ * WIDTH + half + BETWEEN <= edge:
            kept.append(step)
            edge = place_ * WIDTH - half
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _label_ends(axes: Axes, ends: Sequence[tuple[str, int, float, tuple]]) -> None:
    """Names of the lines at the right, as near to their ends as they fit without covering each other."""
    low, high = axes.get_ylim()
    inches = [(value - low) / (high - low) * HEIGHT for _, _, value, _ in ends]
    for (target, step, value, colour), height in zip(ends, spread(inches, LABEL), strict=True):
        axes.annotate(
            target,
            xy=(step, value),
            xytext=(1.045, height / HEIGHT),
            textcoords="axes fraction",
            va="center",
            fontsize=8.5,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 1.0, "shrinkA": 1, "shrinkB": 3},
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Places moved as little as needed so that neighbours in order are `gap` apart: clusters keep their middle."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    clusters: list[tuple[float, list[int]]] = []  # middle, members in order
    for i in order:
        middle, members = places[i], [i]
        while clusters and middle - clusters[-1][0] < gap * (len(members) + len(clusters[-1][1])) / 2 - 1e-9:
            before = clusters.pop()[1]
            members = before + members
            middle = math.fsum(places[j] for j in members) / len(members)
        clusters.append((middle, members))
    moved = list(places)
    for middle, members in clusters:
        for position, i in enumerate(members):
            moved[i] = middle + gap * (position - (len(members) - 1) / 2)
    return moved
