"""How well each base's sub-words fit the gold answers of question answering."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from madx.config import Study
from madx.data.questions import QuestionWindows, coverage
from madx.reporting.table import Table, number


def boundaries_table(study: Study, read: Callable[[str, str, str], QuestionWindows]) -> Table:
    """Rows of tasks and targets; of each base, the share of answers in some window, and of exact boundaries.

    read: (base, task, target) -> the windows of the target's test questions.
    """
    data, shown = [], []
    tasks = study.tasks_of("qa")
    for task in tasks:
        bases = study.bases_of(task)
        for target in study.targets(task):
            row: dict[str, str] = {"task": task} if len(tasks) > 1 else {}
            row["target"] = target
            for base in bases:
                found = coverage(read(base, task, target))
                covered, exact = (100 * found[key] / found["questions"] for key in ("covered", "exact"))
                data.append({"task": task, "base": base, "target": target, **found})
                data[-1] |= {"covered, %": covered, "exact, %": exact}
                on = f"{base}: " if len(bases) > 1 else ""
                row["questions"] = f"{found['questions']:,}"
                row |= {f"{on}covered, %": number(covered), f"{on}exact, %": number(exact)}
            shown.append(row)
    strings = pd.DataFrame(shown).fillna("–")
    return Table(
        name="qa_boundaries",
        caption="Gold answers and sub-words: the share of the test questions whose answer stands wholly in a window, "
        "and of those whose answer begins and ends where sub-words do. Where it does not, exact match is out of reach "
        "and F1 may be lower.",
        data=pd.DataFrame(data),
        shown=strings,
        align="l" * (1 + (len(tasks) > 1)) + "r" * (len(strings.columns) - 1 - (len(tasks) > 1)),
    )
