"""Commits of the hub's data sets and models: looked up once a study, recorded, and read by every job from then on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from madx.files import read_json, write_json

if TYPE_CHECKING:
    from madx.config import Study
    from madx.config_types import Source, TextSource

COMMIT = re.compile(r"[0-9a-f]{40}")
HUB = {"hub": ("dataset", "id"), "pretrained": ("model", "path")}  # by `source`: the kind, and the setting with its id
CACHED = "config.json"  # a file of every model


class RevisionError(ValueError):
    """A commit that cannot be looked up; one line for the user."""


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

    def remedy(self, *include: str) -> str:
        """What to do where it cannot be had; include: the files that are needed, all of them without any."""
        options = {"--repo-type": "dataset" if self.kind == "dataset" else "", "--revision": self.revision or ""}
        options |= {"--include": " ".join(include), "--local-dir": "FOLDER"}
        command = " ".join(["hf download", self.id, *(f"{name} {value}" for name, value in options.items() if value)])
        setting = "the source's `id`" if self.kind == "dataset" else "the base's `path`"
        return (
            "Only the rules record_revision, prepare_* and fetch_* need network; run them where there is one, or run "
            f"`{command}` there and set {setting} to FOLDER"
        )


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


def record_revision(repository: Repository, path: str | Path) -> None:
    """Look up the commit of a repository and write it with its id and configured revision (JSON).

    A revision that is a commit needs no network. Raises RevisionError where another one cannot be looked up.
    """
    write_json(path, {**asdict(repository), "commit": _commit(repository)})


def at_recorded_commits(study: Study, records: Iterable[str | Path]) -> Study:
    """The study with the recorded commits as its revisions."""
    from madx.config import parse_study

    commits = {(record["kind"], record["id"]): record["commit"] for record in map(read_json, records)}
    settings = study.model_dump(mode="json")
    for mapping in _mappings(settings):
        if mapping.get("source") in HUB:
            kind, id_ = HUB[mapping["source"]]
            mapping["revision"] = commits.get((kind, mapping[id_]), mapping["revision"])
    return parse_study(settings, "configuration")


def _commit(repository: Repository) -> str:
    if repository.revision and COMMIT.fullmatch(repository.revision):
        return repository.revision
    from huggingface_hub import HfApi, try_to_load_from_cache

    try:
        return HfApi().repo_info(repository.id, repo_type=repository.kind, revision=repository.revision).sha
    except Exception as error:  # every layer of the library and of the network raises its own kinds
        if repository.kind == "model":  # its weights may be in the hub's cache; data sets are never kept there
            cached = try_to_load_from_cache(repository.id, CACHED, revision=repository.revision)
            if isinstance(cached, str):
                return Path(cached).parent.name
        reason = (" ".join(str(error).split()) or type(error).__name__)[:200]
        raise RevisionError(
            f"{repository.kind} {repository.id!r}: the commit of {repository.revision or 'its newest revision'} cannot"
            f" be looked up ({reason}). {repository.remedy()}"
        ) from error


def _data_sources(study: Study) -> Iterator[Source | TextSource]:
    yield from (study.corpora.data, *study.corpora.data_of.values())
    for task in study.tasks.values():
        yield from filter(None, (task.data, task.test_data, *task.test_data_of.values()))


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    """All mappings in nested settings."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from _mappings(part)
