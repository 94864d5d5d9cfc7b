"""Figure 6: every target and seed that the study asks for, in lines that can be told apart."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madx.paths import Paths
from madx.reporting.drawing import style
from madx.reporting.names import figures, tables
from madx.reporting.sample_efficiency import (
    figure6_sample_efficiency,
    read_sample_efficiency,
    sample_efficiency_table,
    spread,
    write_sample_efficiency,
)
from madx.reporting.scores import ScoreError
from tests.unit.reporting.conftest import BASE, default_settings, make_study, make_whole_study
from tests.unit.reporting.test_figures import assert_readable, ticks

DRAWN = ["qac", "qae", "qag", "qah"]
TARGETS = [*DRAWN, "qab"]  # one that is no longer drawn may stay in the file
DECADES = [5000, 10_000, 20_000, 50_000, 100_000, 250_000]


def value(target: str, seed: int, steps: int) -> float:
    return 40.0 + TARGETS.index(target) / 10 + seed + math.log10(steps + 1)


def write_scores(study, folder, steps, change=lambda rows: rows) -> list:
    paths = Paths(study, folder).scores_by_step()
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


def by_steps(*steps: int, **changes):
    """A study whose adaptations keep their adapters at these steps, the last of them at the end."""
    adaptation = default_settings()["adaptation"] | {"steps": steps[-1], "save_steps": [*steps[:-1], 10 * steps[-1]]}
    return make_study(**{"figure6_targets": DRAWN, "adaptation": adaptation} | changes)


@pytest.fixture(scope="module")
def study():
    return by_steps(75, 150, 250)


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


@pytest.mark.parametrize(("steps", "scale"), [([75, 150, 250], "linear"), (DECADES, "log"), ([75, 90], "linear")])
def test_texts_do_not_overlap_though_the_lines_end_close_together(tmp_path, steps, scale):
    study = by_steps(*steps)
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
        (lambda rows: [r for r in rows if r["target"] != "qae"], "no f1 for target qae, seed 0 at step 75; delete it"),
        (lambda rows: [r for r in rows if (r["target"], r["seed"]) != ("qag", 3)], "target qag, seed 3 at step 75"),
        (lambda rows: [r for r in rows if (r["seed"], r["steps"]) != (0, 250)], "target qac, seed 0 at step 250"),
        (lambda rows: [r for r in rows if r["steps"] != 150], "target qac, seed 0 at step 150"),
        (lambda rows: [{**r, "steps": None} for r in rows], "no scores by steps of adaptation"),
        (lambda rows: None, "no scores by steps of adaptation"),
    ],
)
def test_what_the_study_asks_for_and_the_file_lacks_is_named(study, tmp_path, change, message):
    paths = write_scores(study, tmp_path, [75, 150, 250], change)
    with pytest.raises(ScoreError, match=rf"qaa\.json: .*{message}"):
        write_sample_efficiency(study, paths, tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


def test_steps_that_differ_by_category_have_dashes_in_the_table(tmp_path):
    categories = list(default_settings()["languages"])
    steps = {name: 150 if "covered" in name else 250 for name in categories}
    adaptation = default_settings()["adaptation"] | {"steps": steps, "save_steps": [75, 150]}
    study = by_steps(75, 150, 250, adaptation=adaptation)
    scores = read_sample_efficiency(study, write_scores(study, tmp_path, [75, 150, 250]))
    assert set(scores[scores["target"] == "qac"]["steps"]) == {75, 150}, "steps that are not asked for stay out"
    (item,) = [one for one in tables(study) if one.kind == "figure6_sample_efficiency"]
    table = sample_efficiency_table(study, scores, item)
    assert list(table.shown) == ["target", "75", "150", "250"]
    shown = table.shown.set_index("target")
    assert shown.loc["qac", "250"] == "–"
    assert shown.loc["qae", "250"] == f"{value('qae', 2, 250):.1f} ± {np.std(range(5), ddof=1):.1f}"
    assert len(table.data) == 5 * (2 + 3 + 3 + 3) and "5 seeds" in table.caption


def test_one_figure_for_each_base_and_one_table_for_all(tmp_path):
    settings = make_whole_study().model_dump(mode="json")
    whole = make_whole_study(adaptation=settings["adaptation"] | {"steps": 250, "save_steps": [75]})
    paths = write_scores(whole, tmp_path, [75, 250])
    write_sample_efficiency(whole, paths, tmp_path / "figures")
    (item,) = [one for one in tables(whole) if one.kind == "figure6_sample_efficiency"]
    shown = sample_efficiency_table(whole, read_sample_efficiency(whole, paths), item).shown
    assert list(shown["base"]) == [base for base in whole.bases for _ in whole.figure6_targets]
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
