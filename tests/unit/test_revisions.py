"""Commits on the hub: looked up once, recorded, read from then on; against a small server with the hub's answers."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from madx.config import load_study, parse_study
from madx.files import read_json
from madx.repositories import Repository, repositories
from madx.revisions import RevisionError, at_recorded_commits, record_revision

NEWEST, TAGGED = "0123456789abcdef" * 2 + "01234567", "fedcba9876543210" * 2 + "76543210"
ANSWERS = {
    "/api/datasets/unimelb-nlp/wikiann": NEWEST,
    "/api/datasets/unimelb-nlp/wikiann/revision/v1.1": TAGGED,
    "/api/models/some/base": TAGGED,
}
RECORD = """
import sys
from madx.repositories import Repository
from madx.revisions import RevisionError, record_revision
kind, id_, revision, path = sys.argv[1:]
try:
    record_revision(Repository(kind, id_, revision or None), path)
except RevisionError as error:
    sys.exit(str(error))
"""


class Hub(BaseHTTPRequestHandler):
    def do_GET(self):
        commit = ANSWERS.get(self.path)
        content = json.dumps({"id": "x", "sha": commit} if commit else {"error": "Repository not found"}).encode()
        self.send_response(200 if commit else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@contextmanager
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def record(path: Path, kind: str, name: str, revision: str = "", **environment: str) -> str:
    """Record in a process of its own, which reads the hub's address when it starts; the error's line, if any."""
    done = subprocess.run(
        [sys.executable, "-c", RECORD, kind, name, revision, str(path)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(sys.path), "HF_HOME": str(path.parent)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip()


@pytest.mark.parametrize(
    ("kind", "name", "revision", "commit"),
    [
        ("dataset", "unimelb-nlp/wikiann", "", NEWEST),
        ("dataset", "unimelb-nlp/wikiann", "v1.1", TAGGED),
        ("model", "some/base", "", TAGGED),
    ],
)
def test_the_hub_s_commit_is_recorded(tmp_path, kind, name, revision, commit):
    path = tmp_path / "record.json"
    with hub() as address:
        assert record(path, kind, name, revision, HF_ENDPOINT=address) == ""
    assert read_json(path) == {"kind": kind, "id": name, "revision": revision or None, "commit": commit}


def test_what_the_hub_does_not_have_is_named_and_nothing_is_written(tmp_path):
    path = tmp_path / "record.json"
    with hub() as address:
        error = record(path, "dataset", "nobody/nothing", HF_ENDPOINT=address)
    assert error.startswith("dataset 'nobody/nothing': the commit of its newest revision cannot be looked up (")
    assert "404" in error
    assert len(error.splitlines()) == 1 and not path.exists()


def test_offline_message_says_what_to_do(tmp_path):
    error = record(tmp_path / "record.json", "model", "some/base", "v1", HF_HUB_OFFLINE="1")
    assert "model 'some/base': the commit of v1 cannot be looked up" in error
    assert (
        "run `hf download some/base --revision v1 --local-dir FOLDER` there and set the base's `path` to FOLDER"
        in error
    )


def test_a_model_in_the_hub_s_cache_needs_no_network(tmp_path):
    cache = tmp_path / "hub" / "models--some--base"
    (cache / "snapshots" / TAGGED).mkdir(parents=True)
    (cache / "snapshots" / TAGGED / "config.json").write_text("{}", encoding="utf-8")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(TAGGED, encoding="utf-8")
    assert record(tmp_path / "record.json", "model", "some/base", HF_HUB_OFFLINE="1") == ""
    assert read_json(tmp_path / "record.json")["commit"] == TAGGED


def test_a_commit_needs_no_network(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.HfApi.repo_info", lambda *_, **__: pytest.fail("the hub was asked"))
    record_revision(Repository("dataset", "a/b", NEWEST), tmp_path / "record.json")
    assert read_json(tmp_path / "record.json")["commit"] == NEWEST


def test_the_paper_s_study_reads_recorded_commits_everywhere(tmp_path):
    study = load_study("config/paper.yaml")
    paths = []
    for name, repository in repositories(study).items():
        paths.append(tmp_path / f"{name}.json")
        pinned = Repository(repository.kind, repository.id, f"{len(paths):040x}")
        record_revision(pinned, paths[-1])
    recorded = at_recorded_commits(study, paths)
    found = {name: repository.revision for name, repository in repositories(recorded).items()}
    assert found == {path.stem: f"{number:040x}" for number, path in enumerate(paths, start=1)}
    assert {"datasets--unimelb-nlp--wikiann", "models--FacebookAI--xlm-roberta-base"} <= found.keys()
    assert parse_study(study.model_dump(mode="json"), "again") == at_recorded_commits(study, [])


def test_folders_are_no_repositories(tmp_path):
    settings = load_study("config/paper.yaml").model_dump(mode="json")
    settings["corpora"]["data"]["id"] = str(tmp_path)
    for base in settings["bases"].values():
        base["path"] = str(tmp_path)
    names = repositories(parse_study(settings, "test"))
    assert all(name.startswith("datasets--") for name in names)
    assert not any("wikipedia" in name for name in names)


def test_an_unknown_host_is_an_error_of_its_own_kind(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ConnectionError("no route to host\nsecond line")

    monkeypatch.setattr("huggingface_hub.HfApi.repo_info", fail)
    with pytest.raises(RevisionError, match=r"\(no route to host second line\)"):
        record_revision(Repository("dataset", "a/b", None), tmp_path / "record.json")


def test_a_study_keeps_to_the_commit_that_it_began_with(tmp_path, monkeypatch):
    monkeypatch.setattr("madx.revisions._commit", lambda repository: NEWEST)
    path, newest = tmp_path / "record.json", Repository("dataset", "unimelb-nlp/wikiann", None)
    record_revision(newest, path)
    monkeypatch.setattr("madx.revisions._commit", lambda repository: TAGGED)  # the hub has moved on
    before = path.stat().st_mtime_ns
    record_revision(newest, path)
    assert (read_json(path)["commit"], path.stat().st_mtime_ns) == (NEWEST, before)
    record_revision(Repository("dataset", "unimelb-nlp/wikiann", "v1.1"), path)  # another setting
    assert read_json(path)["commit"] == TAGGED
