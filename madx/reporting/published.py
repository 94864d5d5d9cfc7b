"""Published values (config/published.csv): facts that stand beside a study's own where base and data are the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from madx.config import Study
from madx.reporting.counterparts import on_published_data, published_name

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

    task: the study's task that they are to stand beside; None: any task of their kind that is on the published data.
    What counts is where base and data come from, not what the configuration calls them: the base's path ends in the
    published name (FacebookAI/xlm-roberta-base, or a folder xlm-roberta-base), and the labelled data are those of
    `counterparts.on_published_data` (a number of a single target: in the source's and that target's data). A base that
    the workflow makes is nobody's published base.
    """
    name = published_name(study, base)
    if published is None or name is None:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = published[(published["item"] == item) & (published["base"] == name) & (published["metric"] == metric)]
    if item in WITHOUT_DATA:
        return rows
    kept = [
        _beside_some_task(study, task, *row) for row in zip(rows["task"], rows["source"], rows["target"], strict=True)
    ]
    return rows[pd.Series(kept, index=rows.index, dtype=bool)]


def _beside_some_task(study: Study, task: str | None, kind: str, source: str, target: str) -> bool:
    """Whether the named task, or any, is of this kind and on the published data, as far as a row's languages go."""
    tasks = study.tasks_of(kind) if task is None else {task} & set(study.tasks_of(kind))
    return any(
        on_published_data(
            study,
            name,
            [source] if source in study.sources(name) else (),
            [target] if target in study.targets(name) else (),
        )
        for name in tasks
    )


def citation(rows: pd.DataFrame) -> str:
    """A sentence for a caption that says where published values come from; empty without values."""
    if rows.empty:
        return ""
    return f" paper: as printed in {', '.join(sorted(set(rows['cited_from'])))}; difference: ours minus the paper's."
