"""Names of tables and figures: no two alike, plain where a study has one of a kind, and all with a caption."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from madx.methods import METHODS
from madx.reporting.captions import figure_captions
from madx.reporting.names import figure_names, figures, report_caption, table_names, tables
from tests.unit.reporting.conftest import BASE, ONE_SEED, make_paper_study, make_study, make_whole_study

CAPTIONS = Path(__file__).parents[3] / "workflow/report"


def test_a_study_of_one_task_and_base_has_the_names_of_the_paper():
    study = make_study({name: ONE_SEED for name in METHODS}, figure6_targets=["qac"])
    assert table_names(study) == (
        "summary_by_category",
        "table1_languages",
        "miniature_languages",
        "table2_by_source",
        "table2_by_target",
        "table5_zero_shot",
        "significance_ner",
        "figure6_sample_efficiency",
        "table4_parameters",
    )
    assert figure_names(study) == (
        "miniature_languages",
        "figure3_madx_vs_full-finetuning",
        "figure4_madx_vs_mlm-trg",
        "figure5_madx_vs_madx-no-inv",
        "forest_ner",
        "figure6_sample_efficiency",
        *(f"heatmap_{method}" for method in METHODS),
        "learning_curves",
    )


def test_every_task_and_base_of_a_whole_study_has_its_own(whole):
    names = table_names(whole) + tuple(f"figure {name}" for name in figure_names(whole))
    assert len(set(names)) == len(names)
    assert {"table3_xquad", "qa_boundaries", "table_xcopa", "miniature_tasks"} <= set(table_names(whole))
    for task, base in itertools.product(("qa", "ccr-siqa", "ccr-copa", "ccr"), whole.bases):
        assert {f"scores_{task}_{base}", f"forest_{task}_{base}"} <= set(figure_names(whole))
    # the second base is used with two of the methods
    assert [item.method for item in figures(whole) if (item.kind, item.base) == ("heatmap", "second-base")] == [
        "full-finetuning",
        "madx",
    ]


def test_several_tasks_of_a_kind_bear_their_names(study):
    ner = study.model_dump()["tasks"]["ner"]
    two = make_study(tasks={"ner": ner, "ner-small": ner})
    assert {"table2_by_source_ner", "table5_zero_shot_ner-small"} <= set(table_names(two))
    assert {"heatmap_madx_ner", "forest_ner-small", "figure5_madx_vs_madx-no-inv_ner"} <= set(figure_names(two))


def test_nothing_is_announced_that_the_study_has_no_numbers_for():
    alone = make_study({"full-finetuning": ONE_SEED}, table5_source=None, miniature={"seed": 4})
    assert table_names(alone) == (
        "summary_by_category",
        "table1_languages",
        "miniature_languages",
        "table2_by_source",
        "table2_by_target",
    )
    assert figure_names(alone) == ("miniature_languages", "heatmap_full-finetuning")


def test_methods_on_different_bases_are_not_compared(study):
    (settings,) = study.model_dump()["bases"].values()
    apart = {"madx": ONE_SEED | {"bases": [BASE]}, "full-finetuning": ONE_SEED | {"bases": ["other"]}}
    names = table_names(make_study(apart, bases={BASE: settings, "other": settings}))
    assert not any(name.startswith("significance") for name in names)


def test_published_numbers_need_a_published_base_and_data(study):
    assert "ours_beside_published" in table_names(make_paper_study())
    assert "ours_beside_published" not in table_names(study)
    assert "ours_beside_published" not in table_names(make_paper_study("someone-elses-base"))


@pytest.mark.parametrize("bases", [*itertools.permutations(["source", "category", "x"], 2)])
def test_captions_are_found_whatever_the_bases_are_called(study, bases):
    """`table2_by_source` and `summary_by_category` end like these bases."""
    (settings,) = study.model_dump()["bases"].values()
    several = make_study(bases=dict.fromkeys(bases, settings))
    for names in (table_names, figure_names):
        one = {report_caption(study, name) for name in names(study)}
        assert {report_caption(several, name) for name in names(several)} == one


@pytest.mark.parametrize("make", [make_whole_study, make_paper_study])
def test_all_have_captions_in_the_report_and_figures_on_the_page(make):
    study = make()
    for item in (*tables(study), *figures(study)):
        assert (CAPTIONS / report_caption(study, item.name)).is_file(), item
    captions = figure_captions(study)
    assert tuple(captions) == figure_names(study)


def test_captions_name_the_paper_s_figures(whole):
    captions = figure_captions(whole)
    for method, number in zip(METHODS, range(7, 13), strict=True):
        assert captions[f"heatmap_{method}_{BASE}"].startswith(f"Figure {number}: ")
    assert captions[f"figure4_madx_vs_mlm-trg_{BASE}"].startswith("Figure 4: MAD-X minus MLM-TRG")
    assert "3 seeds, MLM-TRG one seed" in captions[f"scores_qa_{BASE}"]


def test_core_does_not_import_reporting():
    """madx.reporting.names, which rules use, loads neither pandas nor matplotlib."""
    code = "import sys, madx.reporting.names; sys.exit(any(m in sys.modules for m in ('pandas', 'matplotlib')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
