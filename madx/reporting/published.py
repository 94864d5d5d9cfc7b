"""Published values (config/published.csv): facts that stand beside a study's own where base and data are the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from madx.config import Study
from madx.reporting.published_setups import has_published_data, published_base

COLUMNS = (
    "item",
    "base",
    "method",
    "task",
    "source",
    "target",
    "metric",
    "value",
    "cited_from",
)
KEY = list(COLUMNS[:7])
WITHOUT_DATA = {"table4"}  # counts of parameters depend on the base alone


class PublishedError(ValueError):
    """A file of published values that cannot be read; the message is one line for the user."""


def read_published(path: str | Path) -> pd.DataFrame:
    """Read the published values; raises PublishedError naming file and line for a wrong header, value or repetition."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise PublishedError(f"{path}: the table of published values does not exist") from None
    if tuple(frame.columns) != COLUMNS:
        raise PublishedError(f"{path}:1: columns are {list(frame.columns)}, expected {list(COLUMNS)}")
    values = pd.to_numeric(frame["value"], errors="coerce")
    if values.isna().any():
        line = int(values.isna().idxmax())
        raise PublishedError(f"{path}:{line + 2}: {frame['value'][line]!r} is no number")
    repeated = frame.duplicated(KEY)
    if repeated.any():
        line = int(repeated.idxmax())
        raise PublishedError(
            f"{path}:{line + 2}: this value stands twice; keep one, or give the other version's item another name"
        )
    return frame.assign(value=values)


def published_rows(
    study: Study,
    published: pd.DataFrame | None,
    base: str,
    item: str,
    metric: str = "f1",
    task: str | None = None,
) -> pd.DataFrame:
    """Published rows of one table for a base of the study; none where base or data are not the published ones.

    task: whose data they stand beside; may be left out for counts of parameters alone, which depend on the base.
    """
    name = published_base(study, base)
    same_data = item in WITHOUT_DATA or (task is not None and has_published_data(study, task))
    if published is None or name is None or not same_data:
        return pd.DataFrame(columns=list(COLUMNS))
    return published[(published["item"] == item) & (published["base"] == name) & (published["metric"] == metric)]


def citation(rows: pd.DataFrame) -> str:
    """A sentence for a caption that says where published values come from; empty without values."""
    if rows.empty:
        return ""
    return f" paper: as printed in {', '.join(sorted(set(rows['cited_from'])))}; difference: ours minus the paper's."
