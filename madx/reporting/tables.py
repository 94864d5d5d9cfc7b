"""All tables of a study, in the order of its page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from madx.config import Study
from madx.data.questions import QuestionWindows
from madx.reporting.beside import beside_table
from madx.reporting.bootstraps import Bootstraps
from madx.reporting.boundaries import boundaries_table
from madx.reporting.language_table import miniature_languages, miniature_tasks, table1_languages
from madx.reporting.names import Item, tables
from madx.reporting.parameter_table import parameter_table
from madx.reporting.sample_efficiency import sample_efficiency_table
from madx.reporting.score_tables import (
    table2_by_source,
    table2_by_target,
    table3_xquad,
    table5_zero_shot,
    table_xcopa,
)
from madx.reporting.significance import significance_table
from madx.reporting.summary_tables import summary_by_category
from madx.reporting.table import Table, write_table


def make_tables(
    study: Study,
    scores: pd.DataFrame,
    by_step: pd.DataFrame,
    parameters: Iterable[Mapping[str, str | int]],
    bootstraps: Bootstraps,
    read_questions: Callable[[str, str, str], QuestionWindows],
    sizes: Mapping[str, Mapping[str, int]] | None = None,
    published: pd.DataFrame | None = None,
) -> list[Table]:
    """Every table that `names.tables` announces, in its order.

    scores, by_step: as collect_scores and read_sample_efficiency make them. parameters: see parameter_table.
    read_questions: see boundaries_table. sizes: see table1_languages.
    """
    makers: dict[str, Callable[[Item], Table]] = {
        "summary_by_category": lambda item: summary_by_category(study, scores),
        "significance": lambda item: significance_table(study, bootstraps.compared(item.task), item),
        "ours_beside_published": lambda item: beside_table(study, scores, published, bootstraps.interval),
        "table1_languages": lambda item: table1_languages(study, sizes),
        "miniature_languages": lambda item: miniature_languages(study),
        "miniature_tasks": lambda item: miniature_tasks(study),
        "table2_by_source": lambda item: table2_by_source(study, scores, item, published),
        "table2_by_target": lambda item: table2_by_target(study, scores, item),
        "table5_zero_shot": lambda item: table5_zero_shot(study, scores, item, published),
        "figure6_sample_efficiency": lambda item: sample_efficiency_table(study, by_step, item),
        "table3_xquad": lambda item: table3_xquad(study, scores, item, published),
        "qa_boundaries": lambda item: boundaries_table(study, read_questions),
        "table_xcopa": lambda item: table_xcopa(study, scores, item, published),
        "table4_parameters": lambda item: parameter_table(study, parameters, published),
    }
    return [makers[item.kind](item) for item in tables(study)]


def write_tables(tables: Iterable[Table], folder: str | Path) -> None:
    """Write every table as CSV, Markdown and LaTeX."""
    for table in tables:
        write_table(table, folder)
