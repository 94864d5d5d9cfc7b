"""The scatter of ours against the published numbers shows every number, legibly."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from madx.config import Study, parse_study
from madx.reporting.beside import beside_rows
from madx.reporting.beside_figure import beside_figure
from madx.reporting.drawing import style
from madx.reporting.published import read_published
from tests.unit.reporting.conftest import ROOT
from tests.unit.reporting.whole_paper import paper_settings, random_scores


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Study:
    return parse_study(paper_settings(tmp_path_factory.mktemp("languages")), "test")


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    return read_published(ROOT / "config/published.csv")


@pytest.fixture(scope="module")
def rows(whole, values) -> pd.DataFrame:
    scores = near_scores(whole, values)
    return beside_rows(whole, scores, values, around(whole, scores))


def near_scores(study: Study, values: pd.DataFrame) -> pd.DataFrame:
    """Made-up scores that scatter about the published ones (single ones, or else the source's mean)."""
    scores, random = random_scores(study), np.random.default_rng(1)
    value = {(r.method, r.task, r.source, r.target, r.metric): r.value for r in values.itertuples()}
    near = []
    for row in scores.itertuples():
        kind = study.tasks[row.task].kind
        of_source = value.get((row.method, kind, row.source, "mean-of-16", row.metric), 35)
        centre = value.get((row.method, kind, row.source, row.target, row.metric), of_source)
        near.append(float(np.clip(centre + random.normal(0, 4), 0, 100)))
    return scores.assign(value=near)


def around(study: Study, scores: pd.DataFrame):
    """Intervals about our own numbers, narrower for means over more scores, as a bootstrap's would be."""

    def interval(base, task, metric, method, other, mask):
        pairs = [
            (source, target)
            for (source, target), chosen in zip(
                itertools.product(study.sources(task), study.targets(task)), mask.flat, strict=True
            )
            if chosen
        ]
        centre = mean(base, task, metric, method, pairs) - (mean(base, task, metric, other, pairs) if other else 0)
        return centre - 4 / len(pairs) ** 0.4, centre + 5 / len(pairs) ** 0.4

    means = scores.groupby(["base", "task", "metric", "method", "source", "target"])["value"].mean().to_dict()

    def mean(*run_and_pairs):
        *run, pairs = run_and_pairs
        return float(np.mean([means[(*run, *pair)] for pair in pairs]))

    return interval


def test_figure_shows_every_number(whole, rows):
    with style():
        figure = beside_figure(whole, rows)
    groups = list(rows.groupby(["item", "base", "task", "metric"], sort=False))
    assert len(figure.axes) == len(groups) == 7
    for axes, (_, group) in zip(figure.axes, groups, strict=True):
        drawn = sum(len(container.lines[0].get_xdata()) for container in axes.containers)
        assert drawn == len(group)
        assert f"{(group['inside'] == 'yes').sum()} of {len(group)}" in " ".join(text.get_text() for text in axes.texts)
        assert axes.get_xlim() == axes.get_ylim()
        low, high = axes.get_xlim()
        assert low < group[["low", "published"]].min(axis=None) and group[["high", "published"]].max(axis=None) < high


def test_nothing_in_the_figure_is_cut_off(whole, rows):
    """Titles and legends stand within the figure, with many panels and with one."""
    for chosen in (rows, rows[rows["item"] == "table_xcopa"], rows[rows["item"] == "figure4"]):
        with style():
            figure = beside_figure(whole, chosen)
            figure.canvas.draw()
            for artist in (*figure.texts, *figure.legends, *(axes.title for axes in figure.axes)):
                box = artist.get_window_extent()
                assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1, artist
            for above, below in itertools.pairwise([*figure.legends]):
                assert above.get_window_extent().y0 >= below.get_window_extent().y1


def test_figure_without_intervals(whole, values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = beside_figure(whole, beside_rows(whole, random_scores(whole), values))
    texts = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert not any("inside" in text for text in texts)
    assert "251 numbers" in [text.get_text() for axes in figure.axes for text in axes.texts]


def test_open_marks_are_the_numbers_outside(whole, rows):
    figure = beside_figure(whole, rows)
    for axes, (_, group) in zip(figure.axes, rows.groupby(["item", "base", "task", "metric"], sort=False), strict=True):
        marks = [container.lines[0] for container in axes.containers]
        is_open = [to_rgb(line.get_markerfacecolor()) == (1, 1, 1) for line in marks]
        drawn = {True: [], False: []}
        for line, outside in zip(marks, is_open, strict=True):
            drawn[outside] += zip(line.get_xdata(), line.get_ydata(), strict=True)
        for outside, chosen in ((True, group["inside"] == "no"), (False, group["inside"] == "yes")):
            expected = group[chosen][["published", "ours"]].itertuples(index=False, name=None)
            assert sorted(drawn[outside]) == sorted(expected)
