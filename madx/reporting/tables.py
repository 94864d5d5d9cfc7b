"""All tables of a study, in the order of its page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from madx.config import Study
from madx.reporting.language_table import miniature_languages, table1_languages
from madx.reporting.names import has_adapters, has_differences
from madx.reporting.parameter_table import parameter_table
from madx.reporting.score_tables import (
    table2_by_source,
    table2_by_target,
    table5_zero_shot,
)
from madx.reporting.summary_tables import differences_by_category, summary_by_category
from madx.reporting.table import Table, write_table


def make_tables(
    study: Study,
    scores: pd.DataFrame,
    parameters: Iterable[Mapping[str, str | int]],
    sizes: Mapping[str, Mapping[str, int]] | None = None,
    published: pd.DataFrame | None = None,
) -> list[Table]:
    """Every table that `names.table_names` announces.

    scores: as collect_scores makes them. parameters: see parameter_table. sizes: see table1_languages.
    """
    tables = [table1_languages(study, sizes)]
    if study.miniature:
        tables.append(miniature_languages(study))
    for base in study.bases:
        tables.append(table2_by_source(study, scores, base, published))
        tables.append(table2_by_target(study, scores, base))
        tables.append(table5_zero_shot(study, scores, base, published))
        tables.append(summary_by_category(study, scores, base))
        if has_differences(study):
            tables.append(differences_by_category(study, scores, base))
    if has_adapters(study):
        tables.append(parameter_table(study, parameters, published))
    return tables


def write_tables(tables: Iterable[Table], folder: str | Path) -> None:
    """Write every table as CSV, Markdown and LaTeX."""
    for table in tables:
        write_table(table, folder)
