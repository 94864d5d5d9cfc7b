"""The page of a study: everything on it, equal for equal files, honest about a made base."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from madx.paths import Paths
from madx.reporting.facts import adaptation_table, read_guessing, read_sizes
from madx.reporting.learning_curves import write_learning_curves
from madx.reporting.names import figure_names, table_names
from madx.reporting.page import PageError, render_page, write_page
from madx.repositories import repositories
from madx.revisions import record_revision
from tests.unit.reporting.conftest import ONE_SEED, make_paper_study, make_study
from tests.unit.reporting.test_figures import write_metrics


def made_by(commit: str) -> dict:
    git = {"commit": commit, "dirty": False}
    made = {"configuration": "c0ffee", "code": "0ddba11", "git": git, "versions": {"torch": "2.13.0"}, "data": {}}
    machine = {"device": "cpu", "precision": "float32", "threads": 1, "float32_products": "oneDNN"}
    trained = {"git": {"commit": "3333", "dirty": True}, "machine": {**machine, "precision": "bfloat16"}}
    return {**made, "machine": machine, "trained": [{"provenance": trained}]}


@pytest.fixture
def folder(study, tmp_path):
    return fill(study, tmp_path)


def test_guessing_follows_from_the_number_of_options(whole, tmp_path):
    paths = Paths(whole, tmp_path)
    for task in whole.tasks_of("ccr"):
        for target in whole.codes:
            path = paths.labelled(task, target, "test")
            path.parent.mkdir(parents=True, exist_ok=True)  # tasks share equal test parts
            options = ["a", "b", "c"] if target == "qab" else ["a", "b"]
            pd.DataFrame({"id": ["1", "2"], "options": [options, options]}).to_parquet(path)
    guessing = read_guessing(whole, tmp_path)
    assert guessing["ner"] == {} == guessing["qa"]
    assert guessing["ccr"] == dict.fromkeys(whole.codes, 50.0) | {"qab": pytest.approx(100 / 3)}


def fill(study, folder):
    """A finished study's folder, with the smallest files that the page reads."""
    for number, path in enumerate(Paths(study, folder).all_scores()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"scores": [], "provenance": made_by("1111" if number else "2222")}))
    write_metrics(study, folder / "adaptations")
    for name in table_names(study):
        (folder / "tables").mkdir(exist_ok=True)
        (folder / "tables" / f"{name}.md").write_text(f"caption of {name}\n\n| a |\n|---|\n| 1 |\n")
    for name in figure_names(study):
        (folder / "figures").mkdir(exist_ok=True)
        (folder / "figures" / f"{name}.png").touch()
    for name, repository in repositories(study).items():
        record_revision(replace(repository, revision="f" * 40), folder / "revisions" / f"{name}.json")
    exclusion = {"removed": True, "distinct": 480, "found": 300, "found_share": 0.625, "occurrences": 3210}
    for code in study.codes:
        path = folder / "corpora" / "text" / f"{code}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"documents": 12, "characters": 34567, "exclusion": exclusion}))
    for number, (seconds, memory) in enumerate([("3600.4", "100.5"), ("65", "-")]):
        path = folder / "benchmarks" / "adapt_language" / f"{number}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t-\t{memory}\n")
    (folder / "benchmarks" / "make_tables.tsv").write_text("s\th:m:s\tmax_rss\n7\t-\t250.2\n")
    return folder


def test_page_has_every_table_figure_and_fact(study, folder):
    page = render_page(study, folder)
    for name in table_names(study):
        assert page.count(f"caption of {name}\n") == 1
    for name in figure_names(study):
        assert page.count(f"](figures/{name}.png)") == 1
    for fact in (
        "c0ffee",
        "0ddba11",
        "`1111, 2222`",
        "`3333 with uncommitted changes`",
        "`cpu (bfloat16, threads: 1, float32 products by oneDNN), "
        "cpu (float32, threads: 1, float32 products by oneDNN)`",
        "2.13.0",
        "62.5 %",
        "1:01:05 h",
        "| make_tables    |      1 |            7 s |",
        f"adaptation:\n  weight_decay: {study.adaptation.weight_decay}",
    ):
        assert fact in page, fact
    assert "90.0" in page and "40.0" in page  # perplexity before and after
    assert "\n\n\n\n" not in page


def test_links_are_relative_and_nothing_depends_on_the_place_or_time(study, folder, tmp_path_factory):
    write_page(study, folder)
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert str(folder) not in page
    # its own time exists when the page is made again, and does not count
    (folder / "benchmarks" / "make_page.tsv").write_text("s\th:m:s\tmax_rss\n1\t-\t2\n")
    assert page == render_page(study, folder)
    assert page == render_page(study, fill(study, tmp_path_factory.mktemp("elsewhere")))
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert not link.startswith(("/", "http"))


def test_equal_studies_with_data_in_other_folders_have_equal_pages(study, folder):
    pages = [render_page(make_study(data_root=root), folder) for root in (None, "/home/someone/data")]
    assert pages[0] == pages[1] and "data_root" not in pages[0] and "configuration digest |" in pages[0]


def test_only_a_made_base_is_called_a_demonstration(study, folder, tmp_path_factory):
    assert "demonstrate that the machinery" in render_page(study, folder)
    paper = make_paper_study()
    page = render_page(paper, fill(paper, tmp_path_factory.mktemp("paper")))
    assert "demonstrate" not in page
    assert f"| revision of model FacebookAI/xlm-roberta-base | `{'f' * 40}` |" in page


def test_missing_part_is_named(study, folder):
    (folder / "figures" / "heatmap_madx.png").unlink()
    with pytest.raises(PageError, match=r"heatmap_madx\.png: this part of the page is missing"):
        write_page(study, folder)
    assert not (folder / "README.md").exists()


def test_study_without_adaptations_has_no_section_for_them(tmp_path):
    study = make_study({"full-finetuning": {"seeds": [0], "learning_rate": 1e-4}})
    page = render_page(study, fill(study, tmp_path))
    assert "## Language adaptation" not in page and "learning_curves" not in page
    assert Paths(study, tmp_path).metrics() == []
    write_learning_curves(study, [], tmp_path / "curves")
    assert not (tmp_path / "curves").exists()


def test_sizes_are_read_where_they_exist(study, folder):
    assert read_sizes(study, folder)["qaa"] == {"text, characters": 34567}


def test_sizes_are_of_sources_and_targets(whole, tmp_path):
    for code, split, count in (("qab", "train", 5), ("qab", "dev", 2), ("qah", "test", 3)):
        path = tmp_path / "labelled" / "ner" / code / f"{split}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"tokens": range(count)}).to_parquet(path)
    sizes = read_sizes(whole, tmp_path)
    assert sizes["qab"] == {"NER train": 5, "NER dev": 2} and sizes["qah"] == {"NER test": 3} and sizes["qac"] == {}


def test_a_whole_study_shows_one_task_after_the_other(whole, tmp_path):
    page = render_page(whole, fill(whole, tmp_path))
    for name in table_names(whole):
        assert page.count(f"caption of {name}\n") == 1
    for name in figure_names(whole):
        assert page.count(f"](figures/{name}.png)") == 1
    order = ["## Summary", "## Languages", "## Named entity", "(tables/significance_ner.csv)", "(figures/heatmap_madx_"]
    order += [
        "## Question",
        "(tables/table3_xquad.csv)",
        "(figures/scores_qa_",
        "## Causal",
        "(tables/table_xcopa.csv)",
    ]
    order += ["(figures/scores_ccr-copa_", "## Parameters", "## Language adaptation"]
    places = [page.index(part) for part in order]
    assert places == sorted(places)
    assert "5 tasks (ner, qa, ccr-siqa, ccr-copa, ccr), 6 methods, 2 bases" in page
    assert "\n\n\n\n" not in page


def test_languages_without_an_adaptation_have_dashes(tmp_path):
    """mlm-src adapts to sources and mlm-trg to targets; only what the methods need is asked for."""
    tasks = make_study().model_dump()["tasks"]
    tasks["ner"] |= {"sources": ["qaa", "qab"], "targets": ["qab", "qac"]}
    tasks["ner"]["methods"] = {"mlm-src": ONE_SEED, "madx": ONE_SEED}
    study = make_study(tasks=tasks)
    write_metrics(study, tmp_path / "adaptations")
    assert len(Paths(study, tmp_path).metrics()) == 2 + 3
    table = adaptation_table(study, tmp_path).set_index("language")
    assert list(table.index) == ["qaa", "qab", "qac"]
    assert [column.partition(":")[0] for column in table] == ["full"] * 3 + ["lad-inv"] * 3
    assert table.loc["qac", "full: after"] == "–" and table.loc["qac", "lad-inv: after"] == "40.0"
