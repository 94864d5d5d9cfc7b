"""MAD-X minus each other method with 95 % intervals, and on how many sources and targets it is ahead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.bootstrap import Bootstrap, Interval
from madx.reporting.comparisons import comparisons, single_languages
from madx.reporting.labels import measure
from madx.reporting.names import Item
from madx.reporting.table import DASH, Table, signed

OURS = "madx"
RUN = ("base", "task", "metric", "madx_minus")
COLUMNS = (*RUN, "level", "name", "value", "low", "high", "significant", "of", "seeds_resampled")


def has_comparison(bootstrap: Bootstrap) -> bool:
    """Whether there is MAD-X and another method to compare it with."""
    return OURS in bootstrap.methods and len(bootstrap.methods) > 1


def significance_table(study: Study, bootstraps: Mapping[str, Bootstrap], item: Item) -> Table:
    """Rows of groups of pairs under each base, a column for each other method.

    bootstraps: of the item's task, by base. The data have a row for every group, for every single source and target,
    and for the wins among them (`value` of `of`; `significant` of them with an interval above zero). Raises ValueError
    where MAD-X is compared with nothing.
    """
    task = item.task
    compared = {base: bootstrap for base, bootstrap in bootstraps.items() if has_comparison(bootstrap)}
    if not compared:
        raise ValueError(f"task {task}: significance needs MAD-X and another method on one base")
    others = [m for m in METHODS if m != OURS and any(m in bootstrap.methods for bootstrap in compared.values())]
    data, shown, rules = [], [], []
    for base, bootstrap in compared.items():
        columns = {m: _compare(study, bootstrap, task, m) for m in others if m in bootstrap.methods}
        for method, rows in columns.items():
            data += [(base, task, bootstrap.metric, method, *row) for row in rows]
        if shown:
            rules.append(len(shown))
        names = [row[1] for row in next(iter(columns.values())) if row[0] in ("group", "wins")]
        cells = {method: _cells(rows) for method, rows in columns.items()}
        for number, name in enumerate(names):
            head = base if number == 0 else ""
            shown.append((head, name, *(cells[m][name] if m in cells else DASH for m in others)))
    frame = pd.DataFrame(data, columns=list(COLUMNS)).astype(
        {"significant": "Int64", "of": "Int64", "seeds_resampled": bool}
    )
    headings = ["base", "pairs", *(METHODS[method].label for method in others)]
    return Table(
        name=item.name,
        caption=_caption(study, compared, item.task),
        data=frame,
        shown=pd.DataFrame(shown, columns=headings),
        groups=(("", 2), ("MAD-X minus", len(others))),
        rules=tuple(rules),
        align="ll" + "r" * len(others),
    )


def _compare(study: Study, bootstrap: Bootstrap, task: str, other: str) -> list[tuple]:
    """Rows of the data for one other method, from `level` on."""
    rows, wins = [], []
    for item in comparisons(study, task):
        interval = bootstrap.difference(OURS, other, item.pairs, item.against)
        rows.append(_row("group", item.name, interval))
    for level, items in single_languages(study, task).items():
        intervals = [bootstrap.difference(OURS, other, item.pairs) for item in items]
        rows += [_row(level, item.name, interval) for item, interval in zip(items, intervals, strict=True)]
        ahead = sum(interval.value > 0 for interval in intervals)
        surely = sum(interval.low > 0 for interval in intervals)
        both = all(interval.seeds for interval in intervals)
        wins.append(("wins", f"{level}s ahead", ahead, np.nan, np.nan, surely, len(items), both))
    return rows + wins


def _row(level: str, name: str, interval: Interval) -> tuple:
    significant = int(interval.excludes_zero)
    return (level, name, interval.value, interval.low, interval.high, significant, pd.NA, interval.seeds)


def _cells(rows: list[tuple]) -> dict[str, str]:
    """What is shown of a method's groups and wins, by name."""
    cells = {}
    for level, name, value, low, high, significant, of, _ in rows:
        if level == "wins":
            cells[name] = f"{value}/{of} ({significant}*)"
        if level == "group":
            cells[name] = f"{signed(value)}{'*' if significant else ''} [{signed(low)}, {signed(high)}]"
    return cells


def _caption(study: Study, bootstraps: Mapping[str, Bootstrap], task: str) -> str:
    """What the numbers are, and what they do not take into account."""
    single = dict.fromkeys(
        METHODS[method].label
        for bootstrap in bootstraps.values()
        for method in bootstrap.methods
        if bootstrap.seeds(method) == 1
    )
    alone = f" One seed, so that only the examples were resampled: {', '.join(single)}." if single else ""
    return (
        f"MAD-X minus each other method in {measure(study, task)} points, with 95 % intervals of a hierarchical "
        "bootstrap over seeds and test examples, paired on the same examples; the languages, and the one adaptation to "
        "each of them, are taken as given. In-language: the source is the target; transfer: it is not. The other "
        "groups are of targets, from all sources: Table 1's categories, of which all but the first are low-resource; "
        "covered by the base's pretraining or unseen. * the interval excludes zero; nothing is corrected for multiple "
        "comparisons. Ahead: sources (each a mean over all targets, as the paper counts) and targets on which MAD-X "
        "has the higher score, in brackets those with an interval above zero."
        f"{alone}"
    )
