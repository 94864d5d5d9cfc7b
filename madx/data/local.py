"""Where a `local` source's files lie."""

from __future__ import annotations

from pathlib import Path

from madx.config import LocalSource, Study
from madx.data.errors import DataError


def local_path(study: Study, source: LocalSource, **names: str) -> Path:
    """data_root / path with {language} (and {split}) filled in; DataError for any other name in braces."""
    try:
        return Path(study.data_root) / source.path.format(**names)
    except (KeyError, IndexError, ValueError):
        known = ", ".join(f"{{{name}}}" for name in names)
        raise DataError(f"the path {source.path!r} of a local source may use {known} only") from None
