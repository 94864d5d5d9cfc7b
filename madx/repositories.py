"""What a study reads from the Hugging Face hub: data sets and models, by their names there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from madx.config import Study
    from madx.config_types import Source, TextSource

COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Repository:
    """A data set or model on the Hugging Face hub; revision: as configured, None for the newest."""

    kind: Literal["dataset", "model"]
    id: str
    revision: str | None

    @property
    def name(self) -> str:
        """A file's name, as the hub's own cache writes it: datasets--unimelb-nlp--wikiann."""
        return f"{self.kind}s--{self.id.replace('/', '--')}"


def repositories(study: Study) -> dict[str, Repository]:
    """Everything that a study reads from the hub, by name."""
    return {repository.name: repository for repository in hub_repositories(study)}


def hub_repositories(study: Study) -> Iterator[Repository]:
    """The repository behind each data source and base that has one: an id that is a folder has none."""
    yield from filter(None, map(of_source, _data_sources(study)))
    yield from filter(None, (of_base(study, base) for base in study.bases))


def of_source(source: Source | TextSource) -> Repository | None:
    """The data set that a data source reads from the hub, if it does."""
    if source.source != "hub" or Path(source.id).is_dir():
        return None
    return Repository("dataset", source.id, source.revision)


def of_base(study: Study, base: str) -> Repository | None:
    """The model of a base that comes from the hub, if it does."""
    settings = study.bases[base]
    if settings.source != "pretrained" or Path(settings.path).is_dir():
        return None
    return Repository("model", settings.path, settings.revision)


def _data_sources(study: Study) -> Iterator[Source | TextSource]:
    yield from (study.corpora.data, *study.corpora.data_of.values())
    for task in study.tasks.values():
        yield from filter(None, (task.data, task.test_data, *task.test_data_of.values()))
