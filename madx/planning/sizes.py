"""Sub-words of labelled data: counted where they are tokenized, otherwise estimated from the number of examples."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

from madx.config import Study
from madx.config_types import HubSource, Source
from madx.data.labelled import read_labelled
from madx.paths import Paths

# Sub-words of a sequence, special tokens included: WikiANN's sentences; a question and its passage in English XQuAD,
# a premise, question and option in English COPA (both with the WordPieces of all-MiniLM-L6-v2).
SEQUENCE = {"ner": 21, "qa": 172, "ccr": 22}
PUBLISHED = Path(__file__).with_name("hub_sizes.tsv")  # examples of data sets on the hub, from their cards


def subwords(study: Study, paths: Paths, base: str, task: str, language: str, split: str) -> int | None:
    """Of a split of a language's data on a base; None where nothing is known of a data set that is not there yet."""
    tokenized = paths.sequences(base, task, language, "test" if split == "test" else "training")
    if tokenized.is_file():
        with np.load(tokenized, allow_pickle=False) as arrays:
            return int(arrays[f"{split}_offsets"][-1])
    source = study.data_source(task, language, split)
    examples = _examples(study, source, task, language, split)
    if examples is None:
        return None
    kind = study.tasks[task].kind
    return examples * SEQUENCE[kind] * (_options(source, split) if kind == "ccr" else 1)


def length(study: Study, task: str) -> int:
    """Sub-words of a sequence of a task, for the cost of attention."""
    return min(SEQUENCE[study.tasks[task].kind], study.tasks[task].max_length)


def _examples(study: Study, source: Source, task: str, language: str, split: str) -> int | None:
    if source.source == "miniature":
        return study.by_category(getattr(source, split), language)
    if source.source == "local":
        return len(read_labelled(study, task, language, split))
    return _published(source, language, split)


def _published(source: HubSource, language: str, split: str) -> int | None:
    configuration = source.configuration.format(language=language)
    for row in _table():
        if row["id"] == source.id and {"*", configuration} & set(row["configurations"].split()):
            return int(row[split]) if row[split] else None
    return None


def _options(source: Source, split: str) -> int:
    """Options of an example: three of Social IQa, two otherwise."""
    if source.source == "miniature":
        return source.choices or 2
    return 3 if source.source == "hub" and "siqa" in source.id else 2


@cache
def _table() -> list[dict[str, str]]:
    with open(PUBLISHED, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))
