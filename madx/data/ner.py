"""Labelled data for named entity recognition: one label set for all files, stored as Parquet."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from madx.config import NerTask, Study
from madx.data import SPLITS
from madx.data.conll import Word
from madx.data.errors import DataError
from madx.data.labelled import read_labelled
from madx.data.sources import describe_source
from madx.files import atomic_path

log = logging.getLogger(__name__)
SOURCE_KEY = "madx.source"  # where a Parquet file's schema says what it was read from (JSON)
Sentence = tuple[list[str], list[str]]  # tokens and their tags


def read_ner(study: Study, code: str, split: str) -> list[Sentence]:
    """The sentences of a language's split ("train", "dev" or "test"), with the study's tags.

    Types in map_tags become the type (or O) given there; any other type outside the labels is an error. I- without B-
    stays as it is: seqeval's conventions decide what it means. Raises DataError as read_labelled does, and naming the
    file and line (for a hub data set, the split and row) of a bad tag.
    """
    task = study.tasks.ner
    sentences = read_labelled(study, code, split)
    return [([word.token for word in words], [_mapped(word, task) for word in words]) for words in sentences]


def prepare_ner(study: Study, code: str, folder: str | Path) -> None:
    """Write train, dev and test.parquet (columns tokens, tags: lists of strings) into a folder.

    The schema's metadata say under "madx.source" what was read (see describe_source), a hub data set's commit included.
    All three splits are read and checked before the first is written. Raises DataError as read_ner does.
    """
    splits = {split: read_ner(study, code, split) for split in SPLITS}
    origin = describe_source(study, study.tasks.ner.data, code)
    for split, sentences in splits.items():
        _write_parquet(sentences, origin, Path(folder) / f"{split}.parquet")
    log.info("%s: %s sentences", code, ", ".join(f"{len(splits[split])} {split}" for split in SPLITS))


def _mapped(word: Word, task: NerTask) -> str:
    """A word's tag in the study's label set."""
    if word.tag == "O":
        return "O"
    position, _, kind = word.tag.partition("-")
    if position not in ("B", "I") or not kind:
        raise DataError(f"{word.place}: {word.tag!r} is no IOB tag; expected O, B-TYPE or I-TYPE")
    kind = task.map_tags.get(kind, kind)
    if kind == "O":
        return "O"
    if kind not in task.labels:
        raise DataError(
            f"{word.place}: the type of tag {word.tag!r} is not among the labels ({', '.join(task.labels)}); "
            f"add it to tasks.ner.labels, or to tasks.ner.map_tags (for example {kind}: O)"
        )
    return f"{position}-{kind}"


def _write_parquet(sentences: list[Sentence], origin: dict[str, Any], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    strings = pyarrow.list_(pyarrow.string())
    schema = pyarrow.schema({"tokens": strings, "tags": strings}, {SOURCE_KEY: json.dumps(origin, ensure_ascii=False)})
    columns = [[tokens for tokens, _ in sentences], [tags for _, tags in sentences]]
    with atomic_path(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.table(columns, schema=schema), temporary)
