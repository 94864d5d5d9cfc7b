"""Table 2 in both directions and Table 5: F1 of each method, averaged or from one source."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.names import methods_in_order, stem
from madx.reporting.published import citation, published_rows
from madx.reporting.scores import mean_and_deviation, score_array
from madx.reporting.table import Table, number, signed, with_deviation

DEVIATION = "± is the standard deviation over seeds of that mean (a dash: one seed). Bold: the highest mean."
Published = dict[tuple[str, str], float]  # (method, column) -> value


def table2_by_source(study: Study, scores: pd.DataFrame, base: str, published: pd.DataFrame | None = None) -> Table:
    """Columns are sources: the mean over all targets, the source itself included (the paper's Table 2).

    Published means stand beside ours only where the targets are the paper's, and the published average only where the
    sources are too: a mean over other languages is another number.
    """
    sources, targets = study.sources("ner"), study.targets("ner")
    rows = published_rows(study, published, base, "table2")
    languages = set(rows["source"]) - {"mean"}  # the paper's sources are its targets as well
    if languages != set(targets):
        rows = rows.iloc[:0]
    elif languages != set(sources):
        rows = rows[rows["source"] != "mean"]
    return _score_table(
        study,
        stem(study, "table2_by_source", base),
        f"Table 2 by source: NER F1 on {base}. Columns are source languages; each cell is the mean over "
        f"{_all(targets, sources, 'target', 'source')}; avg is the mean over sources. "
        f"{DEVIATION}{citation(rows)}",
        sources,
        {m: _with_average(score_array(study, scores, base, m).mean(axis=2)) for m in methods_in_order(study)},
        _by_column(rows, rows["source"].replace("mean", "avg")),
    )


def table2_by_target(study: Study, scores: pd.DataFrame, base: str) -> Table:
    """Columns are targets: the mean over all sources, the target itself included (what the paper's caption says)."""
    sources, targets = study.sources("ner"), study.targets("ner")
    return _score_table(
        study,
        stem(study, "table2_by_target", base),
        f"Table 2 by target: NER F1 on {base}. Columns are target languages; each cell is the mean over "
        f"{_all(sources, targets, 'source', 'target')}; avg is the mean over targets. {DEVIATION}",
        targets,
        {m: _with_average(score_array(study, scores, base, m).mean(axis=1)) for m in methods_in_order(study)},
        {},
    )


def table5_zero_shot(study: Study, scores: pd.DataFrame, base: str, published: pd.DataFrame | None = None) -> Table:
    """Each target's F1 from the one source `study.table5_source`; the average leaves it out, as the paper's does."""
    source, targets = study.table5_source, study.targets("ner")
    rows = published_rows(study, published, base, "table5")
    rows = rows[rows["source"] == source]
    left_out = f"mean-without-{source}"
    if set(rows["target"]) - {left_out} != set(targets):
        rows = rows[rows["target"] != left_out]
    others = [i for i, target in enumerate(targets) if target != source]
    values = {}
    for method in methods_in_order(study):
        per_target = score_array(study, scores, base, method)[:, study.sources("ner").index(source)]
        values[method] = _with_average(per_target, others)
    return _score_table(
        study,
        stem(study, "table5_zero_shot", base),
        f"Table 5: NER F1 on {base} from the source {source}. Columns are target languages; avg is the mean over the "
        f"targets without {source}. {DEVIATION}{citation(rows)}",
        targets,
        values,
        _by_column(rows, rows["target"].replace(left_out, "avg")),
        average=f"avg without {source}",
    )


def category_groups(study: Study, codes: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Runs of neighbouring languages of one category: (category, how many)."""
    groups: list[tuple[str, int]] = []
    for code in codes:
        category = study.category(code)
        if groups and groups[-1][0] == category:
            groups[-1] = (category, groups[-1][1] + 1)
        else:
            groups.append((category, 1))
    return tuple(groups)


def _score_table(
    study: Study,
    name: str,
    caption: str,
    codes: Sequence[str],
    values: dict[str, np.ndarray],
    published: Published,
    average: str = "avg",
) -> Table:
    """Rows of methods over columns of languages and an average.

    values: per method (seeds, languages + 1), the last column the average.
    published: by (method, language or "avg").
    """
    columns = (*codes, "avg")
    headings = [*codes, average]
    means = {method: mean_and_deviation(array) for method, array in values.items()}
    data, shown, rules = [], [], []
    for method, (mean, deviation) in means.items():
        label = METHODS[method].label
        data += [(method, "mean", *mean), (method, "sd", *deviation)]
        if published and shown:
            rules.append(len(shown))
        shown.append((label, *map(with_deviation, map(number, mean), deviation)))
        if published:
            theirs = np.array([published.get((method, column), math.nan) for column in columns])
            data += [
                (method, "paper", *theirs),
                (method, "difference", *(mean - theirs)),
            ]
            shown.append(("paper", *map(number, theirs)))
            shown.append(("difference", *map(signed, mean - theirs)))
    step = 3 if published else 1
    best = _best(np.array([mean for mean, _ in means.values()]))
    return Table(
        name=name,
        caption=caption,
        data=pd.DataFrame(data, columns=["method", "statistic", *headings]),
        shown=pd.DataFrame(shown, columns=["method", *headings]),
        best=frozenset((row * step, column + 1) for row, column in best),
        groups=(("", 1), *category_groups(study, codes), ("", 1)),
        rules=tuple(rules),
    )


def _with_average(values: np.ndarray, over: Sequence[int] | None = None) -> np.ndarray:
    """(seeds, languages) -> (seeds, languages + 1): appends each seed's mean (of positions `over`)."""
    chosen = values if over is None else values[:, list(over)]
    average = chosen.mean(axis=1) if chosen.size else np.full(len(values), math.nan)
    return np.column_stack([values, average])


def _best(means: np.ndarray) -> list[tuple[int, int]]:
    """Positions (row, column) of the highest mean of each column, to the decimal that is printed; none for one row."""
    if len(means) < 2:
        return []
    printed = np.round(means, 1)
    return [(int(i), int(j)) for i, j in np.argwhere(printed == np.nanmax(printed, axis=0, keepdims=True, initial=-1))]


def _by_column(rows: pd.DataFrame, columns: pd.Series) -> Published:
    return {key: value for key, value in zip(zip(rows["method"], columns, strict=True), rows["value"], strict=True)}


def _all(codes: Sequence[str], columns: Sequence[str], what: str, column: str) -> str:
    """What a mean is taken over, in words: all 16 targets, the source itself included."""
    count = f"all {len(codes)} {what}s" if len(codes) > 1 else f"the one {what}"
    return f"{count}, the {column} itself included" if set(columns) <= set(codes) else count
