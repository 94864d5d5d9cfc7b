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
from madx.reporting import score_tables
from madx.reporting.names import tables
from madx.reporting.parameter_table import parameter_table
from madx.reporting.published import PublishedError, read_published
from madx.reporting.scores import COLUMNS
from madx.reporting.summary_tables import summary_by_category
from madx.reporting.table import Table, escape_latex, signed, with_deviation, write_table
from madx.reporting.tables import make_tables, write_tables
from tests.unit.reporting.conftest import (
    BASE,
    ONE_SEED,
    ROOT,
    SECOND,
    SIXTEEN,
    ccr_task,
    default_settings,
    make_paper_study,
    make_scores,
    make_study,
    make_whole_study,
    qa_task,
)
from tests.unit.reporting.synthetic import SyntheticBootstraps, few_questions, step_scores

GROUPS = ["low-resource covered", "truly low-resource unseen", "low-resource", "covered", "unseen", "all targets"]


def all_tables(study, scores, parameters, published=None):
    """Every table of a study, with resamples and questions that are made up."""
    by_step = step_scores(study)
    return make_tables(
        study, scores, by_step, parameters, SyntheticBootstraps(study), few_questions, published=published
    )


def counts(base: str) -> list[dict]:
    weights = {"madx-no-lad-inv": 884_736, "madx-no-inv": 7_962_624, "madx": 8_257_536}
    return [
        {"base": base, "method": m, "weights": w, "weights_and_biases": w + 100, "base_parameters": 277_453_056}
        for m, w in weights.items()
    ]


def made(study, scores, name: str, published=None) -> Table:
    """One table of scores by language."""
    (item,) = [one for one in tables(study) if one.name == name]
    further = () if item.kind == "table2_by_target" else (published,)
    return getattr(score_tables, item.kind)(study, scores, item, *further)


def cell(table: Table, method: str, statistic: str, column: str, **keys: str) -> float:
    """A number of the CSV file; keys as far as they are needed."""
    rows = table.data
    for key, wanted in {table_key(table): method, "statistic": statistic, **keys}.items():
        rows = rows[rows[key] == wanted]
    (value,) = rows[column]
    return value


def table_key(table: Table) -> str:
    return "MAD-X minus" if "MAD-X minus" in table.data else "method"


@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_cells_equal_means_recomputed_from_the_scores(seed):
    study = make_study()
    scores = make_scores(study, seed)
    by_source, by_target = made(study, scores, "table2_by_source"), made(study, scores, "table2_by_target")
    zero_shot = made(study, scores, "table5_zero_shot")
    for method in study.methods("ner"):
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


def test_each_base_has_its_rows_and_its_best(whole, whole_scores):
    table = made(whole, whole_scores, "table2_by_source")
    assert list(table.shown["base"]) == [BASE] * 6 + [SECOND] * 2
    for base in whole.bases:
        mine = whole_scores[(whole_scores.base == base) & (whole_scores.task == "ner")]
        means = mine[mine.source == "qac"].groupby("method")["value"].mean()
        for method, mean in means.items():
            assert math.isclose(cell(table, method, "mean", "qac", base=base), mean)
        bold = [i for i, j in table.best if table.shown.columns[j] == "qac" and table.shown["base"][i] == base]
        assert [table.shown["method"][i] for i in bold] == [METHODS[means.round(1).idxmax()].label]
    assert "Bold: the highest mean of each base" in table.caption and table.rules == (6,)


def test_table3_has_f1_and_em_of_each_target_and_their_deviations(whole, whole_scores):
    table = made(whole, whole_scores, "table3_xquad")
    mine = whole_scores[(whole_scores.task == "qa") & (whole_scores.base == SECOND) & (whole_scores.method == "madx")]
    for metric in ("f1", "em"):
        values = mine[mine.metric == metric]
        of_target = values[values.target == "qag"]["value"]
        average = values.groupby("seed")["value"].mean()  # over all targets, the source too
        keys = {"base": SECOND, "metric": metric}
        assert math.isclose(cell(table, "madx", "mean", "qag", **keys), of_target.mean())
        assert math.isclose(cell(table, "madx", "sd", "qag", **keys), of_target.std())
        assert math.isclose(cell(table, "madx", "mean", "avg", **keys), average.mean())
        assert math.isclose(cell(table, "madx", "sd", "avg", **keys), average.std())
    f1, em = (cell(table, "madx", "mean", "qag", base=SECOND, metric=metric) for metric in ("f1", "em"))
    last = table.shown[table.shown["method"] == "MAD-X"].index[-1]
    assert table.shown["qag"][last] == f"{f1:.1f} / {em:.1f}" and table.shown["method"][last + 1] == "± over seeds"
    one_seed = table.shown.index[table.shown["method"] == "MLM-TRG"][0]
    assert table.shown["qag"][one_seed + 1] == "–"
    assert {table.shown["method"][i] for i, _ in table.best} <= {method.label for method in METHODS.values()}


def test_xcopa_has_a_row_for_each_training_and_leaves_the_source_out(whole, whole_scores):
    table = made(whole, whole_scores, "table_xcopa")
    trainings = table.shown[table.shown["base"] == BASE]["training"].drop_duplicates()
    assert list(trainings) == ["ccr-siqa", "ccr-copa", "ccr-siqa, then ccr"]
    for task in whole.tasks_of("ccr"):
        rows = whole_scores[(whole_scores.task == task) & (whole_scores.base == BASE) & (whole_scores.method == "madx")]
        average = rows[rows.target != "qaa"].groupby("seed")["value"].mean()
        keys = {"base": BASE, "training": task}
        assert math.isclose(cell(table, "madx", "mean", "avg without qaa", **keys), average.mean())
        assert math.isclose(cell(table, "madx", "sd", "avg without qaa", **keys), average.std())
        assert np.isnan(cell(table, "mlm-trg", "sd", "qab", **keys))


def test_trainings_with_other_targets_share_a_table(whole):
    tasks = whole.model_dump()["tasks"]
    tasks["ccr-siqa"]["targets"] = ["qab", "qac"]
    del tasks["ccr"]
    fewer = make_whole_study(tasks=tasks)
    table = made(fewer, make_scores(fewer), "table_xcopa")
    keys = {"base": BASE, "training": "ccr-siqa"}
    assert np.isnan(cell(table, "madx", "mean", "qah", **keys)) and "–" in set(table.shown["qah"])
    mean = (cell(table, "madx", "mean", "qab", **keys) + cell(table, "madx", "mean", "qac", **keys)) / 2
    assert math.isclose(cell(table, "madx", "mean", "avg without qaa", **keys), mean)


def test_a_source_that_is_no_key_has_no_column_and_several_have(whole):
    tasks = whole.model_dump()["tasks"]
    assert "source" not in made(whole, make_scores(whole), "table3_xquad").shown
    two = make_whole_study(tasks=tasks | {"qa": tasks["qa"] | {"sources": ["qaa", "qab"]}})
    scores = make_scores(two)
    table = made(two, scores, "table3_xquad")
    rows = scores[(scores.task == "qa") & (scores.base == BASE) & (scores.method == "madx") & (scores.metric == "em")]
    mean = rows[(rows.source == "qab") & (rows.target == "qac")]["value"].mean()
    assert math.isclose(cell(table, "madx", "mean", "qac", base=BASE, source="qab", metric="em"), mean)
    assert set(table.shown["source"]) == {"qaa", "qab", ""}


def paper_scores(published: pd.DataFrame) -> pd.DataFrame:
    """Table 5 of the paper as if it were a run: source English, one seed."""
    rows = published[(published["item"] == "table5") & published["target"].isin(SIXTEEN)]
    rows = rows[(rows["base"] == "xlm-roberta-base") & rows["method"].isin(METHODS)]
    keys = rows[["base", "method", "task", "source", "target"]].itertuples(index=False)
    values = [(*key, 0, "f1", value, 1) for key, value in zip(keys, rows["value"], strict=True)]
    return pd.DataFrame(values, columns=list(COLUMNS))


def english_study():
    whole = make_paper_study()
    tasks = whole.model_dump()["tasks"]
    tasks["ner"]["sources"] = ["en"]
    return make_paper_study(methods={name: ONE_SEED for name in METHODS}, tasks=tasks)


def test_published_table5_gives_both_averages_and_table2(published):
    study, scores = english_study(), paper_scores(published)
    zero_shot = made(study, scores, "table5_zero_shot", published)
    by_source = made(study, scores, "table2_by_source", published)
    assert round(cell(zero_shot, "madx", "mean", "avg without en"), 1) == 53.2
    assert round(cell(by_source, "madx", "mean", "en"), 2) == 55.04
    # so its own numbers stand beside themselves without a difference, to the printed decimal
    for method in study.methods("ner"):
        assert abs(cell(zero_shot, method, "difference", "avg without en")) < 0.06
        if method != "mlm-src":  # of which Table 2 was legible for one source alone, my
            assert abs(cell(by_source, method, "difference", "en")) < 0.06
        assert cell(zero_shot, method, "difference", "mi") == 0
    assert "± –" in zero_shot.shown.loc[0, "en"]


def test_published_values_and_differences_stand_beside_ours(paper, published):
    table = made(paper, make_scores(paper), "table2_by_source", published)
    assert cell(table, "madx", "paper", "my") == 24.9
    assert cell(table, "madx", "paper", "avg") == 38.2
    ours = cell(table, "madx", "mean", "my")
    assert math.isclose(cell(table, "madx", "difference", "my"), ours - 24.9)
    shown = table.shown.set_index("method")["my"].tolist()
    assert shown[-2:] == ["24.9", signed(ours - 24.9)]
    assert "arXiv:2005.00052v1" in table.caption


def test_value_that_was_not_seen_is_a_dash(paper, published):
    unseen = published[~((published["item"] == "table5") & (published["target"] == "mi"))]
    table = made(paper, make_scores(paper), "table5_zero_shot", unseen)
    assert set(table.shown["mi"][table.shown["method"].isin(["paper", "difference"])]) == {"–"}


def test_mean_over_other_targets_is_not_compared(published):
    study = make_paper_study(languages={"high-resource covered": ["en", "ja"], "low-resource unseen": ["qu"]})
    scores = make_scores(study)
    assert "paper" not in set(made(study, scores, "table2_by_source", published).data["statistic"])
    zero_shot = made(study, scores, "table5_zero_shot", published)
    assert cell(zero_shot, "madx", "paper", "qu") == 66.1
    assert np.isnan(cell(zero_shot, "madx", "paper", "avg without en"))


@pytest.mark.parametrize("renamed", [False, True])
def test_no_published_number_for_a_made_base(study, published, renamed):
    if renamed:  # even under a published name
        study = make_study(bases={"xlm-roberta-base": study.bases[BASE].model_dump()})
    (base,) = study.bases
    for table in all_tables(study, make_scores(study), counts(base), published=published):
        text = table.markdown() + table.latex() + table.data.to_csv()
        assert "arXiv" not in text and "difference," not in text and "\npaper" not in text


def published_in(study, published) -> dict[str, bool]:
    """Whether published values stand in each table of a study with one base."""
    (base,) = study.bases
    tables = all_tables(study, make_scores(study), counts(base), published=published)
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
        ({"source": "hub", "id": "unimelb-nlp/wikiann", "configuration": "{language}", "revision": None}, True),
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


def announced(study) -> list[str]:
    """Names of the tables that make_tables makes."""
    return [item.name for item in tables(study)]


def test_tables_are_those_announced_and_equal_to_the_byte(study, scores, published, tmp_path):
    made_ = all_tables(study, scores, counts(BASE), published=published)
    assert [table.name for table in made_] == announced(study)
    write_tables(made_, tmp_path / "a")
    write_tables(all_tables(study, scores.sample(frac=1), counts(BASE), published=published), tmp_path / "b")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(f"{name}.{ending}" for name in announced(study) for ending in ("csv", "md", "tex"))
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("method", METHODS)
def test_a_study_of_one_method_has_all_tables_that_it_can(method):
    study = make_study({method: {"seeds": [0, 1], "learning_rate": 1e-3}})
    parameters = [row for row in counts(BASE) if row["method"] == method]
    assert [table.name for table in all_tables(study, make_scores(study), parameters)] == announced(study)


def test_a_whole_study_has_all_tables(whole, whole_scores):
    rows = counts(BASE) + counts(SECOND)
    assert [table.name for table in all_tables(whole, whole_scores, rows)] == announced(whole)


def test_published_rows_stand_below_those_of_their_base(published):
    bases = make_paper_study().model_dump()["bases"]
    study = make_paper_study(bases={"other": bases["xlm-roberta-base"] | {"path": "someone/other"}} | bases)
    table = made(study, make_scores(study), "table2_by_source", published)
    assert list(table.shown["base"]) == ["other"] * 4 + ["xlm-roberta-base", "", ""] * 4
    assert list(table.shown["method"])[4:7] == ["full fine-tuning", "paper", "difference"]
    assert set(table.data[table.data["statistic"] == "paper"]["base"]) == {"xlm-roberta-base"}
    assert cell(table, "madx", "paper", "my", base="xlm-roberta-base") == 24.9
    parameters = parameter_table(study, counts("other") + counts("xlm-roberta-base"), published)
    assert list(parameters.shown["base"]) == ["other"] * 3 + ["xlm-roberta-base"] * 3


FEW = {"high-resource covered": ["en", "zh", "ar"], "low-resource covered": ["sw"], "low-resource unseen": ["qu"]}


def hub(name: str) -> dict:
    return {"source": "hub", "id": name, "configuration": "{language}", "revision": None}


def qa_and_ccr_study(test_data: str, **changes):
    """QA on three languages and CCR in its three trainings, on the published base."""
    settings = default_settings()
    data = {"data": hub("rajpurkar/squad"), "test_data": hub(test_data), "sources": ["en"]}
    tasks = {"qa": qa_task(settings) | data | {"targets": ["en", "zh", "ar"]}}
    copa = hub("aps/super_glue") | {"configuration": "copa"}
    for name, trained_on, more in (
        ("ccr-copa", copa, {}),
        ("ccr-siqa", hub("lighteval/siqa"), {}),
        ("ccr", copa, {"starts_from": "ccr-siqa"}),
    ):
        languages = {"data": trained_on, "targets": ["en", "zh", "sw", "qu"]}
        tasks[name] = ccr_task(settings, 2, **more) | data | languages
    return make_paper_study(tasks=tasks, languages=FEW, table5_source=None, **changes)


def test_published_f1_and_em_stand_beside_ours_on_xquad(published):
    study = qa_and_ccr_study("google/xquad")
    table = made(study, make_scores(study), "table3_xquad", published)
    assert (cell(table, "madx", "paper", "zh", metric="f1"), cell(table, "madx", "paper", "en", metric="em")) == (
        published_value(published, "table3", "zh", "f1"),
        72.6,
    )
    ours = cell(table, "madx", "mean", "en", metric="em")
    assert math.isclose(cell(table, "madx", "difference", "en", metric="em"), ours - 72.6)
    assert np.isnan(cell(table, "madx", "paper", "avg", metric="f1")), "a mean over other languages"
    lines = list(table.shown["method"])
    assert lines[lines.index("MAD-X") :] == ["MAD-X", "± over seeds", "paper", "difference"]
    assert lines[lines.index("MLM-TRG") :][:3] == ["MLM-TRG", "± over seeds", "MAD-X – INV"]  # not in the paper
    # with the paper's languages its average stands there, too
    same = published[(published["item"] != "table3") | published["target"].isin(["en", "zh", "ar", "mean-of-11"])]
    same = same.assign(target=same["target"].replace("mean-of-11", "mean-of-3"))
    table = made(study, make_scores(study), "table3_xquad", same)
    assert cell(table, "madx", "paper", "avg", metric="f1") == published_value(published, "table3", "mean-of-11", "f1")
    other = qa_and_ccr_study("someone/quad")
    assert "paper" not in set(made(other, make_scores(other), "table3_xquad", published).shown["method"])


def published_value(published: pd.DataFrame, item: str, target: str, metric: str) -> float:
    rows = published[(published["item"] == item) & (published["target"] == target) & (published["metric"] == metric)]
    (value,) = rows[rows["method"] == "madx"]["value"]
    return value


def test_published_accuracy_stands_at_the_task_of_two_stages(published):
    study = qa_and_ccr_study("cambridgeltl/xcopa")
    table = made(study, make_scores(study), "table_xcopa", published)
    seen = table.data[table.data["statistic"] == "paper"]
    assert [(row.training, row.method) for row in seen.itertuples()] == [("ccr", "madx")]
    assert seen["qu"].item() == 52.5 and np.isnan(seen["en"].item()) and np.isnan(seen["avg without en"].item())
    few = published[
        (published["item"] != "table_xcopa") | published["target"].isin(["zh", "sw", "qu", "mean-without-en"])
    ]
    assert cell(made(study, make_scores(study), "table_xcopa", few), "madx", "paper", "avg without en") == 60.94


@pytest.mark.parametrize("make", [make_paper_study, make_whole_study])
def test_latex_has_as_many_cells_as_columns_and_no_bare_special_character(make, published):
    study = make()
    rows = [row for base in study.bases for row in counts(base)]
    for table in all_tables(study, make_scores(study), rows, published=published):
        text = table.latex()
        assert text.count("{") == text.count("}")
        body = text.split(r"\midrule", 1)[1].split(r"\bottomrule")[0]
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert len(rows) == len(table.shown)
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(table.shown.columns)}
        assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule")) and r"\hline" not in text
        assert sum(width for _, width in table.groups) in (0, len(table.shown.columns))
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


def test_summary_equals_groups_of_the_scores(study, scores):
    summary = summary_by_category(study, scores).data.set_index(["pairs", "method", "statistic"])
    rows = scores[(scores.method == "madx") & (scores.source != scores.target)]
    unseen = rows[rows.target.isin(["qae", "qaf", "qag", "qah"])].groupby("seed")["value"].mean()
    assert math.isclose(summary.loc[("transfer", "madx", "mean"), "unseen"], unseen.mean())
    assert math.isclose(summary.loc[("transfer", "madx", "sd"), "unseen"], unseen.std())
    rows = scores[(scores.method == "madx") & (scores.source == scores.target) & scores.target.isin(["qac", "qad"])]
    assert math.isclose(summary.loc[("in-language", "madx", "mean"), "low-resource covered"], rows["value"].mean())


def test_summary_of_several_tasks_has_a_column_for_them(whole, whole_scores):
    table = summary_by_category(whole, whole_scores)
    labels = ["NER F1", "QA F1", "CCR accuracy (ccr-siqa)", "CCR accuracy (ccr-copa)"]
    assert list(table.shown["task"].drop_duplicates()) == [*labels, "CCR accuracy (ccr-siqa, then ccr)"]
    data = table.data.set_index(["task", "base", "pairs", "method", "statistic"])
    assert set(data.loc["qa"].index.get_level_values("pairs")) == {"transfer"}  # in-language would be one number
    rows = whole_scores[(whole_scores.task == "qa") & (whole_scores.base == SECOND) & (whole_scores.metric == "f1")]
    rows = rows[(rows.method == "madx") & rows.target.isin(["qac", "qad", "qae", "qaf", "qag", "qah"])]
    mean = rows.groupby("seed")["value"].mean().mean()
    assert math.isclose(data.loc[("qa", SECOND, "transfer", "madx", "mean"), "low-resource"], mean)
    assert math.isnan(cell(table, "mlm-trg", "sd", "covered", task="qa", base=BASE, pairs="transfer"))


def test_a_category_that_a_task_has_no_target_of_is_a_dash(whole):
    tasks = whole.model_dump()["tasks"]
    study = make_whole_study(tasks={"ner": tasks["ner"], "qa": tasks["qa"] | {"targets": ["qaa", "qab"]}})
    table = summary_by_category(study, make_scores(study))
    of_qa = table.shown[table.shown["task"] == "QA F1"]
    assert set(of_qa["unseen"]) == {"–"} and "–" not in set(of_qa["covered"])


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


def test_bad_published_file_names_the_line(tmp_path):
    text = (ROOT / "config/published.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "published.csv"
    path.write_text("\n".join([*text[:3], text[2]]), encoding="utf-8")
    with pytest.raises(PublishedError, match=r"published\.csv:4: this value stands twice"):
        read_published(path)
    path.write_text("\n".join([*text[:2], text[2].replace("38.2", "many")]), encoding="utf-8")
    with pytest.raises(PublishedError, match=r"published\.csv:3: 'many' is no number"):
        read_published(path)
