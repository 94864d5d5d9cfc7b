"""The figures that are drawn from the scores: heat maps, differences, and dots for tasks with one source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.beside import beside_rows
from madx.reporting.beside_figure import beside_figure
from madx.reporting.bootstraps import Bootstraps
from madx.reporting.dot_plots import draw_scores
from madx.reporting.drawing import save_figure, style
from madx.reporting.forest import forest_figure
from madx.reporting.heatmaps import Colours, draw_grid
from madx.reporting.labels import METRICS, main_metric, measure
from madx.reporting.names import DIFFERENCES, Item, figures
from madx.reporting.scores import score_array
from madx.reporting.table import number, signed

SATURATION = 0.98  # of all differences lie within the colour scale, so that one outlier does not bleach the rest


def heatmap(study: Study, scores: pd.DataFrame, item: Item) -> Figure:
    """Mean F1 over seeds of a method; the colour scale is 0-100 for every method, so that heat maps compare."""
    values = score_array(study, scores, item.base, item.method, item.task).mean(axis=0)
    colours = Colours("YlGnBu", 0, 100, METRICS[main_metric(study, item.task)], number)
    title = f"{METHODS[item.method].label}: {measure(study, item.task)}{_on(study, item.base)}"
    return draw_grid(study, item.task, values, colours, title)


def figure_difference(study: Study, scores: pd.DataFrame, item: Item) -> Figure:
    """MAD-X's mean F1 minus another method's, in points (what the paper calls relative improvement)."""
    ours, theirs = (
        score_array(study, scores, item.base, method, item.task).mean(axis=0) for method in ("madx", item.method)
    )
    values = ours - theirs
    limit = max(1.0, float(np.ceil(np.quantile(np.abs(values), SATURATION))))
    beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    extend = beyond[bool(values.min() < -limit), bool(values.max() > limit)]
    colours = Colours("RdBu", -limit, limit, f"{METRICS[main_metric(study, item.task)]} points", signed, extend)
    title = f"{METHODS['madx'].label} minus {METHODS[item.method].label}{_on(study, item.base)}"
    return draw_grid(study, item.task, values, colours, title)


def score_dots(study: Study, scores: pd.DataFrame, guessing: Mapping[str, float], item: Item) -> Figure:
    """Each target's mean score over seeds by method, with the deviation; for tasks with few sources.

    guessing: see draw_scores.
    """
    arrays = {
        method: score_array(study, scores, item.base, method, item.task)
        for method in study.methods(item.task, item.base)
    }
    return draw_scores(study, item.task, arrays, guessing, f"{measure(study, item.task)}{_on(study, item.base)}")


def write_figures(
    study: Study,
    scores: pd.DataFrame,
    bootstraps: Bootstraps,
    guessing: Mapping[str, Mapping[str, float]],
    published: pd.DataFrame,
    folder: str | Path,
) -> None:
    """Write every figure that `names.figures` announces and that is drawn from scores, as PDF and PNG.

    guessing: as facts.read_guessing makes it.
    """
    drawn: dict[str, Callable[[Item], Figure]] = {
        "heatmap": lambda item: heatmap(study, scores, item),
        "scores": lambda item: score_dots(study, scores, guessing[item.task], item),
        "forest": lambda item: forest_figure(study, bootstraps.of(item.base, item.task), item.base, item.task),
        "ours_beside_published": lambda item: beside_figure(
            study, beside_rows(study, scores, published, bootstraps.interval)
        ),
        **dict.fromkeys(DIFFERENCES.values(), lambda item: figure_difference(study, scores, item)),
    }
    with style():
        for item in figures(study):
            if item.kind in drawn:
                save_figure(drawn[item.kind](item), Path(folder) / item.name)


def _on(study: Study, base: str) -> str:
    return f" on {base}" if len(study.bases) > 1 else ""
