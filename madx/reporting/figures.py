"""Heat maps of each method and of MAD-X minus another (figures 3, 5, 7, 10-12), drawn from the scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.drawing import save_figure, style
from madx.reporting.heatmaps import Colours, draw_grid
from madx.reporting.names import DIFFERENCES, methods_in_order, stem
from madx.reporting.scores import score_array
from madx.reporting.table import number, signed

SATURATION = 0.98  # of all differences lie within the colour scale, so that one outlier does not bleach the rest


def heatmap(study: Study, scores: pd.DataFrame, base: str, method: str) -> Figure:
    """Mean F1 over seeds of a method; the colour scale is 0-100 for every method, so that heat maps compare."""
    values = score_array(study, scores, base, method).mean(axis=0)
    colours = Colours("YlGnBu", 0, 100, "F1", number)
    return draw_grid(study, values, colours, f"{METHODS[method].label}: NER F1{_on(study, base)}")


def figure_difference(study: Study, scores: pd.DataFrame, base: str, method: str, other: str) -> Figure:
    """Mean F1 of a method minus another's, in points (what the paper calls relative improvement)."""
    values = difference(study, scores, base, method, other)
    limit = max(1.0, float(np.ceil(np.quantile(np.abs(values), SATURATION))))
    beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    extend = beyond[bool(values.min() < -limit), bool(values.max() > limit)]
    colours = Colours("RdBu", -limit, limit, "F1 points", signed, extend)
    title = f"{METHODS[method].label} minus {METHODS[other].label}{_on(study, base)}"
    return draw_grid(study, values, colours, title)


def difference(study: Study, scores: pd.DataFrame, base: str, method: str, other: str) -> np.ndarray:
    """(sources, targets): mean F1 over seeds of one method minus another's, in points."""
    ours, theirs = (score_array(study, scores, base, name).mean(axis=0) for name in (method, other))
    return ours - theirs


def write_figures(study: Study, scores: pd.DataFrame, folder: str | Path) -> None:
    """Write every figure that `names.score_figure_names` announces, as PDF and PNG."""
    folder = Path(folder)
    with style():
        for base in study.bases:
            for (method, other), name in DIFFERENCES.items():
                if {method, other} <= set(study.methods):
                    save_figure(figure_difference(study, scores, base, method, other), folder / stem(study, name, base))
            for method in methods_in_order(study):
                save_figure(heatmap(study, scores, base, method), folder / stem(study, f"heatmap_{method}", base))


def _on(study: Study, base: str) -> str:
    return f" on {base}" if len(study.bases) > 1 else ""
