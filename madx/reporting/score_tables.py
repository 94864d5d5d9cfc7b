"""Tables 2, 3 and 5 and the XCOPA table: each method's scores by language, all bases in one table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.categories import category_runs
from madx.reporting.labels import METRICS, main_metric, measure, on_base, training
from madx.reporting.names import Item
from madx.reporting.published import citation, published_rows
from madx.reporting.score_rows import ScoreRow, over_seeds, score_table
from madx.reporting.scores import score_array
from madx.reporting.table import Table


def table2_by_source(study: Study, scores: pd.DataFrame, item: Item, published: pd.DataFrame | None = None) -> Table:
    """Columns are sources: the mean over all targets, the source itself included (the paper's Table 2).

    Published means stand beside ours only where the targets are the paper's, and the published average only where the
    sources are too: a mean over other languages is another number.
    """
    task = item.task
    sources, targets = study.sources(task), study.targets(task)
    rows, cited = [], []
    for base, method in _runs(study, task):
        seen = published_rows(study, published, base, "table2", task=task)
        languages = set(seen["source"]) - {"mean"}  # the paper's sources are its targets as well
        seen = seen[seen["method"] == method] if languages == set(targets) else seen.iloc[:0]
        theirs = _values(seen, "source", sources, "mean" if languages == set(sources) else None)
        values = _with_average(score_array(study, scores, base, method, task).mean(axis=2))
        rows.append(over_seeds({"base": base, "method": method}, {main_metric(study, task): values}, theirs))
        cited.append(seen)
    caption = (
        f"Table 2 by source: {measure(study, task)}{on_base(study, task)}. Columns are source languages; each cell is "
        f"the mean over {_all(targets, sources, 'target', 'source')}; avg is the mean over sources. {_notes(study)}"
    )
    return _table(study, item, caption, sources, "avg", rows, cited)


def table2_by_target(study: Study, scores: pd.DataFrame, item: Item) -> Table:
    """Columns are targets: the mean over all sources, the target itself included (what the paper's caption says)."""
    task = item.task
    sources, targets = study.sources(task), study.targets(task)
    rows = [
        over_seeds(
            {"base": base, "method": method},
            {main_metric(study, task): _with_average(score_array(study, scores, base, method, task).mean(axis=1))},
        )
        for base, method in _runs(study, task)
    ]
    caption = (
        f"Table 2 by target: {measure(study, task)}{on_base(study, task)}. Columns are target languages; each cell is "
        f"the mean over {_all(sources, targets, 'source', 'target')}; avg is the mean over targets. {_notes(study)}"
    )
    return _table(study, item, caption, targets, "avg", rows, [])


def table5_zero_shot(study: Study, scores: pd.DataFrame, item: Item, published: pd.DataFrame | None = None) -> Table:
    """Each target's F1 from the one source `study.table5_source`; the average leaves it out, as the paper's does."""
    task, source = item.task, study.table5_source
    targets = study.targets(task)
    rows, cited = [], []
    for base, method in _runs(study, task):
        seen = published_rows(study, published, base, "table5", task=task)
        seen = seen[seen["source"] == source]
        left_out = f"mean-without-{source}"
        same = set(seen["target"]) - {left_out} == set(targets)
        seen = seen[seen["method"] == method]
        per_target = score_array(study, scores, base, method, task)[:, study.sources(task).index(source)]
        rows.append(
            over_seeds(
                {"base": base, "method": method},
                {main_metric(study, task): _with_average(per_target, _others(targets, source))},
                _values(seen, "target", targets, left_out if same else None),
            )
        )
        cited.append(seen)
    caption = (
        f"Table 5: {measure(study, task)}{on_base(study, task)} from the source {source}. Columns are target "
        f"languages; avg is the mean over the targets without {source}. {_notes(study)}"
    )
    return _table(study, item, caption, targets, f"avg without {source}", rows, cited)


def table3_xquad(study: Study, scores: pd.DataFrame, item: Item, published: pd.DataFrame | None = None) -> Table:
    """F1 and EM of each target; the average is over all targets, the source included, as the paper's is."""
    task = item.task
    targets, metrics = study.targets(task), study.tasks[task].metrics
    rows, cited = [], []
    for base, method in _runs(study, task):
        arrays = {metric: score_array(study, scores, base, method, task, metric) for metric in metrics}
        for position, source in enumerate(study.sources(task)):
            theirs = []
            for metric in metrics:
                seen = published_rows(study, published, base, "table3", metric, task)
                seen = seen[seen["source"] == source]
                languages = {target for target in seen["target"] if not target.startswith("mean")}
                seen = seen[seen["method"] == method]
                theirs.append(
                    _values(seen, "target", targets, f"mean-of-{len(targets)}" if languages == set(targets) else None)
                )
                cited.append(seen)
            rows.append(
                over_seeds(
                    {"base": base, "source": source, "method": method},
                    {metric: _with_average(array[:, position]) for metric, array in arrays.items()},
                    _stacked(theirs),
                )
            )
    names = " / ".join(METRICS[metric] for metric in metrics)
    caption = (
        f"Table 3: QA, {names}{on_base(study, task)} from {_from(study, (task,))}. Columns are target languages; avg "
        f"is the mean over all targets. {_notes(study, f', by {METRICS[metrics[0]]}')}"
    )
    return _table(study, item, caption, targets, "avg", rows, cited)


def table_xcopa(study: Study, scores: pd.DataFrame, item: Item, published: pd.DataFrame | None = None) -> Table:
    """Accuracy of each target by training (one task of kind ccr each) and method; the average leaves the source out.

    The published row stands at a task that starts from another one: it is of Social IQa, then COPA.
    """
    tasks = study.tasks_of("ccr")
    wanted = {target for task in tasks for target in study.targets(task)}
    codes = [code for code in study.codes if code in wanted]
    rows, cited = [], []
    # trainings of a base stand together
    for base, task in ((base, task) for base in study.bases for task in tasks):
        targets = study.targets(task)
        for method in study.methods(task, base):
            array = score_array(study, scores, base, method, task)
            for position, source in enumerate(study.sources(task)):
                seen = published_rows(study, published, base, "table_xcopa", "accuracy", task)
                seen = seen[seen["source"] == source]
                if study.tasks[task].starts_from is None:
                    seen = seen.iloc[:0]
                average = f"mean-without-{source}"
                same = set(seen["target"]) - {average} == set(targets) - {source}
                seen = seen[seen["method"] == method]
                rows.append(
                    over_seeds(
                        {"base": base, "source": source, "training": task, "method": method},
                        {"accuracy": _in_columns(array[:, position], targets, codes, _others(targets, source))},
                        _values(seen, "target", codes, average if same else None),
                        {"training": training(study, task), "method": METHODS[method].label},
                    )
                )
                cited.append(seen)
    sources = {source for task in tasks for source in study.sources(task)}
    left_out = sources.pop() if len(sources) == 1 else "the source"
    first = f"{training(study, tasks[0])}: " if len(tasks) == 1 else ""
    caption = (
        f"XCOPA: CCR accuracy{on_base(study, tasks[0]) if len(study.bases) == 1 else ''} from "
        f"{_from(study, tasks)}. {first}Columns are target languages; avg is the mean over the targets without "
        f"{left_out}. {_notes(study)}"
    )
    if len(tasks) > 1:
        caption += " Training: the task, or the tasks one after the other, that the method was trained on."
    return _table(study, item, caption, codes, f"avg without {left_out}", rows, cited)


def _runs(study: Study, task: str) -> list[tuple[str, str]]:
    return [(base, method) for base in study.bases for method in study.methods(task, base)]


def _table(
    study: Study,
    item: Item,
    caption: str,
    codes: Sequence[str],
    average: str,
    rows: Sequence[ScoreRow],
    cited: Sequence[pd.DataFrame],
) -> Table:
    """Columns of languages and an average; the highest mean of each base, from one source, in bold."""
    cited = [seen for seen in cited if not seen.empty]
    return score_table(
        item.name,
        caption + (citation(pd.concat(cited)) if cited else ""),
        [*codes, average],
        rows,
        best_within=[key for key in rows[0].keys if key in ("base", "source")],
        groups=(*category_runs(study, codes), ("", 1)),
    )


def _others(codes: Sequence[str], source: str) -> list[int]:
    """Positions of all languages but the source."""
    return [i for i, code in enumerate(codes) if code != source]


def _with_average(values: np.ndarray, over: Sequence[int] | None = None) -> np.ndarray:
    """(seeds, languages) -> (seeds, languages + 1): appends each seed's mean (of positions `over`; NaN for none)."""
    averaged = values if over is None else values[:, over]
    mean = averaged.mean(axis=1, keepdims=True) if averaged.size else np.full((len(values), 1), math.nan)
    return np.concatenate([values, mean], axis=1)


def _in_columns(values: np.ndarray, codes: Sequence[str], columns: Sequence[str], over: Sequence[int]) -> np.ndarray:
    """(seeds, languages) -> (seeds, columns + 1): NaN for a column that is no language of these, and the average."""
    placed = np.full((len(values), len(columns) + 1), math.nan)
    averaged = _with_average(values, over)
    placed[:, [columns.index(code) for code in codes]] = averaged[:, :-1]
    placed[:, -1] = averaged[:, -1]
    return placed


def _values(rows: pd.DataFrame, axis: str, codes: Sequence[str], average: str | None) -> np.ndarray | None:
    """(1, languages + 1): one method's published values by language and their average; None where there are none."""
    by_language = dict(zip(rows[axis], rows["value"], strict=True))
    values = [by_language.get(code, math.nan) for code in (*codes, average)]
    return None if all(map(math.isnan, values)) else np.array([values])


def _stacked(values: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Published values of several metrics, where there are some of all."""
    return None if any(value is None for value in values) else np.concatenate(values)


def _notes(study: Study, by: str = "") -> str:
    bold = "the highest mean" + (" of each base" if len(study.bases) > 1 else "")
    return f"± is the standard deviation over seeds of that mean (a dash: one seed). Bold: {bold}{by}."


def _all(codes: Sequence[str], columns: Sequence[str], what: str, column: str) -> str:
    """What a mean is taken over, in words: all 16 targets, the source itself included."""
    count = f"all {len(codes)} {what}s" if len(codes) > 1 else f"the one {what}"
    return f"{count}, the {column} itself included" if set(columns) <= set(codes) else count


def _from(study: Study, tasks: Sequence[str]) -> str:
    """The sources of tasks in words: the source en, or several sources."""
    sources = list(dict.fromkeys(source for task in tasks for source in study.sources(task)))
    return f"the source {sources[0]}" if len(sources) == 1 else f"the sources {', '.join(sources)}"
