"""Names of tables and figures: with several bases each has its own, and all share the captions."""

import itertools
from pathlib import Path

import pytest

from madx.reporting.names import figure_names, report_caption, table_names
from tests.unit.reporting.conftest import make_study

CAPTIONS = Path(__file__).parents[3] / "workflow/report"


@pytest.mark.parametrize("bases", [*itertools.permutations(["source", "category", "x"], 2)])
def test_captions_are_found_whatever_the_bases_are_called(study, bases):
    """`table2_by_source` and `summary_by_category` end like these bases."""
    (settings,) = study.model_dump()["bases"].values()
    several = make_study(bases=dict.fromkeys(bases, settings))
    for names in (table_names, figure_names):
        one = {report_caption(study, name) for name in names(study)}
        assert {report_caption(several, name) for name in names(several)} == one
        assert all((CAPTIONS / caption).is_file() for caption in one)
