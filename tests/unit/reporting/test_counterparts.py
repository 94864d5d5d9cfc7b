"""Published numbers count where base, training data and test data are the published ones."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from madx.config import Study, parse_study
from madx.reporting.counterparts import find_counterparts, has_counterparts, on_published_data
from madx.reporting.published import published_rows, read_published
from tests.unit.reporting.conftest import ROOT
from tests.unit.reporting.whole_paper import BASE, XQUAD, changed, hub, paper_settings

PUBLISHED = ROOT / "config/published.csv"


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> dict[str, Any]:
    return paper_settings(tmp_path_factory.mktemp("languages"))


@pytest.fixture(scope="module")
def whole(settings) -> Study:
    return parse_study(settings, "test")


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    return read_published(PUBLISHED)


def items(study: Study, values: pd.DataFrame) -> set[str]:
    """Items of which some number has a counterpart."""
    return {row["item"] for row, _ in find_counterparts(study, values.to_dict("records"))}


@pytest.mark.parametrize(
    ("path", "value", "lost"),
    [
        (("tasks", "ner", "data"), hub("masakhane/masakhaner2"), {"table2", "table5", "figure4"}),
        (("tasks", "qa", "data"), hub("someone/squad_v2", "plain_text"), {"table3"}),
        (("tasks", "qa", "test_data"), hub("facebook/mlqa"), {"table3"}),
        (("tasks", "siqa-copa", "starts_from"), None, {"table_xcopa"}),
        (("tasks", "siqa-copa", "test_data"), hub("someone/copa-hr"), {"table_xcopa"}),
        (("tasks", "siqa-copa", "data"), hub("aps/super_glue", "boolq"), {"table_xcopa"}),
        (("tasks", "siqa", "data"), hub("someone/qa"), {"table_xcopa"}),
    ],
)
def test_other_data_are_not_compared(settings, values, path, value, lost):
    study = changed(settings, *path, value=value)
    assert set(values["item"]) - {"table4"} - items(study, values) == lost
    for item in lost:
        metric = values[values["item"] == item]["metric"].iloc[0]
        assert published_rows(study, values, BASE, item, metric).empty


def test_one_target_from_elsewhere_is_left_out_alone(settings, values):
    study = changed(settings, "tasks", "qa", "test_data_of", value={"en": hub("rajpurkar/squad", "plain_text")})
    found = find_counterparts(study, values.to_dict("records"))
    targets = {row["target"] for row, _ in found if row["item"] == "table3"}
    assert targets == set(XQUAD) - {"en"}, "neither English nor the mean over all"
    assert on_published_data(study, "qa", ["en"], ["de"]) and not on_published_data(study, "qa", ["en"], ["en"])
    assert "en" not in set(published_rows(study, values, BASE, "table3", "em", task="qa")["target"])


def test_published_rows_of_a_task(whole, values):
    assert len(published_rows(whole, values, BASE, "table3", "em", task="qa")) == 36
    assert len(published_rows(whole, values, BASE, "table3", "em")) == 36
    assert len(published_rows(whole, values, BASE, "table_xcopa", "accuracy", task="siqa-copa")) == 12
    assert published_rows(whole, values, BASE, "table_xcopa", "accuracy", task="copa").empty
    assert published_rows(whole, values, BASE, "table3", "em", task="ner").empty
    assert len(published_rows(whole, values, "mbert", "table5")) == 17
    assert len(published_rows(whole, values, BASE, "table4", "percent_of_base")) == 3


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("FacebookAI/xlm-roberta-base", True),
        ("/models/xlm-roberta-base/", True),
        ("someone/xlm-roberta-base-tuned", False),
        ("all-MiniLM-L6-v2", False),
    ],
)
def test_base_is_known_by_its_path(settings, values, path, same):
    pretrained = {"source": "pretrained", "revision": None, "mlm_head": "included", "path": path}
    study = changed(settings, "bases", value={"mine": pretrained})
    assert has_counterparts(study, PUBLISHED) == same
    assert published_rows(study, values, "mine", "table5").empty != same
    assert published_rows(study, values, "mine", "table4", "percent_of_base").empty != same


@pytest.mark.parametrize("lacking", ["madx", "mlm-trg"])
def test_method_that_a_base_lacks_has_no_counterpart(settings, values, lacking):
    method = settings["tasks"]["ner"]["methods"][lacking] | {"bases": ["mbert"]}
    study = changed(settings, "tasks", "ner", "methods", lacking, value=method)
    found = [ours for _, ours in find_counterparts(study, values.to_dict("records")) if ours.task == "ner"]
    assert {ours.method for ours in found if ours.base == BASE} == set(settings["tasks"]["ner"]["methods"]) - {lacking}
    assert all(ours.other is None for ours in found), "a difference needs both of its methods"
