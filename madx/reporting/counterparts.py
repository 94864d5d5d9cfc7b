"""Which published numbers a study has a counterpart of, and over which of its scores; free of pandas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from madx.config import PretrainedBase, Study
from madx.config_types import HubSource

# data sets of the published scores by kind of task, under whatever owner on the hub
# (Balanced COPA's test part is COPA's)
TRAINED_ON = {"ner": {"wikiann"}, "qa": {"squad"}, "ccr": {"super_glue", "copa"}}
TESTED_ON = {"ner": {"wikiann"}, "qa": {"xquad"}, "ccr": {"xcopa", "balanced-copa"}}
FIRST_STAGE = {"siqa", "social_i_qa"}  # the published CCR scores are of models trained on Social IQa, then on COPA
POINTS, MINUS = "_points", "-minus-"  # f1_points of madx-minus-mlm-trg: the difference of two methods


@dataclass(frozen=True)
class Counterpart:
    """The study's own scores that one published number is compared with: their mean over sources and targets.

    base, task: names in the study; other: the method that is subtracted, None where the number is no difference.
    """

    base: str
    task: str
    metric: str
    method: str
    other: str | None
    sources: tuple[str, ...]
    targets: tuple[str, ...]


def published_name(study: Study, base: str) -> str | None:
    """The name under which a base's numbers are published: the last part of its path; None for a base of one's own."""
    settings = study.bases[base]
    return Path(settings.path).name if isinstance(settings, PretrainedBase) else None


def on_published_data(study: Study, task: str, sources: Iterable[str] = (), targets: Iterable[str] = ()) -> bool:
    """Whether a task is trained and tested on the published scores' data, in the hub's layout.

    sources, targets: the languages that are asked about; all of the task's without any.
    NER: WikiANN. QA: SQuAD, tested on XQuAD. CCR: Social IQa, then COPA, tested on XCOPA and English COPA.
    """
    settings = study.tasks[task]
    if settings.kind == "ccr":
        first = settings.starts_from and study.tasks[settings.starts_from].data
        if not _is_one_of(first, FIRST_STAGE):
            return False
    trained = [study.data_source(task, code, "train") for code in tuple(sources) or study.sources(task)]
    tested = [study.data_source(task, code, "test") for code in tuple(targets) or study.targets(task)]
    return all(_is_one_of(data, TRAINED_ON[settings.kind]) for data in trained) and all(
        _is_one_of(data, TESTED_ON[settings.kind]) for data in tested
    )


def find_counterparts(
    study: Study, published: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], Counterpart]]:
    """Each published row with the scores that it is compared with; rows without any in the study are left out.

    published: rows with the columns of config/published.csv. A mean is compared where the study has all of its
    languages: `mean-of-16` and `mean` are over all languages that the item's rows name, `mean-without-en` over all of
    its targets but one. Where an item names fewer languages than its mean counts, they are not known, and the mean has
    no counterpart.
    """
    languages = _languages_by_item(published)
    found = []
    for row in published:
        sources, targets = _codes(row["source"], languages[row["item"]][0]), None
        if sources:
            targets = _codes(row["target"], languages[row["item"]][1])
        if not sources or not targets:
            continue
        method, _, other = row["method"].partition(MINUS)
        metric = row["metric"].removesuffix(POINTS) if other else row["metric"]
        for task in study.tasks_of(row["task"]):
            if (
                metric in study.tasks[task].metrics
                and set(sources) <= set(study.sources(task))
                and set(targets) <= set(study.targets(task))
                and on_published_data(study, task, sources, targets)
            ):
                found += [
                    (row, Counterpart(base, task, metric, method, other or None, sources, targets))
                    for base in study.bases
                    if published_name(study, base) == row["base"]
                    and {method, other or method} <= set(study.methods(task, base))
                ]
    return found


def has_counterparts(study: Study, path: str | Path) -> bool:
    """Whether any number of a file of published values has a counterpart in the study."""
    with open(path, encoding="utf-8", newline="") as file:
        return bool(find_counterparts(study, list(csv.DictReader(file))))


def _is_one_of(data: Any, names: set[str]) -> bool:
    """Whether a source is one of these data sets; COPA is a configuration of SuperGLUE, of which no other counts."""
    if not isinstance(data, HubSource):
        return False
    name = Path(data.id).name.lower()
    return name in names and (name != "super_glue" or data.configuration == "copa")


def _languages_by_item(published: Sequence[Mapping[str, Any]]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """(sources, targets) that each item names, in order; where its targets are means, the sources are both."""
    named: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for row in published:
        both = named.setdefault(row["item"], ({}, {}))
        for codes, code in zip(both, (row["source"], row["target"]), strict=True):
            if code and not code.startswith("mean"):
                codes[code] = None
    return {item: (tuple(sources), tuple(targets or sources)) for item, (sources, targets) in named.items()}


def _codes(name: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The languages that a row's source or target stands for; none where they are not known."""
    if counted := re.fullmatch(r"mean-of-(\d+)", name):
        return languages if len(languages) == int(counted[1]) else ()
    if name.startswith("mean-without-"):
        return tuple(code for code in languages if code != name.removeprefix("mean-without-"))
    if name == "mean":
        return languages
    return (name,) if name else ()
