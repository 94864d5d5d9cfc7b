"""The table of differences: the bootstrap's numbers in their places, honest marks, counted wins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from madx.reporting.comparisons import comparisons, single_languages
from madx.reporting.names import Item
from madx.reporting.significance import significance_table
from madx.reporting.table import signed, write_table
from tests.unit.reporting.synthetic import SIXTEEN, make_bootstrap, small_study, span_counts

LANGUAGES = {
    "high-resource covered": ["qaa", "qab"],
    "low-resource covered": ["qac"],
    "truly low-resource unseen": ["qad"],
}
SEEDS = {"madx": 3, "full-finetuning": 3, "mlm-trg": 1}
BASE = "miniature-base"
ITEM = Item("significance_ner", "significance", "ner", "ner")


def draw(method: str, source: str, target: str, seeds: int) -> np.ndarray:
    """MAD-X is far ahead of full fine-tuning, and about as good as MLM-TRG but for one source."""
    quality = {"madx": 0.7, "full-finetuning": 0.4, "mlm-trg": 0.7}[method]
    if source == "qab" and method == "mlm-trg":
        quality = 0.95
    random = np.random.default_rng([*f"{method}{source}{target}".encode()])
    return span_counts(random, quality, 80, seeds)


@pytest.fixture(scope="module")
def study():
    return small_study(LANGUAGES, SEEDS)


@pytest.fixture(scope="module")
def bootstrap(study):
    return make_bootstrap(study, "ner", draw)


@pytest.fixture(scope="module")
def table(study, bootstrap):
    return significance_table(study, {BASE: bootstrap}, ITEM)


def row(table, method: str, level: str, name: str) -> pd.Series:
    data = table.data.set_index(["madx_minus", "level", "name"])
    return data.loc[(method, level, name)]


def test_groups_are_the_pairs_that_they_name(study):
    groups = {item.name: item for item in comparisons(study, "ner")}
    assert list(groups) == [
        "all pairs",
        "in-language pairs",
        "transfer pairs",
        *LANGUAGES,
        "low-resource",
        "covered",
        "unseen",
        "low-resource minus high-resource covered",
        "unseen minus covered",
    ]
    assert groups["all pairs"].pairs.all()
    assert np.array_equal(groups["transfer pairs"].pairs, ~np.eye(4, dtype=bool))
    assert np.array_equal(groups["in-language pairs"].pairs, np.eye(4, dtype=bool))
    columns = {name: item.pairs.all(axis=0).tolist() for name, item in groups.items()}
    assert columns["low-resource covered"] == [False, False, True, False]
    assert columns["covered"] == [True, True, True, False]
    assert columns["low-resource"] == [False, False, True, True]
    contrast = groups["unseen minus covered"]
    assert np.array_equal(contrast.pairs, groups["unseen"].pairs)
    assert np.array_equal(contrast.against, groups["covered"].pairs)
    single = single_languages(study, "ner")
    assert single["source"][1].pairs[1].all() and single["source"][1].pairs.sum() == 4
    assert single["target"][3].name == "qad" and single["target"][3].pairs[:, 3].all()


def test_categories_without_targets_have_no_row():
    study = small_study({"high-resource covered": ["qaa"], "low-resource covered": ["qac"]}, SEEDS)
    names = [item.name for item in comparisons(study, "ner")]
    assert "unseen" not in names and "covered" not in names
    assert names[3:5] == ["high-resource covered", "low-resource covered"]
    alone = small_study({"high-resource covered": ["qaa"]}, SEEDS)
    assert [item.name for item in comparisons(alone, "ner")] == ["all pairs", "in-language pairs"]


def test_numbers_are_the_bootstraps(study, bootstrap, table):
    for other in ("full-finetuning", "mlm-trg"):
        for item in comparisons(study, "ner"):
            interval = bootstrap.difference("madx", other, item.pairs, item.against)
            found = row(table, other, "group", item.name)
            assert (found["value"], found["low"], found["high"]) == (interval.value, interval.low, interval.high)
            assert found["significant"] == interval.excludes_zero
            assert found["seeds_resampled"] == (other == "full-finetuning")
            mark = "*" if interval.excludes_zero else ""
            label = {"full-finetuning": "full fine-tuning", "mlm-trg": "MLM-TRG"}[other]
            shown = table.shown.set_index("pairs")[label][item.name]
            assert shown == f"{signed(interval.value)}{mark} [{signed(interval.low)}, {signed(interval.high)}]"


def test_wins_are_counted_over_single_sources_and_targets(table):
    data = table.data
    for other in ("full-finetuning", "mlm-trg"):
        for level in ("source", "target"):
            single = data[(data["madx_minus"] == other) & (data["level"] == level)]
            assert list(single["name"]) == ["qaa", "qab", "qac", "qad"]
            ahead, surely = int((single["value"] > 0).sum()), int((single["low"] > 0).sum())
            wins = row(table, other, "wins", f"{level}s ahead")
            assert (wins["value"], wins["significant"], wins["of"]) == (ahead, surely, 4)
    shown = table.shown.set_index("pairs")
    assert shown.loc["sources ahead", "full fine-tuning"] == "4/4 (4*)"
    behind = data[(data["madx_minus"] == "mlm-trg") & (data["name"] == "qab") & (data["level"] == "source")].iloc[0]
    assert behind["high"] < 0 and behind["significant"] == 1  # a loss is significant too, but is no win
    assert int(shown.loc["sources ahead", "MLM-TRG"].split("/")[0]) < 4


def test_caption_says_what_was_not_done(study, table):
    assert "nothing is corrected for multiple comparisons" in table.caption
    assert "only the examples were resampled: MLM-TRG." in table.caption
    many = {"madx": 2, "full-finetuning": 2}
    without = small_study(LANGUAGES, many)
    caption = significance_table(without, {BASE: make_bootstrap(without, "ner", draw)}, ITEM).caption
    assert "One seed" not in caption


def test_several_bases_stand_one_below_the_other(study, bootstrap, tmp_path):
    fewer = small_study(LANGUAGES, {"madx": 2, "full-finetuning": 2})
    alone = small_study(LANGUAGES, {"madx": 2})
    table = significance_table(
        study,
        {
            BASE: bootstrap,
            "another-base": make_bootstrap(fewer, "ner", draw),
            "third-base": make_bootstrap(alone, "ner", draw),
        },
        ITEM,
    )
    rows = len(comparisons(study, "ner")) + 2
    assert table.rules == (rows,) and len(table.shown) == 2 * rows
    assert list(table.shown["base"][lambda names: names != ""]) == ["miniature-base", "another-base"]
    assert set(table.shown["MLM-TRG"][rows:]) == {"–"}
    assert set(table.data["base"]) == {"miniature-base", "another-base"}
    write_table(table, tmp_path)
    again = pd.read_csv(tmp_path / "significance_ner.csv")
    assert len(again) == len(table.data)
    assert set(again["significant"].dropna()) <= {0, 1, 2, 3, 4}


def test_nothing_to_compare_is_an_error():
    study = small_study(LANGUAGES, {"madx": 2})
    with pytest.raises(ValueError, match="needs MAD-X and another method"):
        significance_table(study, {BASE: make_bootstrap(study, "ner", draw)}, ITEM)


def test_the_papers_grid_fits_a_page():
    """16 x 16 languages and five other methods: as many rows as groups, wins like 13/16."""
    names = ["high-resource covered", "low-resource covered", "low-resource unseen", "truly low-resource unseen"]
    languages = {name: SIXTEEN[4 * i : 4 * i + 4] for i, name in enumerate(names)}
    seeds = {"full-finetuning": 2, "mlm-src": 2, "mlm-trg": 1, "madx-no-lad-inv": 2, "madx-no-inv": 2, "madx": 2}
    study = small_study(languages, seeds, data={"source": "miniature", "train": 10, "dev": 10, "test": 20})

    def quick(method: str, source: str, target: str, count: int) -> np.ndarray:
        random = np.random.default_rng([*f"{method}{source}{target}".encode()])
        return span_counts(random, 0.4 + 0.05 * list(seeds).index(method), 20, count)

    table = significance_table(study, {BASE: make_bootstrap(study, "ner", quick)}, ITEM)
    assert len(table.shown) == len(comparisons(study, "ner")) + 2 == 14
    assert len(table.data) == 5 * (14 + 32)
    assert table.shown.set_index("pairs").loc["sources ahead", "full fine-tuning"].split(" ")[0] == "16/16"
