"""Data sets in the Hugging Face hub's layout, streamed: from the hub, or from a folder with the same files."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madx.config import HubSource
from madx.data.errors import DataError

if TYPE_CHECKING:
    from datasets import IterableDataset


def load_hub(source: HubSource, code: str, split: str) -> IterableDataset:
    """One split of a hub data set for a language; nothing is copied to a cache.

    The revision is the one that `hub_revision` gives. Raises DataError that says what to download and which setting
    to change, for a data set, configuration or split that cannot be had.
    """
    import datasets

    configuration = _configuration(source, code)
    try:
        with tempfile.TemporaryDirectory() as locks:  # streaming caches no data, but leaves lock files behind
            return datasets.load_dataset(
                source.id, configuration, split=split, streaming=True, revision=hub_revision(source), cache_dir=locks
            )
    except DataError:
        raise
    except Exception as error:  # every layer of the library and of the network raises its own kinds
        raise _unavailable(source, f"{configuration!r}, split {split!r}", error) from error


def read_rows(source: HubSource, code: str, split: str) -> Iterator[dict[str, Any]]:
    """The rows of one split; a failure on the way is a DataError, too."""
    rows = iter(load_hub(source, code, split))
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception as error:
            raise _unavailable(source, f"{_configuration(source, code)!r}, split {split!r}", error) from error
        yield row


def hub_revision(source: HubSource) -> str | None:
    """The commit that is read: the pinned one, or the newest as of the first call; None for a folder."""
    if Path(source.id).is_dir():
        return None
    return source.revision or _newest(source)


@functools.cache
def _newest(source: HubSource) -> str:
    from huggingface_hub import HfApi

    try:
        return HfApi().dataset_info(source.id).sha
    except Exception as error:
        raise _unavailable(source, "its newest revision", error) from error


def _configuration(source: HubSource, code: str) -> str:
    try:
        return source.configuration.format(language=code)
    except (KeyError, IndexError, ValueError):
        raise DataError(
            f"the configuration name {source.configuration!r} of data set {source.id!r} may use {{language}} only"
        ) from None


def _unavailable(source: HubSource, what: str, error: Exception) -> DataError:
    reason = (" ".join(str(error).split()) or type(error).__name__)[:200]
    if Path(source.id).is_dir():
        return DataError(f"{source.id}: {what} cannot be read from this folder ({reason})")
    revision = f" --revision {source.revision}" if source.revision else ""
    return DataError(
        f"data set {source.id!r}: {what} cannot be had ({reason}). Without network: run "
        f"`hf download {source.id} --repo-type dataset{revision} --local-dir FOLDER` on a machine that has one "
        f"and set the source's `id` to FOLDER"
    )
