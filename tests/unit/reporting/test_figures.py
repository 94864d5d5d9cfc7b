"""Figures: the announced files, the right numbers, equal bytes for equal scores, no texts that overlap."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from madx.reporting.captions import figure_captions
from madx.reporting.drawing import save_figure, style
from madx.reporting.figures import figure_difference, heatmap, write_figures
from madx.reporting.learning_curves import write_learning_curves
from madx.reporting.metrics import read_perplexities
from madx.reporting.names import curve_figure_names, figure_names, report_caption, score_figure_names
from tests.unit.reporting.conftest import ROOT, make_paper_study, make_scores, make_study

BASE = "miniature-base"


def test_cells_are_differences_of_means_with_sources_as_rows(study, scores):
    figure = figure_difference(study, scores, BASE, "madx", "madx-no-inv")
    grid = figure.axes[0]
    means = scores.groupby(["method", "source", "target"])["value"].mean()
    expected = means["madx", "qab", "qah"] - means["madx-no-inv", "qab", "qah"]
    assert np.isclose(grid.collections[0].get_array().reshape(8, 8)[1, 7], expected)
    assert [label.get_text() for label in grid.get_yticklabels()] == list(study.codes)
    low, high = grid.collections[0].get_clim()
    assert low == -high


def test_all_heat_maps_share_one_scale(study, scores):
    scales = {heatmap(study, scores, BASE, method).axes[0].collections[0].get_clim() for method in study.methods}
    assert scales == {(0.0, 100.0)}


def test_announced_files_and_nothing_else(tmp_path):
    study = make_study(methods={"madx": {"seeds": [0], "learning_rate": 1e-3}})
    write_figures(study, make_scores(study), tmp_path)
    assert score_figure_names(study) == ("heatmap_madx",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heatmap_madx.pdf", "heatmap_madx.png"]


def test_equal_scores_give_equal_bytes_and_embedded_truetype(study, scores, tmp_path):
    for name in "ab":
        with style():
            save_figure(heatmap(study, scores, BASE, "madx"), tmp_path / name)
    for ending in ("pdf", "png"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"CreationDate" not in pdf and b"/FontFile2" in pdf and b"/Type3" not in pdf


ONE_EACH = {
    "high-resource covered": ["qaa"],
    "low-resource covered": ["qab"],
    "low-resource unseen": ["qac"],
    "truly low-resource unseen": ["qad", "qae", "qaf", "qag", "qah", "qai", "qaj", "qak", "qal", "qam"],
}


@pytest.mark.parametrize(
    "study",
    [make_study(), make_paper_study(), make_study(languages=ONE_EACH)],
    ids=["8", "16", "categories of one language"],
)
def test_texts_do_not_overlap_and_stay_on_the_page(study):
    (base,) = study.bases
    with style():
        figure = figure_difference(study, make_scores(study), base, "madx", "full-finetuning")
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        texts = [t for axes in figure.axes[:4] for t in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels())]
        bar = figure.axes[4]
        low, high = bar.get_ylim()  # matplotlib keeps labels beyond the ends, undrawn
        texts += [*figure.texts, bar.yaxis.label]
        texts += [t for t in bar.get_yticklabels() if low <= t.get_position()[1] <= high]
        boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts if t.get_text()]
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        assert not a.overlaps(b), f"{one!r} overlaps {other!r}"
    for text, box in boxes:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
        assert inside, f"{text!r} leaves the page"


def test_every_figure_has_captions(study):
    assert set(figure_captions(study)) >= set(figure_names(study))
    for name in figure_names(study):
        assert (ROOT / "workflow/report" / report_caption(study, name)).is_file()


def write_metrics(study, folder) -> list:
    paths = []
    for base, kind, code in itertools.product(study.bases, study.adaptation_kinds, study.codes):
        path = folder / base / kind / code / "metrics.jsonl"
        path.parent.mkdir(parents=True)
        records = [(0, "perplexity", 90.0), (0, "loss", 4.0), (50, "perplexity", 60.0), (50, "perplexity", 40.0)]
        path.write_text("".join(json.dumps({"step": s, "metric": m, "value": v}) + "\n" for s, m, v in records))
        paths.append(path)
    return paths


def test_curves_show_the_last_measurement_of_a_step(study, tmp_path):
    paths = write_metrics(study, tmp_path / "adaptations")
    frame = read_perplexities(paths)
    one = frame[(frame["kind"] == "lad") & (frame["language"] == "qaa")]
    assert one[["step", "perplexity"]].to_numpy().tolist() == [[0, 90.0], [50, 40.0]]
    write_learning_curves(study, paths, tmp_path / "figures")
    assert sorted(p.stem for p in (tmp_path / "figures").glob("*.pdf")) == list(curve_figure_names(study))


def test_bad_metrics_line_is_named(tmp_path):
    path = tmp_path / "b" / "lad" / "qaa" / "metrics.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"step": 1, "metric": "perplexity", "value": 3}\n{"step": 2, "met')
    with pytest.raises(ValueError, match=r"metrics\.jsonl:2: no metrics record"):
        read_perplexities([path])
