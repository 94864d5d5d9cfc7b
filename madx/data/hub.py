"""Data sets of Parquet files in the Hugging Face hub's layout, read from the hub or from a folder with the same files.

`datasets` finds the files; pyarrow reads them batch by batch. Its own streaming reads ahead in threads that can abort
the process at exit when only a part was read (huggingface/datasets#7566).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from madx.config_types import HubSource
from madx.data.errors import DataError
from madx.repositories import of_source
from madx.revisions import remedy

if TYPE_CHECKING:
    from datasets import Features

ROWS = 1000  # rows read at a time


@dataclass(frozen=True)
class HubSplit:
    """One split of a hub data set for a language: its Parquet files, and the types of its columns."""

    source: HubSource
    what: str
    files: tuple[str, ...]
    features: Features

    @property
    def name(self) -> str:
        return f"data set {self.source.id!r}: {self.what}"

    def rows(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows in the files' order, in memory that does not depend on their number; DataError as open_hub."""
        import fsspec
        from pyarrow.parquet import ParquetFile

        if missing := [column for column in columns if column not in self.features]:
            raise DataError(f"{self.name} has the columns {', '.join(self.features)}; expected {', '.join(missing)}")
        for path in self.files:
            try:
                with fsspec.open(path, "rb") as stream, ParquetFile(stream) as file:
                    for batch in file.iter_batches(ROWS, columns=list(columns), use_threads=False):
                        yield from batch.to_pylist()
            except Exception as error:  # every layer of the library and of the network raises its own kinds
                raise _unavailable(self.source, self.what, error) from error


def open_hub(source: HubSource, code: str, split: str) -> HubSplit:
    """Find one split of a hub data set for a language; nothing is copied to a cache.

    A revision of None is the newest (in the workflow, a recorded commit stands in its place: madx.revisions). Raises
    DataError that says what to download and which setting to change, for a data set, configuration or split that cannot
    be had or is not in Parquet.
    """
    import datasets
    from pyarrow.parquet import ParquetFile

    configuration = source.configuration.format(language=code)
    what = f"{configuration!r}, split {split!r}"
    repository = of_source(source)
    revision = repository.revision if repository else None
    try:
        with tempfile.TemporaryDirectory() as locks:  # finding the files leaves lock files behind
            builder = datasets.load_dataset_builder(source.id, configuration, revision=revision, cache_dir=locks)
        if (builder.config.name, split in builder.config.data_files) != (configuration, True):
            raise ValueError(f"it has {', '.join(builder.config.data_files)} of {builder.config.name!r}")
        files = tuple(builder.config.data_files[split])
        if not all(path.endswith(".parquet") for path in files):
            raise ValueError("its files are not in Parquet")
        features = builder.info.features
        if features is None:
            import fsspec

            with fsspec.open(files[0], "rb") as stream, ParquetFile(stream) as file:
                features = datasets.Features.from_arrow_schema(file.schema_arrow)
    except Exception as error:  # every layer of the library and of the network raises its own kinds
        raise _unavailable(source, what, error) from error
    return HubSplit(source, what, files, features)


def _unavailable(source: HubSource, what: str, error: Exception) -> DataError:
    reason = (" ".join(str(error).split()) or type(error).__name__)[:200]
    repository = of_source(source)
    if repository is None:
        return DataError(f"{source.id}: {what} cannot be read from this folder ({reason})")
    folders = f'"{source.configuration.replace("{language}", "*")}/*"'
    return DataError(
        f"data set {source.id!r}: {what} cannot be had ({reason}). {remedy(repository, 'README.md', folders)}"
    )
