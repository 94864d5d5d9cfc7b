"""Labelled data of every kind of task: read from their source, checked, and stored as Parquet, split by split.

One module a kind (ner, qa, ccr) says what its examples are: how they are read from each source, which columns store
them, which texts of theirs must not stand in adaptation text, and how they become token sequences.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from madx.config import Study
from madx.data.errors import DataError
from madx.data.sequences import save_sequences
from madx.data.sources import describe_source
from madx.files import atomic_path

log = logging.getLogger(__name__)
SOURCE_KEY = "madx.source"  # where a Parquet file's schema says what it was read from (JSON)


def module_of(kind: str) -> ModuleType:
    """The module of a kind of task; the others are not imported."""
    return import_module(f"madx.data.{kind}")


def read_labelled(study: Study, task: str, code: str, split: str) -> list[Any]:
    """The examples of a language's split ("train", "dev" or "test"), as the kind's module describes them.

    Raises DataError naming the file and line (for a hub data set, the split and row) of what cannot be read or used,
    and for a split without examples.
    """
    source = study.data_source(task, code, split)
    examples = module_of(study.tasks[task].kind).read(study, task, source, code, split)
    if not examples:
        raise DataError(f"tasks.{task}: the {split} split of {code!r} ({source.source} source) has no examples")
    return examples


def prepare_labelled(study: Study, task: str, code: str, splits: Sequence[str], folder: str | Path) -> None:
    """Write <split>.parquet for each of the splits into a folder; see the kinds' COLUMNS for what is in it.

    The schema's metadata say under "madx.source" what was read, at which revision of a hub data set (describe_source).
    All splits are read and checked before the first is written. Raises DataError as read_labelled does.
    """
    kind = module_of(study.tasks[task].kind)
    read = {split: kind.rows(read_labelled(study, task, code, split), study.tasks[task]) for split in splits}
    for split, rows in read.items():
        origin = describe_source(study, study.data_source(task, code, split), code)
        _write_parquet(rows, kind.COLUMNS, origin, Path(folder) / f"{split}.parquet")
    log.info("%s: %s examples", code, ", ".join(f"{len(rows)} {split}" for split, rows in read.items()))


def tokenize_labelled(settings: Any, paths: Sequence[str | Path], tokenizer_folder: str | Path, npz_path: Path) -> None:
    """Write the token sequences of <split>.parquet files into one npz file (equal inputs give equal bytes).

    settings: of the task. Raises DataError naming the file for an example that the settings do not allow.
    """
    import pyarrow.parquet

    kind = module_of(settings.kind)
    tokenizer = kind.open_tokenizer(tokenizer_folder)
    sequences = {}
    for path in map(Path, paths):
        table = pyarrow.parquet.read_table(path, columns=list(kind.COLUMNS)).to_pydict()
        sequences[path.stem] = kind.tokenize(settings, tokenizer, table, path)
    save_sequences(npz_path, sequences)


def evaluation_texts(study: Study, code: str) -> Iterator[list[str]]:
    """Every text of a language that a task is evaluated on, as words; labels do not matter here."""
    for task, settings in study.tasks.items():
        for split in study.evaluation_splits(task, code):
            yield from module_of(settings.kind).texts(read_labelled(study, task, code, split))


def _write_parquet(rows: list[dict[str, Any]], columns: dict[str, str], origin: dict[str, Any], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    types = {
        "text": pyarrow.string(),
        "number": pyarrow.int32(),
        "texts": pyarrow.list_(pyarrow.string()),
        "numbers": pyarrow.list_(pyarrow.int32()),
    }
    fields = {name: types[kind] for name, kind in columns.items()}
    schema = pyarrow.schema(fields, {SOURCE_KEY: json.dumps(origin, ensure_ascii=False)})
    with atomic_path(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), temporary)
