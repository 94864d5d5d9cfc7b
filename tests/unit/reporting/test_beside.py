"""Ours beside the paper's: means over the paper's own languages, intervals, and studies without counterparts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from madx.config import Study, parse_study
from madx.reporting.beside import NAME, beside_rows, beside_table
from madx.reporting.published import read_published
from madx.reporting.scores import COLUMNS, ScoreError
from tests.unit.reporting.conftest import ROOT, SIXTEEN
from tests.unit.reporting.whole_paper import BASE, XQUAD, changed, paper_settings, random_scores


@pytest.fixture(scope="session")
def settings(tmp_path_factory) -> dict[str, Any]:
    return paper_settings(tmp_path_factory.mktemp("languages"))


@pytest.fixture(scope="session")
def whole(settings) -> Study:
    return parse_study(settings, "test")


@pytest.fixture(scope="session")
def values() -> pd.DataFrame:
    return read_published(ROOT / "config/published.csv")


@pytest.fixture(scope="session")
def made_up(whole) -> pd.DataFrame:
    return random_scores(whole)


@pytest.fixture(scope="session")
def rows(whole, made_up, values) -> pd.DataFrame:
    return beside_rows(whole, made_up, values, interval=lambda *_: (40.0, 60.0))


def one(rows: pd.DataFrame, **wanted: str) -> pd.Series:
    found = rows
    for column, value in wanted.items():
        found = found[found[column] == value]
    assert len(found) == 1, (wanted, len(found))
    return found.iloc[0]


def mean_over_seeds(scores: pd.DataFrame, **wanted) -> float:
    """The mean of all scores with these values; lists stand for several."""
    for column, value in wanted.items():
        scores = scores[scores[column].isin(value if isinstance(value, list) else [value])]
    assert len(scores)
    return scores["value"].mean()


def test_every_published_score_has_its_row(rows, values):
    assert not rows.duplicated(["item", "base", "method", "task", "source", "target", "metric"]).any()
    assert rows.groupby("item").size().to_dict() == {
        item: int((values["item"] == item).sum()) for item in ("table2", "table3", "table5", "table_xcopa", "figure4")
    }
    assert set(rows["task"]) == {"ner", "qa", "siqa-copa"}, "one-stage causal reasoning is not what was published"
    assert rows[rows["base"] == "mbert"]["item"].unique().tolist() == ["table5"]


def test_means_are_over_the_paper_s_languages(rows, made_up):
    ner = {"base": BASE, "task": "ner", "metric": "f1"}
    madx = made_up[made_up["method"] == "madx"]
    for row, expected in (
        (
            one(rows, item="table2", method="madx", source="qu"),
            mean_over_seeds(madx, **ner, source="qu"),
        ),
        (one(rows, item="table2", method="madx", source="mean"), mean_over_seeds(madx, **ner)),
        (one(rows, item="table5", method="madx", target="qu"), mean_over_seeds(madx, **ner, source="en", target="qu")),
        (
            one(rows, item="table5", method="madx", target="mean-without-en"),
            mean_over_seeds(madx, **ner, source="en", target=SIXTEEN[1:]),
        ),
        (
            one(rows, item="table3", method="madx", target="mean-of-11", metric="em"),
            mean_over_seeds(madx, base=BASE, task="qa", metric="em"),
        ),
        (
            one(rows, item="table3", method="madx", target="th", metric="f1"),
            mean_over_seeds(madx, base=BASE, task="qa", metric="f1", target="th"),
        ),
        (
            one(rows, item="table_xcopa", target="mean-without-en"),
            mean_over_seeds(madx, base=BASE, task="siqa-copa"),
        ),
    ):
        assert row["ours"] == pytest.approx(expected)
        assert row["difference"] == pytest.approx(expected - row["published"])
    cell = one(rows, item="figure4", source="zh", target="mi")
    other = made_up[made_up["method"] == "mlm-trg"]
    pair = {**ner, "source": "zh", "target": "mi"}
    assert cell["ours"] == pytest.approx(mean_over_seeds(madx, **pair) - mean_over_seeds(other, **pair))
    assert cell["published"] == -50.0


def test_interval_is_asked_for_the_scores_of_the_mean(whole, made_up, values):
    asked = {}

    def interval(base, task, metric, method, other, mask):
        asked[base, task, metric, method, other, mask.shape, int(mask.sum())] = mask
        return None

    rows = beside_rows(whole, made_up, values, interval)
    assert set(rows["inside"]) == {"–"} and rows[["low", "high"]].isna().all(axis=None)
    shapes = {(key[1], key[5]) for key in asked}
    assert shapes == {("ner", (16, 16)), ("qa", (1, 11)), ("siqa-copa", (1, 11))}
    assert (BASE, "ner", "f1", "madx", "mlm-trg", (16, 16), 1) in asked
    assert (BASE, "ner", "f1", "madx", None, (16, 16), 16) in asked
    assert (BASE, "ner", "f1", "madx", None, (16, 16), 256) in asked
    without_english = asked[BASE, "ner", "f1", "madx", None, (16, 16), 15]
    assert without_english[0].tolist() == [False] + 15 * [True] and not without_english[1:].any()
    assert (BASE, "qa", "em", "madx", None, (1, 11), 11) in asked


def test_inside_says_whether_the_published_value_lies_in_the_interval(whole, made_up, values, rows):
    inside = rows["published"].between(40, 60)
    assert rows["inside"].tolist() == inside.map({True: "yes", False: "no"}).tolist()
    assert 0 < inside.sum() < len(rows)

    def narrow(base, task, metric, method, other, mask):
        return (61.3, 61.3) if task == "siqa-copa" else None

    closed = beside_rows(whole, made_up, values, narrow)
    assert one(closed, item="table_xcopa", target="et")["inside"] == "yes", "the bounds belong to the interval"
    assert one(closed, item="table_xcopa", target="ht")["inside"] == "no"
    assert set(closed[closed["item"] == "table5"]["inside"]) == {"–"}


def test_table_counts_by_item(whole, made_up, values, rows):
    table = beside_table(whole, made_up, values, lambda *_: (40.0, 60.0))
    assert table.name == NAME
    pd.testing.assert_frame_equal(table.data, rows)
    shown = table.shown.set_index(["published in", "base", "metric"])
    assert shown["numbers"].astype(int).sum() == len(rows)
    figure4 = rows[rows["item"] == "figure4"]
    line = shown.loc[("Figure 4", BASE, "F1 points")]
    assert line["numbers"] == "251" and line["no interval"] == "0"
    assert line["inside"] == str((figure4["inside"] == "yes").sum())
    assert line["mean absolute difference"] == f"{figure4['difference'].abs().mean():.1f}"
    assert ("Table 3", BASE, "EM") in shown.index and ("XCOPA", BASE, "accuracy") in shown.index
    assert "arXiv:2005.00052v1" in table.caption and "Figure 4" in table.markdown()
    rest = table.latex().replace("–", "").replace("’", "")
    assert not [letter for letter in rest if ord(letter) > 127], "LaTeX has a command for every letter"


def test_published_numbers_themselves_agree(settings, values):
    """With Table 5 as our scores every number taken from it stands beside itself, Table 2's English column too."""
    study = changed(settings, "tasks", "ner", "sources", value=["en"])
    table5 = values[(values["item"] == "table5") & values["target"].isin(SIXTEEN) & (values["base"] == BASE)]
    scores = pd.DataFrame(
        [
            (BASE, row.method, "ner", "en", row.target, seed, "f1", row.value, 1)
            for row in table5.itertuples()
            for seed in study.tasks["ner"].methods[row.method].seeds
        ],
        columns=list(COLUMNS),
    )
    only = values[values["base"].eq(BASE) & values["task"].eq("ner")]
    rows = beside_rows(study, scores, only)
    assert set(rows["item"]) == {"table2", "table5", "figure4"}
    assert set(rows[rows["item"] == "table2"]["source"]) == {"en"}, "other sources, and their mean, were not trained"
    assert rows["difference"].abs().max() < 0.11
    assert (rows[rows["item"] == "table5"].query("target in @SIXTEEN")["difference"].abs() < 1e-9).all()


def test_mean_needs_all_its_languages(settings, values):
    study = changed(settings, "tasks", "qa", "targets", value=[code for code in XQUAD if code != "th"])
    rows = beside_rows(study, random_scores(study), values)
    qa = rows[rows["task"] == "qa"]
    assert "mean-of-11" not in set(qa["target"]) and "zh" in set(qa["target"])
    # of an item that names fewer languages than its mean counts, the mean's languages are not known
    fewer = values[~((values["item"] == "table3") & (values["target"] == "th"))]
    assert "mean-of-11" not in set(beside_rows(study, random_scores(study), fewer)["target"])


def test_missing_score_is_named(whole, made_up, values):
    at = (made_up["task"] == "qa") & (made_up["method"] == "madx") & (made_up["target"] == "th")
    with pytest.raises(ScoreError, match=r"no f1 for .*method madx, task qa, source en, target th, seed 0"):
        beside_rows(whole, made_up[~at], values)


def test_study_without_counterparts(settings, values):
    own = {"source": "pretrained", "revision": None, "mlm_head": "included", "path": "someone/xlm-roberta-base-tuned"}
    study = changed(settings, "bases", value={BASE: own})
    scores = random_scores(study)
    assert beside_rows(study, scores, values).empty and beside_rows(study, scores, None).empty
    with pytest.raises(ValueError, match="no counterpart"):
        beside_table(study, scores, values)
