"""Figures: the announced files, the right numbers, equal bytes for equal scores, no texts that overlap."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from matplotlib.text import Text

from madx.config import parse_study
from madx.methods import METHODS
from madx.reporting.drawing import save_figure, style
from madx.reporting.figures import figure_difference, heatmap, score_dots, write_figures
from madx.reporting.learning_curves import learning_curves, write_learning_curves
from madx.reporting.metrics import read_perplexities
from madx.reporting.names import Item, figures
from tests.unit.reporting.conftest import (
    ADAPTERS,
    BASE,
    ONE_SEED,
    default_settings,
    make_paper_study,
    make_scores,
    make_study,
    qa_task,
)
from tests.unit.reporting.synthetic import SyntheticBootstraps

ONE_EACH = {
    "high-resource covered": ["qaa"],
    "low-resource covered": ["qab"],
    "low-resource unseen": ["qac"],
    "truly low-resource unseen": ["qad", "qae", "qaf", "qag", "qah", "qai", "qaj", "qak", "qal", "qam"],
}


def item(study, name: str) -> Item:
    (found,) = [one for one in figures(study) if one.name == name]
    return found


def test_cells_are_differences_of_means_with_sources_as_rows(study, scores):
    figure = figure_difference(study, scores, item(study, "figure5_madx_vs_madx-no-inv"))
    grid = figure.axes[0]
    means = scores.groupby(["method", "source", "target"])["value"].mean()
    expected = means["madx", "qab", "qah"] - means["madx-no-inv", "qab", "qah"]
    assert np.isclose(grid.collections[0].get_array().reshape(8, 8)[1, 7], expected)
    assert [label.get_text() for label in grid.get_yticklabels()] == list(study.codes)
    low, high = grid.collections[0].get_clim()
    assert low == -high


def test_all_heat_maps_share_one_scale(study, scores):
    maps = [heatmap(study, scores, item(study, f"heatmap_{method}")) for method in study.methods("ner")]
    scales = {figure.axes[0].collections[0].get_clim() for figure in maps}
    assert scales == {(0.0, 100.0)}


def test_announced_files_and_nothing_else(tmp_path):
    study = make_study({"madx": ADAPTERS})
    write_figures(study, make_scores(study), SyntheticBootstraps(study), {"ner": {}}, None, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heatmap_madx.pdf", "heatmap_madx.png"]


def test_every_announced_figure_of_scores_is_drawn(whole, whole_scores, tmp_path, monkeypatch):
    """The drawing itself is tested elsewhere; here that each figure is asked for once."""
    drawn = {}
    monkeypatch.setattr("madx.reporting.figures.save_figure", lambda figure, path: drawn.update({path.name: figure}))
    for maker in ("heatmap", "figure_difference", "score_dots", "forest_figure"):
        monkeypatch.setattr(f"madx.reporting.figures.{maker}", lambda *arguments: arguments)
    write_figures(whole, whole_scores, SyntheticBootstraps(whole), {task: {} for task in whole.tasks}, None, tmp_path)
    elsewhere = {"figure6_sample_efficiency", "learning_curves", "miniature_languages", "miniature_tasks"}
    assert set(drawn) == {one.name for one in figures(whole) if one.kind not in elsewhere}


def test_equal_scores_give_equal_bytes_and_embedded_truetype(study, scores, tmp_path):
    for name in "ab":
        with style():
            save_figure(heatmap(study, scores, item(study, "heatmap_madx")), tmp_path / name)
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


def assert_readable(figure, texts) -> None:
    """No text covers another one or leaves the page."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = [(t.get_text(), Text.get_window_extent(t, renderer)) for t in texts if t.get_text() and t.get_visible()]
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        assert not a.overlaps(b), f"{one!r} overlaps {other!r}"
    for text, box in boxes:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
        assert inside, f"{text!r} leaves the page"


def ticks(axis) -> list:
    """Labels of an axis that are drawn: matplotlib keeps those beyond the ends, undrawn."""
    low, high = sorted(axis.get_view_interval())
    return [
        tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high and tick.label1.get_visible()
    ]


@pytest.mark.parametrize(
    "study",
    [make_study(), make_paper_study(), make_study(languages=ONE_EACH)],
    ids=["8", "16", "categories of one language"],
)
def test_texts_of_a_grid_do_not_overlap_and_stay_on_the_page(study):
    with style():
        figure = figure_difference(study, make_scores(study), item(study, "figure3_madx_vs_full-finetuning"))
        figure.canvas.draw()
        texts = [t for axes in figure.axes[:4] for t in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels())]
        bar = figure.axes[4]
        assert_readable(figure, [*texts, *figure.texts, bar.yaxis.label, *ticks(bar.yaxis)])


@pytest.mark.parametrize("methods", [["madx"], ["full-finetuning", "mlm-trg", "madx-no-inv", "madx"], list(METHODS)])
@pytest.mark.parametrize("languages", [None, ONE_EACH, {"low-resource covered": ["qaa", "qab", "qac"]}])
def test_texts_of_dots_do_not_overlap_and_stay_on_the_page(languages, methods):
    settings = default_settings()
    task = qa_task(settings, methods=dict.fromkeys(methods, ADAPTERS))
    changes = {"languages": languages} if languages else {}
    study = parse_study(settings | changes | {"tasks": {"qa": task}, "table5_source": None}, "test")
    with style():
        figure = score_dots(study, make_scores(study), {}, item(study, "scores_qa"))
        figure.canvas.draw()
        (axes,) = figure.axes
        texts = [*axes.texts, *ticks(axes.xaxis), *axes.get_yticklabels(), *figure.texts]
        assert_readable(figure, [*texts, *figure.legends[0].get_texts()])


def test_dots_stand_at_means_with_deviations(whole, whole_scores):
    figure = score_dots(whole, whole_scores, {}, item(whole, f"scores_qa_{BASE}"))
    (axes,) = figure.axes
    rows = whole_scores[(whole_scores["task"] == "qa") & (whole_scores["base"] == BASE) & (whole_scores.metric == "f1")]
    for drawn, method in zip(axes.containers, whole.methods("qa"), strict=True):
        mine = rows[rows["method"] == method].groupby(["seed", "target"])["value"].mean().unstack()[list(whole.codes)]
        mine["mean"] = mine.drop(columns="qaa").mean(axis=1)
        assert np.allclose(drawn.lines[0].get_xdata(), mine.mean())
        whiskers = np.array([ends[:, 0] for ends in drawn.lines[2][0].get_segments()])
        assert np.allclose(np.diff(whiskers)[:, 0], 2 * mine.std().fillna(0))
    assert [label.get_text() for label in axes.get_yticklabels()] == [*whole.codes, "mean without\nqaa"]


def test_guessing_is_a_dotted_line_at_each_target(whole, whole_scores):
    """Of three options on one target and of two on another."""
    figure = score_dots(whole, whole_scores, {"qaa": 50.0, "qab": 100 / 3}, item(whole, f"scores_ccr_{BASE}"))
    dotted = [line for line in figure.axes[0].collections if line.get_linestyle()[0][1] is not None]
    ends = [segment.tolist() for lines in dotted for segment in lines.get_segments()]
    rows = {target: number for number, target in enumerate(whole.codes)}
    assert ends == [
        [[50.0, rows["qaa"]], [50.0, rows["qaa"] + 1]],
        [[100 / 3, rows["qab"]], [100 / 3, rows["qab"] + 1]],
    ]


def write_metrics(study, folder) -> list:
    paths = []
    for base, kind, code in study.adaptations:
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
    assert sorted(p.stem for p in (tmp_path / "figures").glob("*.pdf")) == ["learning_curves"]


def test_curves_have_a_panel_for_each_kind_and_category(tmp_path):
    """Adaptation of all weights to the sources alone: of the two languages of a category only one has a curve."""
    settings = default_settings()
    settings["tasks"]["ner"] |= {"sources": ["qaa", "qac"], "targets": ["qaa", "qab", "qac"]}
    study = make_study({"mlm-src": ONE_SEED, "madx": ONE_SEED}, tasks=settings["tasks"])
    frame = read_perplexities(write_metrics(study, tmp_path / "adaptations"))
    with style():
        figure = learning_curves(study, frame, BASE)
        titles = [axes.get_title(loc="left") for axes in figure.axes]
        assert titles == ["high-resource covered", "low-resource covered", "", ""]
        lines = [sum(len(line.get_xdata()) > 0 for line in axes.lines) for axes in figure.axes]
        assert lines == [1, 1, 2, 1]
        names = [text for axes in figure.axes[2:] for text in axes.get_legend().get_texts()]
        assert [text.get_text() for text in names] == ["qaa", "qab", "qac"]
        labels = [axes.yaxis.label for axes in figure.axes]
        assert_readable(figure, [*names, *labels, *figure.texts, *(axes.title for axes in figure.axes)])


def test_bad_metrics_line_is_named(tmp_path):
    path = tmp_path / "b" / "lad" / "qaa" / "metrics.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"step": 1, "metric": "perplexity", "value": 3}\n{"step": 2, "met')
    with pytest.raises(ValueError, match=r"metrics\.jsonl:2: no metrics record"):
        read_perplexities([path])
