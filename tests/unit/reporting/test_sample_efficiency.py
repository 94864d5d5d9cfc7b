"""Figure 6: every target and seed that the study asks for, in lines that can be told apart."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madx.reporting.drawing import style
from madx.reporting.names import figures
from madx.reporting.sample_efficiency import (
    figure6_sample_efficiency,
    read_sample_efficiency,
    sample_efficiency_paths,
    spread,
    write_sample_efficiency,
)
from madx.reporting.scores import ScoreError
from tests.unit.reporting.conftest import BASE, make_study
from tests.unit.reporting.test_figures import assert_readable, ticks

DRAWN = ["qac", "qae", "qag", "qah"]
TARGETS = [*DRAWN, "qab"]  # one that is no longer drawn may stay in the file
DECADES = [5000, 10_000, 20_000, 50_000, 100_000, 250_000]


def value(target: str, seed: int, steps: int) -> float:
    return 40.0 + TARGETS.index(target) / 10 + seed + math.log10(steps + 1)


def write_scores(study, folder, steps, change=lambda rows: rows) -> list:
    paths = sample_efficiency_paths(study, folder)
    for path in paths:
        *_, base, task = path.parent.parts
        rows = [
            {"target": t, "seed": s, "steps": k, "metric": m, "value": value(t, s, k), "n_examples": 9}
            for t in TARGETS
            for s in study.tasks[task].methods["madx"].seeds
            for k in steps
            for m in ("f1", "precision")
        ]
        path.parent.mkdir(parents=True)
        content = {"base": base, "task": task, "source": path.stem, "scores": change(rows), "provenance": {}}
        path.write_text(json.dumps(content))
    return paths


@pytest.fixture(scope="module")
def study():
    return make_study(figure6_targets=DRAWN)


def drawn(study, paths):
    (item,) = [one for one in figures(study) if one.kind == "figure6_sample_efficiency"]
    return figure6_sample_efficiency(study, read_sample_efficiency(study, paths), item)


def test_lines_are_means_and_bands_deviations_over_seeds(study, tmp_path):
    paths = write_scores(study, tmp_path, [75, 150, 250])
    assert paths == [tmp_path / "sample_efficiency" / BASE / "ner" / "qaa.json"]
    figure = drawn(study, paths)
    (axes,) = figure.axes
    assert axes.get_xscale() == "linear" and len(axes.lines) == len(DRAWN)
    deviation = np.std(range(5), ddof=1)
    for target, line, band in zip(DRAWN, axes.lines, axes.collections, strict=True):
        mean = [value(target, 2, steps) for steps in (75, 150, 250)]
        assert line.get_xydata().tolist() == pytest.approx(np.column_stack([[75, 150, 250], mean]))
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.min() == pytest.approx(mean[0] - deviation) and heights.max() == pytest.approx(
            mean[2] + deviation
        )


@pytest.mark.parametrize(
    ("steps", "scale"), [([75, 150, 250], "linear"), (DECADES, "log"), ([0, *DECADES], "symlog"), ([0, 75], "linear")]
)
def test_texts_do_not_overlap_though_the_lines_end_close_together(study, tmp_path, steps, scale):
    with style():
        figure = drawn(study, write_scores(study, tmp_path, steps))
        (axes,) = figure.axes
        assert axes.get_xscale() == scale
        figure.canvas.draw()
        labels = [text for text in axes.texts if text.get_text()]
        assert {text.get_text() for text in labels} == set(DRAWN)
        assert_readable(figure, [*labels, *ticks(axes.xaxis), *ticks(axes.yaxis), axes.yaxis.label, *figure.texts])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [r for r in rows if r["target"] != "qae"], "no f1 for target qae; delete it"),
        (lambda rows: [r for r in rows if (r["target"], r["seed"]) != ("qag", 3)], "target qag, seed 3 at step 75"),
        (lambda rows: [r for r in rows if (r["seed"], r["steps"]) != (0, 250)], "target qac, seed 0 at step 250"),
        (lambda rows: [{**r, "steps": None} for r in rows], "no scores by steps of adaptation"),
        (lambda rows: None, "no scores by steps of adaptation"),
    ],
)
def test_what_the_study_asks_for_and_the_file_lacks_is_named(study, tmp_path, change, message):
    paths = write_scores(study, tmp_path, [75, 250], change)
    with pytest.raises(ScoreError, match=rf"qaa\.json: .*{message}"):
        write_sample_efficiency(study, paths, tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


def test_one_figure_for_each_base(whole, tmp_path):
    write_sample_efficiency(whole, write_scores(whole, tmp_path, [75, 250]), tmp_path / "figures")
    files = {f"figure6_sample_efficiency_{base}.{ending}" for base in whole.bases for ending in ("pdf", "png")}
    assert {path.name for path in (tmp_path / "figures").iterdir()} == files


def test_without_targets_there_is_nothing_to_draw(tmp_path):
    write_sample_efficiency(make_study(), [], tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


@given(st.lists(st.floats(0, 3), min_size=1, max_size=8))
def test_spread_places_keep_their_order_and_distance(places):
    moved = spread(places, 0.15)
    by_place = [moved[i] for i in sorted(range(len(places)), key=lambda i: places[i])]
    assert all(after - before >= 0.15 - 1e-6 for before, after in itertools.pairwise(by_place))
    assert math.isclose(sum(moved), sum(places), abs_tol=1e-6)
    for i, place in enumerate(places):
        others = [abs(place - other) for j, other in enumerate(places) if j != i]
        if all(distance > 0.15 * len(places) for distance in others):
            assert moved[i] == place, "an end that is free stays"
