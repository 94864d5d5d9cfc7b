"""Tables: every mean can be recomputed from the scores, published values stand only where they belong."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madx.methods import METHODS
from madx.reporting.names import report_caption, table_names
from madx.reporting.parameter_table import parameter_table
from madx.reporting.published import PublishedError, read_published
from madx.reporting.score_tables import table2_by_source, table2_by_target, table5_zero_shot
from madx.reporting.scores import COLUMNS
from madx.reporting.summary_tables import differences_by_category, summary_by_category
from madx.reporting.table import Table, escape_latex, signed, with_deviation, write_table
from madx.reporting.tables import make_tables, write_tables
from tests.unit.reporting.conftest import ROOT, SIXTEEN, make_paper_study, make_scores, make_study

BASE = "miniature-base"


def counts(base: str) -> list[dict]:
    weights = {"madx-no-lad-inv": 884_736, "madx-no-inv": 7_962_624, "madx": 8_257_536}
    return [
        {"base": base, "method": m, "weights": w, "weights_and_biases": w + 100, "base_parameters": 277_453_056}
        for m, w in weights.items()
    ]


def cell(table: Table, method: str, statistic: str, column: str) -> float:
    data = table.data.set_index(["method", "statistic"])
    return data.loc[(method, statistic), column]


@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_cells_equal_means_recomputed_from_the_scores(seed):
    study = make_study()
    scores = make_scores(study, seed)
    by_source, by_target = table2_by_source(study, scores, BASE), table2_by_target(study, scores, BASE)
    zero_shot = table5_zero_shot(study, scores, BASE)
    for method in study.methods:
        mine = scores[scores.method == method]
        for table, axis in ((by_source, "source"), (by_target, "target")):
            per_seed = mine.groupby([axis, "seed"])["value"].mean()
            for code in study.codes:
                assert math.isclose(cell(table, method, "mean", code), per_seed[code].mean())
                assert math.isclose(cell(table, method, "sd", code), per_seed[code].std())
            averages = mine.groupby("seed")["value"].mean()
            assert math.isclose(cell(table, method, "mean", "avg"), averages.mean())
            assert math.isclose(cell(table, method, "sd", "avg"), averages.std())
        others = mine[(mine.source == "qaa") & (mine.target != "qaa")].groupby("seed")["value"].mean()
        assert math.isclose(cell(zero_shot, method, "mean", "avg without qaa"), others.mean())


def paper_scores(published: pd.DataFrame) -> pd.DataFrame:
    """Table 5 of the paper as if it were a run: source English, one seed."""
    rows = published[(published["item"] == "table5") & published["target"].isin(SIXTEEN)]
    rows = rows[(rows["base"] == "xlm-roberta-base") & rows["method"].isin(METHODS)]
    keys = rows[["base", "method", "task", "source", "target"]].itertuples(index=False)
    values = [(*key, 0, "f1", value, 1) for key, value in zip(keys, rows["value"], strict=True)]
    return pd.DataFrame(values, columns=list(COLUMNS))


def english_study():
    whole = make_paper_study()
    tasks = whole.tasks.model_dump()
    tasks["ner"]["sources"] = ["en"]
    one_seed = {name: {"seeds": [0], "learning_rate": 1e-4} for name in METHODS}
    return make_paper_study(tasks=tasks, methods=one_seed)


def test_published_table5_gives_both_averages_and_table2(published):
    study, scores = english_study(), paper_scores(published)
    zero_shot = table5_zero_shot(study, scores, "xlm-roberta-base", published)
    by_source = table2_by_source(study, scores, "xlm-roberta-base", published)
    assert round(cell(zero_shot, "madx", "mean", "avg without en"), 1) == 53.2
    assert round(cell(by_source, "madx", "mean", "en"), 2) == 55.04
    # so its own numbers stand beside themselves without a difference, to the printed decimal
    for method in study.methods:
        assert abs(cell(zero_shot, method, "difference", "avg without en")) < 0.06
        assert abs(cell(by_source, method, "difference", "en")) < 0.06
        assert cell(zero_shot, method, "difference", "mi") == 0
    assert "± –" in zero_shot.shown.loc[0, "en"]


def test_published_values_and_differences_stand_beside_ours(paper, published):
    table = table2_by_source(paper, make_scores(paper), "xlm-roberta-base", published)
    assert cell(table, "madx", "paper", "my") == 24.9
    assert cell(table, "madx", "paper", "avg") == 38.2
    ours = cell(table, "madx", "mean", "my")
    assert math.isclose(cell(table, "madx", "difference", "my"), ours - 24.9)
    shown = table.shown.set_index("method")["my"].tolist()
    assert shown[-2:] == ["24.9", signed(ours - 24.9)]
    assert "arXiv:2005.00052v1" in table.caption


def test_value_that_was_not_seen_is_a_dash(paper, published):
    unseen = published[~((published["item"] == "table5") & (published["target"] == "mi"))]
    table = table5_zero_shot(paper, make_scores(paper), "xlm-roberta-base", unseen)
    assert set(table.shown["mi"][table.shown["method"].isin(["paper", "difference"])]) == {"–"}


def test_mean_over_other_targets_is_not_compared(published):
    study = make_paper_study(languages={"high-resource covered": ["en", "ja"], "low-resource unseen": ["qu"]})
    scores = make_scores(study)
    assert "paper" not in set(table2_by_source(study, scores, "xlm-roberta-base", published).data["statistic"])
    zero_shot = table5_zero_shot(study, scores, "xlm-roberta-base", published)
    assert cell(zero_shot, "madx", "paper", "qu") == 66.1
    assert np.isnan(cell(zero_shot, "madx", "paper", "avg without en"))


@pytest.mark.parametrize("made", [{}, {"xlm-roberta-base": None}])
def test_no_published_number_for_a_made_base(study, published, made):
    if made:  # even under a published name
        study = make_study(bases={"xlm-roberta-base": study.bases[BASE].model_dump()})
    (base,) = study.bases
    for table in make_tables(study, make_scores(study), counts(base), published=published):
        text = table.markdown() + table.latex() + table.data.to_csv()
        assert "arXiv" not in text and "difference," not in text and "\npaper" not in text


def published_in(study, published) -> dict[str, bool]:
    """Whether published values stand in each table of a study with one base."""
    (base,) = study.bases
    tables = make_tables(study, make_scores(study), counts(base), published=published)
    return {table.name: "arXiv:2005.00052v1" in table.caption for table in tables}


@pytest.mark.parametrize("path", ["FacebookAI/xlm-roberta-base", "xlm-roberta-base", "/models/xlm-roberta-base/"])
@pytest.mark.parametrize("name", ["xlm-roberta-base", "xlmr"])
def test_published_numbers_belong_to_a_base_by_its_path_not_its_name(published, name, path):
    pretrained = make_paper_study().model_dump()["bases"]["xlm-roberta-base"]
    same = published_in(make_paper_study(bases={name: pretrained | {"path": path}}), published)
    assert same["table2_by_source"] and same["table5_zero_shot"] and same["table4_parameters"]
    other = make_paper_study(bases={name: pretrained | {"path": "someone/xlm-roberta-base-tuned"}})
    assert not any(published_in(other, published).values())


@pytest.mark.parametrize(
    ("data", "same"),
    [
        ({"source": "hub", "id": "unimelb-nlp/wikiann", "configuration": "{language}", "revision": "abc"}, True),
        ({"source": "hub", "id": "data/wikiann", "configuration": "{language}", "revision": None}, True),
        ({"source": "hub", "id": "masakhane/masakhaner2", "configuration": "{language}", "revision": None}, False),
        ({"source": "hub", "id": "x/not-wikiann", "configuration": "{language}", "revision": None}, False),
        ({"source": "local", "path": "wikiann/{language}/{split}.txt"}, False),
    ],
)
def test_published_scores_stand_only_beside_scores_on_wikiann(published, data, same):
    tasks = {"ner": make_paper_study().model_dump()["tasks"]["ner"] | {"data": data}}
    seen = published_in(make_paper_study(tasks=tasks, data_root="data"), published)
    assert seen["table2_by_source"] == seen["table5_zero_shot"] == same
    assert seen["table4_parameters"], "counts of parameters need no data"


def test_tables_are_those_announced_and_equal_to_the_byte(study, scores, published, tmp_path):
    tables = make_tables(study, scores, counts(BASE), published=published)
    assert tuple(table.name for table in tables) == table_names(study)
    write_tables(tables, tmp_path / "a")
    write_tables(make_tables(study, scores.sample(frac=1), counts(BASE), published=published), tmp_path / "b")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(f"{name}.{ending}" for name in table_names(study) for ending in ("csv", "md", "tex"))
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("method", METHODS)
def test_a_study_of_one_method_has_all_tables_that_it_can(method):
    study = make_study(methods={method: {"seeds": [0, 1], "learning_rate": 1e-3}})
    parameters = [row for row in counts(BASE) if row["method"] == method]
    tables = make_tables(study, make_scores(study), parameters)
    assert [table.name for table in tables] == list(table_names(study))


def test_with_two_bases_each_has_its_tables(published):
    bases = make_paper_study().model_dump()["bases"]
    study = make_paper_study(bases=bases | {"other": bases["xlm-roberta-base"] | {"path": "someone/other"}})
    rows = counts("xlm-roberta-base") + counts("other")
    tables = {table.name: table for table in make_tables(study, make_scores(study), rows, published=published)}
    assert tuple(tables) == table_names(study)
    assert "paper" in set(tables["table2_by_source_xlm-roberta-base"].shown["method"])
    assert "paper" not in set(tables["table2_by_source_other"].shown["method"])
    assert list(tables["table4_parameters"].shown["base"]) == ["xlm-roberta-base"] * 3 + ["other"] * 3


def test_latex_has_as_many_cells_as_columns_and_no_bare_special_character(paper, published):
    for table in make_tables(paper, make_scores(paper), counts("xlm-roberta-base"), published=published):
        text = table.latex()
        assert text.count("{") == text.count("}")
        body = text.split(r"\midrule", 1)[1].split(r"\bottomrule")[0]
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert len(rows) == len(table.shown)
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(table.shown.columns)}
        assert not re.search(r"(?<!\\)[%#_]", body)
        assert rf"\label{{tab:{table.name}}}" in text and r"\caption{" in text


def test_latex_escapes_every_special_character():
    assert escape_latex("a_b & 5 % #1 ~ ^ {x} \\ $") == (
        r"a\_b \& 5 \% \#1 \textasciitilde{} \textasciicircum{} \{x\} \textbackslash{} \$"
    )


def test_markdown_keeps_its_columns_when_a_cell_has_a_bar(tmp_path):
    frame = pd.DataFrame({"a": ["x|y"], "b": ["1"]})
    table = Table("t", "caption", frame, frame)
    write_table(table, tmp_path)
    assert r"x\|y" in (tmp_path / "t.md").read_text(encoding="utf-8")


def test_differences_are_those_of_the_summary(study, scores):
    summary = summary_by_category(study, scores, BASE).data.set_index(["pairs", "method", "statistic"])
    differences = differences_by_category(study, scores, BASE).data.set_index(["pairs", "madx_minus", "statistic"])
    for pairs in ("all", "in-language", "transfer"):
        for other in set(study.methods) - {"madx"}:
            expected = summary.loc[(pairs, "madx", "mean")] - summary.loc[(pairs, other, "mean")]
            assert np.allclose(differences.loc[(pairs, other, "mean")].astype(float), expected.astype(float))


def test_summary_equals_groups_of_the_scores(study, scores):
    summary = summary_by_category(study, scores, BASE).data.set_index(["pairs", "method", "statistic"])
    rows = scores[(scores.method == "madx") & (scores.source != scores.target)]
    unseen = rows[rows.target.isin(["qae", "qaf", "qag", "qah"])].groupby("seed")["value"].mean()
    assert math.isclose(summary.loc[("transfer", "madx", "mean"), "unseen"], unseen.mean())
    assert math.isclose(summary.loc[("transfer", "madx", "sd"), "unseen"], unseen.std())
    rows = scores[(scores.method == "madx") & (scores.source == scores.target) & scores.target.isin(["qac", "qad"])]
    assert math.isclose(summary.loc[("in-language", "madx", "mean"), "low-resource covered"], rows["value"].mean())


def test_parameters_stand_beside_the_paper_s(paper, published):
    table = parameter_table(paper, counts("xlm-roberta-base"), published)
    madx = table.data.set_index("method").loc["madx"]
    assert madx["weights"] == 8_257_536 and madx["paper_millions"] == 8.25
    assert math.isclose(madx["difference_millions"], 8.257536 - 8.25)
    assert math.isclose(madx["percent_of_base"], 100 * 8_257_536 / 277_453_056)


def test_numbers_as_shown():
    assert signed(-0.04) == "0.0" and signed(-1.25, 2) == "−1.25" and signed(3) == "+3.0"
    assert with_deviation("54.8", math.nan) == "54.8 ± –"
    assert with_deviation("–", math.nan) == "–"


def test_every_table_has_a_caption_for_the_report(study):
    for name in table_names(study):
        assert (ROOT / "workflow/report" / report_caption(study, name)).is_file()


def test_bad_published_file_names_the_line(tmp_path):
    text = (ROOT / "config/published.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "published.csv"
    path.write_text("\n".join([*text[:3], text[2]]), encoding="utf-8")
    with pytest.raises(PublishedError, match=r"published\.csv:4: this value stands twice"):
        read_published(path)
    path.write_text("\n".join([*text[:2], text[2].replace("38.2", "many")]), encoding="utf-8")
    with pytest.raises(PublishedError, match=r"published\.csv:3: 'many' is no number"):
        read_published(path)
