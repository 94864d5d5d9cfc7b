"""The errata: each number, and that a changed published value is noticed."""

from __future__ import annotations

import math
import warnings

import pandas as pd
import pytest
import torch
from transformers import XLMRobertaConfig, XLMRobertaModel

from madx.reporting import errata
from madx.reporting.errata_page import ErrataError, errata_page, find_errata, write_errata_page
from madx.reporting.published import read_published
from tests.unit.reporting.conftest import ROOT


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    return read_published(ROOT / "config/published.csv")


def changed(values: pd.DataFrame, value: float, **row: str) -> pd.DataFrame:
    """The published values with one of them changed."""
    at = pd.Series(True, index=values.index)
    for column, wanted in row.items():
        at &= values[column] == wanted
    assert at.sum() == 1, row
    return values.assign(value=values["value"].mask(at, value))


def test_page_is_in_step(values):
    text = (ROOT / "docs/errata.md").read_text(encoding="utf-8")
    assert text == errata_page(values), "write it again: python -m madx.reporting.errata_page"


def test_published_values_bear_out_every_section(values):
    assert [erratum.title for erratum in find_errata(values) if not erratum.holds] == []


def test_page_is_written_as_a_file(values, tmp_path):
    write_errata_page(ROOT / "config/published.csv", tmp_path / "errata.md")
    assert (tmp_path / "errata.md").read_text(encoding="utf-8") == errata_page(values)


def test_english_column_of_table2_is_the_mean_of_table5(values):
    found = errata.table2_against_table5(values)
    assert found["from_table5"].round(2).to_dict() == {
        "full-finetuning": 44.20,
        "mlm-src": 39.48,
        "mlm-trg": 54.80,
        "madx-no-lad-inv": 44.45,
        "madx-no-inv": 52.30,
        "madx": 55.04,
    }
    assert found.loc["madx", "printed"] == 55.0 and math.isnan(found.loc["mlm-src", "printed"])
    assert found["difference"].dropna().abs().max() < 0.1 + 1e-9


def test_rows_of_figure4_are_the_columns_of_table2(values):
    found = errata.table2_against_figure4(values)
    legible = found.dropna(subset="row")
    assert set(errata.LANGUAGES) - set(legible.index) == {"qu", "xmf", "mi", "mhr"}
    assert (legible["row"] - legible["table2"]).abs().max() < 0.15
    assert found.loc["zh"].round(2).to_dict() == {"table2": -7.4, "row": -7.38, "column": 2.82}
    assert found.loc["ar", "row"] == pytest.approx(7.10) and found.loc["cdo", "row"] == pytest.approx(7.5875)
    assert (found["column"] - found["table2"]).abs().max() > 10


def test_averages(values):
    table5 = errata.table5_averages(values)
    assert (table5["printed"] - table5["without_english"]).abs().max() < 0.06
    assert (table5["printed"] - table5["with_english"]).abs().min() > 1.8
    assert len(table5) == 7
    table3 = errata.table3_averages(values)
    assert table3.loc[("madx-no-inv", "f1"), "mean"] == pytest.approx(758.5 / 11)
    assert table3.loc[("madx-no-inv", "f1"), "difference"] == pytest.approx(67.0 - 758.5 / 11)
    assert table3["difference"].drop(("madx-no-inv", "f1")).abs().max() < 0.05
    table2 = errata.table2_averages(values)
    assert list(table2.index) == ["full-finetuning", "mlm-trg", "madx-no-lad-inv", "madx-no-inv", "madx"]
    assert (table2["printed"] - table2["mean"]).abs().max() < 0.05
    xcopa = errata.xcopa_average(values)
    assert xcopa["printed"] == 60.94 and xcopa["mean"] == pytest.approx(670.3 / 11)
    assert len(xcopa["cells"]) == 11 and "en" not in xcopa["cells"]


def test_counts_of_table4(values):
    found = errata.table4_counts(values)
    layers, width = 12, 768
    language, invertible, task = layers * 2 * width * 384, 2 * 2 * 384 * 192, layers * 2 * width * 48
    assert found["weights"].to_dict() == {
        "madx": language + invertible + task,
        "madx-no-inv": language + task,
        "madx-no-lad-inv": task,
    }
    assert found.loc["madx", ["weights", "weights_and_biases"]].tolist() == [8_257_536, 8_282_304]
    assert [math.floor(100 * value) / 100 for value in found["millions"]] == found["printed_millions"].tolist()
    assert [math.floor(100 * value) / 100 for value in found["percent"]] == found["printed_percent"].tolist()
    assert round(found.loc["madx", "millions"], 2) == 8.26 and round(found.loc["madx", "percent"], 2) == 3.06


def test_size_of_the_base():
    config = XLMRobertaConfig(
        vocab_size=250_002, max_position_embeddings=514, type_vocab_size=1, hidden_size=768, num_hidden_layers=12
    )
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        base = XLMRobertaModel(config, add_pooling_layer=False)
    assert sum(p.numel() for p in base.parameters()) == errata.SIZE


def test_counts_in_the_text_are_counts_of_sources(values):
    assert {k: len(v) for k, v in errata.gains(values, "mlm-trg", "full-finetuning").items()} == {
        "sources": 9,
        "targets": 13,
    }
    found = errata.gains(values, "madx", "madx-no-inv")
    assert set(errata.LANGUAGES) - set(found["sources"]) == {"jv", "cdo", "mi"}
    assert set(errata.LANGUAGES) - set(found["targets"]) == {"zh", "cdo"}
    assert errata.difference_by_source(values, "madx", "madx-no-inv").idxmin() == "mi"


def test_figure4_is_in_points(values):
    found = errata.figure4_scale(values)
    assert (found["figure4"] - found["points"]).abs().max() < 0.15
    assert found.loc["ja"].round(1).to_dict() == {"figure4": 9.7, "points": 9.7, "percent": 104.3}


def test_unseen_languages_as_sources_and_as_targets(values):
    found = errata.unseen_languages(values).round(1)
    assert found.loc["full-finetuning"].tolist() == [26.2, 39.3]
    assert found.loc["mlm-trg"].tolist() == [24.4, 58.5]
    assert found.loc["madx-no-lad-inv"].tolist() == [20.4, 39.4]
    assert math.isnan(found.loc["mlm-src", "as_sources"])


def test_placements_by_hand():
    """The worked example against equation 2 and the released code's formula, written out in float64."""

    def norm(v):
        return (v - v.mean()) / (v.var(correction=0) + 1e-5).sqrt()

    def relu(*numbers):
        return [max(float(n), 0.0) for n in numbers]

    def language(h):
        a, b = relu(h[0] + h[3], h[1] - h[2])
        return torch.tensor([a, b, a + b, 0.0], dtype=torch.float64)

    def task(h):
        a, b = relu(h[1] + h[2], h[0] - h[3])
        return torch.tensor([b, 2 * a, 0.0, a + b], dtype=torch.float64)

    x = torch.tensor([1.0, 0, -1, 2], dtype=torch.float64)
    r = torch.tensor([0.5, 1, -0.5, 0], dtype=torch.float64)
    la = language(norm(r + x)) + r
    expected = {"paper": task(la) + r, "adapterhub": task(norm(la + x)) + la}
    found = errata.placements()
    for name, ta in expected.items():
        assert found.loc["LA", name] == pytest.approx(la.tolist(), abs=1e-5)
        assert found.loc["TA", name] == pytest.approx(ta.tolist(), abs=1e-5)
        assert found.loc["output", name] == pytest.approx(norm(ta + x).tolist(), abs=1e-5)
    assert found.loc["residual", "paper"] == pytest.approx(r.tolist(), abs=1e-5)
    assert found.loc["residual", "adapterhub"] == pytest.approx(la.tolist(), abs=1e-5)
    assert found.loc["task_input", "paper"] == pytest.approx(la.tolist(), abs=1e-5)
    assert found.loc["task_input", "adapterhub"] == pytest.approx(norm(la + x).tolist(), abs=1e-5)


@pytest.mark.parametrize(
    ("section", "value", "row"),
    [
        ("the English column", 57.0, {"item": "table2", "method": "madx", "source": "en"}),
        ("every other column", 47.0, {"item": "table2", "method": "madx", "source": "ja"}),
        ("every other column", -30.0, {"item": "figure4", "source": "zh", "target": "mi"}),
        ("count sources", 26.4, {"item": "table2", "method": "mlm-trg", "source": "my"}),
        ("unseen targets", 90.0, {"item": "table5", "method": "madx", "target": "qu"}),
        ("leaves English out", 55.0, {"item": "table5", "method": "madx", "target": "mean-without-en"}),
        ("F1 average", 69.0, {"item": "table3", "method": "madx-no-inv", "target": "mean-of-11", "metric": "f1"}),
        ("F1 average", 53.4, {"item": "table3", "method": "madx-no-inv", "target": "mean-of-11", "metric": "em"}),
        ("weight matrices", 8.26, {"item": "table4", "method": "madx", "metric": "added_params_millions"}),
        ("weight matrices", 3.06, {"item": "table4", "method": "madx", "metric": "percent_of_base"}),
        ("XCOPA", 61.5, {"item": "table_xcopa", "target": "mean-without-en"}),
        ("in points", 104.3, {"item": "figure4", "source": "en", "target": "ja"}),
    ],
)
def test_changed_value_is_noticed(values, section, value, row):
    other = changed(values, value, **row)
    assert any(section in erratum.title for erratum in find_errata(other) if not erratum.holds)
    with pytest.raises(ErrataError, match="no longer show"):
        errata_page(other)


def test_wrong_average_of_table2_is_noticed(values):
    with pytest.raises(ErrataError, match="Table 2"):
        errata_page(changed(values, 39.0, item="table2", method="madx", source="mean"))
