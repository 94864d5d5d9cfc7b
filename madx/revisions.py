"""Commits of the hub's data sets and models: looked up once a study, recorded, and read by every job from then on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madx.files import read_json, write_json
from madx.repositories import COMMIT, Repository

if TYPE_CHECKING:
    from madx.config import Study

HUB = {"hub": ("dataset", "id"), "pretrained": ("model", "path")}  # by `source`: the kind, and the setting with its id
CACHED = "config.json"  # a file of every model


class RevisionError(ValueError):
    """A commit that cannot be looked up; one line for the user."""


def record_revision(repository: Repository, path: str | Path) -> None:
    """Look up the commit of a repository and write it with its id and configured revision (JSON).

    A record of the same repository and configured revision stays as it is: a study keeps to what it began with until
    the file is deleted. A revision that is a commit needs no network. Raises RevisionError where another one cannot be
    looked up.
    """
    path, wanted = Path(path), asdict(repository)
    if path.is_file() and wanted.items() <= read_json(path).items():
        return
    write_json(path, {**wanted, "commit": _commit(repository)})


def remedy(repository: Repository, *include: str) -> str:
    """What to do where a repository cannot be had; include: the files that are needed, all of them without any."""
    options = {
        "--repo-type": "dataset" if repository.kind == "dataset" else "",
        "--revision": repository.revision or "",
    }
    options |= {"--include": " ".join(include), "--local-dir": "FOLDER"}
    given = (f"{name} {value}" for name, value in options.items() if value)
    command = " ".join(["hf download", repository.id, *given])
    setting = "the source's `id`" if repository.kind == "dataset" else "the base's `path`"
    return (
        "Only the rules record_revision, prepare_* and fetch_* need network; run them where there is one, or run "
        f"`{command}` there and set {setting} to FOLDER"
    )


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
            f" be looked up ({reason}). {remedy(repository)}"
        ) from error


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    """All mappings in nested settings."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from _mappings(part)
