"""Forest plots: marks and whiskers are the bootstrap's intervals, one scale for all panels, texts that can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from madx.reporting.captions import figure_captions
from madx.reporting.drawing import save_figure, style
from madx.reporting.forest import forest_figure, forest_rows
from tests.unit.reporting.synthetic import SIXTEEN, make_bootstrap, small_study, span_counts

BASE = "miniature-base"
FEW = {"truly low-resource unseen": ["qac", "qad"], "high-resource covered": ["qaa"]}  # not in Table 1's order
QUALITY = {"madx": 0.6, "full-finetuning": 0.4, "mlm-trg": 0.6, "mlm-src": 0.75}


def draw(method: str, source: str, target: str, seeds: int) -> np.ndarray:
    random = np.random.default_rng([*f"{method}{source}{target}".encode()])
    return span_counts(random, QUALITY.get(method, 0.5), 60, seeds)


@pytest.fixture(scope="module")
def study():
    return small_study(FEW, {"madx": 3, "full-finetuning": 3, "mlm-src": 3, "mlm-trg": 1})


@pytest.fixture(scope="module")
def bootstrap(study):
    return make_bootstrap(study, "ner", draw)


@pytest.fixture(scope="module")
def figure(study, bootstrap):
    with style():
        return forest_figure(study, bootstrap, BASE, "ner")


def marks(axes) -> list:
    return [line for line in axes.lines if line.get_marker() in ("o", "D")]


def test_targets_stand_below_the_mean_of_their_category(study, figure):
    rows = forest_rows(study, "ner")
    labels = ["all targets", "high-resource covered", "qaa", "truly low-resource unseen", "qac", "qad"]
    assert [row.label for row in rows] == labels
    assert [row.is_mean for row in rows] == [True, True, False, True, False, False]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == labels
    assert np.array_equal(rows[3].pairs, rows[4].pairs | rows[5].pairs)
    top, bottom = figure.axes[0].transData.transform([(0, 0), (0, 5)])
    assert top[1] > bottom[1]


def test_targets_of_one_category_stand_below_the_mean_of_all():
    alone = small_study({"high-resource covered": ["qaa", "qab"]}, {"madx": 2, "full-finetuning": 2})
    assert [row.label for row in forest_rows(alone, "ner")] == ["all targets", "qaa", "qab"]


def test_marks_and_whiskers_are_the_intervals(study, bootstrap, figure):
    others = [method for method in bootstrap.methods if method != "madx"]
    assert len(figure.axes) == len(others)
    seen = set()
    for method, axes in zip(others, figure.axes, strict=True):
        for height, (row, mark) in enumerate(zip(forest_rows(study, "ner"), marks(axes), strict=True)):
            interval = bootstrap.difference("madx", method, row.pairs)
            assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (interval.value, height)
            assert mark.get_marker() == ("D" if row.is_mean else "o")
            assert (mark.get_markerfacecolor() != "white") == interval.excludes_zero
            whisker = axes.lines[2 * height]
            assert list(whisker.get_xdata()) == [interval.low, interval.high]
            seen.add((interval.excludes_zero, interval.value > 0, whisker.get_color()))
    # the data have all three: better, worse, undecided
    assert {"#0072B2", "#D55E00", "#777777"} == {colour for *_, colour in seen}
    assert {(e, colour) for e, ahead, colour in seen if e and ahead} == {(True, "#0072B2")}


def test_one_scale_that_holds_zero_and_every_interval(figure):
    (limits,) = {axes.get_xlim() for axes in figure.axes}
    ends = [x for axes in figure.axes for line in axes.lines for x in line.get_xdata()]
    assert limits[0] < min(0, *ends) <= max(0, *ends) < limits[1]
    assert all(any(set(line.get_xdata()) == {0} for line in axes.lines) for axes in figure.axes)


def test_one_seed_is_marked_and_explained(study, figure):
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["full fine-tuning", "MLM-SRC", "MLM-TRG †"]
    assert "† one seed (MLM-TRG): only the test examples" in figure_captions(study)["forest_ner"]
    many = small_study(FEW, {"madx": 2, "full-finetuning": 2})
    assert "†" not in figure_captions(many)["forest_ner"]


def visible_texts(figure) -> list:
    """Every text with its box in pixels, rendered."""
    renderer = figure.canvas.get_renderer()
    texts = [*figure.texts, *figure.legends[0].get_texts()]
    for axes in figure.axes:
        low, high = axes.get_xlim()
        texts += [axes.title, *axes.get_yticklabels()]
        ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        texts += [label for place, label in ticks if low <= place <= high]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in texts if text.get_text()]


@pytest.mark.parametrize("size", ["three targets, one method", "sixteen targets, five methods"])
def test_texts_are_inside_and_apart(size):
    if size.startswith("three"):
        study = small_study(FEW, {"madx": 2, "full-finetuning": 2}, "ccr")
        bootstrap = make_bootstrap(study, "ccr", lambda *run: 100.0 * (draw(*run)[..., :1] > 0))
    else:
        names = ["high-resource covered", "low-resource covered", "low-resource unseen", "truly low-resource unseen"]
        methods = ("full-finetuning", "mlm-src", "mlm-trg", "madx-no-lad-inv", "madx-no-inv", "madx")
        languages = {name: SIXTEEN[4 * i : 4 * i + 4] for i, name in enumerate(names)}
        study = small_study(languages, dict.fromkeys(methods, 1), sources=["en"])
        bootstrap = make_bootstrap(study, "ner", draw)
    with style():
        figure = forest_figure(study, bootstrap, BASE, next(iter(study.tasks)))
        figure.canvas.draw()
        boxes = visible_texts(figure)
    width, height = figure.canvas.get_width_height()
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        assert not a.overlaps(b), (one, other)
    assert figure.get_figwidth() <= 7.6  # printed at about its own size


def test_equal_scores_give_equal_bytes(study, bootstrap, tmp_path):
    for name in "ab":
        with style():
            save_figure(forest_figure(study, bootstrap, BASE, "ner"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_nothing_to_compare_is_an_error():
    study = small_study(FEW, {"madx": 2})
    with pytest.raises(ValueError, match="task ner: a forest plot needs MAD-X and another method"):
        forest_figure(study, make_bootstrap(study, "ner", draw), BASE, "ner")
