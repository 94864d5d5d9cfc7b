"""What a study's data were read from, for whoever reads them later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from madx.config import Study
from madx.config_types import HubSource, LocalSource, Source, TextSource
from madx.repositories import of_source


def describe_source(study: Study, source: Source | TextSource, code: str) -> dict[str, Any]:
    """The source of one language: local files, a hub data set with its revision, or a miniature's seed."""
    if isinstance(source, LocalSource):
        return {"source": "local", "path": str(Path(study.data_root) / source.path)}
    if isinstance(source, HubSource):
        return {
            "source": "hub",
            "id": source.id,
            "configuration": source.configuration.format(language=code),
            "revision": repository.revision if (repository := of_source(source)) else None,
        }
    return {"source": "miniature", "seed": study.miniature.seed}
