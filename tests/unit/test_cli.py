"""The command line: what it prints, and how it answers mistakes."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from madx import progress
from madx.cli import app
from madx.tracking import Synced

ROOT = Path(__file__).parents[2]
TINY = ["--configfile", "config/tiny.yaml"]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def started(monkeypatch) -> list[tuple]:
    """Calls of run_study, which do nothing here."""
    calls: list[tuple] = []
    monkeypatch.setattr(progress, "run_study", lambda *arguments: calls.append(arguments) or 7)
    return calls


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def test_check_says_what_a_study_asks_for():
    result = run("check", *TINY)
    assert result.exit_code == 0
    assert "study 'tiny', 3 languages" in result.stdout
    assert "results in results/tiny" in result.stdout
    assert "task ner: 2 sources x 3 targets; methods: full-finetuning, " in result.stdout


def test_generated_files_are_printed():
    assert run("schema").stdout == (ROOT / "config/schema.json").read_text(encoding="utf-8")
    assert run("keys").stdout.startswith("| key | value | meaning |\n")


@pytest.mark.parametrize("command", ["check", "study", "sync"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--configfile", "config/none.yaml"], "config/none.yaml: the configuration file does not exist"),
        ([*TINY, "--config", "tabel5_source=qaa"], "unknown key 'tabel5_source'; did you mean 'table5_source'?"),
        ([*TINY, "--config", "study"], "--config 'study': expected KEY=VALUE"),
        ([*TINY, "--config", "study=[a"], "--config 'study=[a': the value is not valid YAML"),
    ],
)
def test_mistakes_are_one_line_without_traceback(started, command, arguments, message):
    result = run(command, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert started == []


@pytest.mark.parametrize("cores", ["0", "-1", "two", ""])
def test_cores_must_be_a_positive_number_or_all(started, cores):
    result = run("study", *TINY, "--cores", cores)
    assert result.exit_code == 2
    assert f"--cores {cores!r}: expected a positive number or all" in result.stderr
    assert started == []


def test_study_hands_everything_on_and_returns_the_runs_exit_code(started):
    result = run("study", *TINY, "--cores", "1", "--target", "tables", "--config", "table5_source=qae", "-n")
    assert result.exit_code == 7
    assert started == [(Path("config/tiny.yaml"), Path("results/tiny"), "1", ["tables"], ["-n"], ["table5_source=qae"])]


@pytest.mark.parametrize("command", ["check", "study", "sync", "ui"])
def test_outside_the_repository_the_message_says_where_to_go(started, monkeypatch, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    result = run(command, "--configfile", str(ROOT / "config/tiny.yaml"))
    assert result.exit_code == 2 and started == [] and list(tmp_path.iterdir()) == []
    assert result.stderr == (
        f"error: madx runs in the repository's root, the folder with Snakefile and config/; this is {tmp_path}\n"
    )


def test_sync_names_a_broken_file_in_one_line(monkeypatch):
    def broken(*_):
        raise ValueError("metrics.jsonl:6: not a line of metrics")

    monkeypatch.setattr("madx.tracking.sync_study", broken)
    result = run("sync", *TINY)
    assert (result.exit_code, result.stderr) == (2, "error: metrics.jsonl:6: not a line of metrics\n")


# ---------------------------------------------------------------- MLflow


@pytest.fixture
def folder(monkeypatch, tmp_path) -> Path:
    """A folder that looks like the repository's root, without results."""
    for name in ("Snakefile", "config"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def note(folder: Path, text: str = "{}") -> Path:
    """The workflow's note of what MLflow has."""
    path = folder / "results/tiny/mlflow.synced"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("uri", ["null", "'http://server:5000'"])
def test_the_next_run_makes_a_deleted_database_anew(started, folder, uri):
    synced = note(folder)
    tracking = ["--config", f"tracking={{mlflow: true, uri: {uri}}}"]
    run("study", *TINY, *tracking)
    assert len(started) == 1 and synced.exists() == (uri != "null")
    note(folder)
    (folder / "results/tiny/mlflow.db").touch()
    run("study", *TINY, *tracking)
    assert len(started) == 2 and synced.exists()


def test_sync_takes_back_the_note_that_it_had_failed(monkeypatch, folder):
    monkeypatch.setattr("madx.tracking.sync_study", lambda *_: Synced(created=2))
    assert run("sync", *TINY).exit_code == 0
    assert not (folder / "results").exists()
    synced = note(folder, '{"failed": "see the log"}')
    assert run("sync", *TINY).exit_code == 0
    assert json.loads(synced.read_text()) == {"created": 2, "updated": 0, "unchanged": 0, "deleted": 0}


@pytest.fixture
def called(monkeypatch) -> list[list[str]]:
    """Commands that would have been started."""
    calls: list[list[str]] = []
    monkeypatch.setattr(os, "execve", lambda path, command, environment: calls.append(command))
    return calls


def test_ui_shows_the_studys_own_database_to_this_machine_alone(called, folder):
    missing = "error: results/tiny/mlflow.db is not there; it is made by: madx {} --configfile config/tiny.yaml\n"
    for command in ("study", "sync"):  # before the first run, and after
        result = run("ui", *TINY)
        assert (result.exit_code, result.stderr, called) == (2, missing.format(command), [])
        (folder / "results/tiny").mkdir(parents=True, exist_ok=True)
    (folder / "results/tiny/mlflow.db").touch()
    assert run("ui", *TINY, "--port", "5001").exit_code == 0
    options = ["--backend-store-uri", "sqlite:///results/tiny/mlflow.db", "--host", "127.0.0.1", "--port", "5001"]
    assert called == [[sys.executable, "-m", "mlflow", "ui", *options]]


def test_ui_ends_with_the_process_that_was_started(folder):
    """A stand-in for mlflow says who it is: the process itself, so that no signal can leave a server behind."""
    (folder / "results/tiny").mkdir(parents=True)
    (folder / "results/tiny/mlflow.db").touch()
    (folder / "mlflow").mkdir()
    (folder / "mlflow/__init__.py").touch()
    (folder / "mlflow/__main__.py").write_text("import os, time; print(os.getpid(), flush=True); time.sleep(60)\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    command = [sys.executable, "-m", "madx.cli", "ui", *TINY]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as ui:
        server = int(ui.stdout.readline())
        os.kill(server, signal.SIGKILL)  # whatever else may come: the stand-in is not to stay
        assert server == ui.pid


def test_ui_follows_the_tracking_setting(called):
    result = run("ui", *TINY, "--config", "tracking={mlflow: true, uri: 'http://server:5000'}")
    assert result.exit_code == 0 and "open http://server:5000 in a browser" in result.stdout and called == []
    assert run("ui", *TINY, "--config", "tracking={mlflow: true, uri: 'sqlite:////srv/runs.db'}").exit_code == 0
    assert "sqlite:////srv/runs.db" in called[0]


# ---------------------------------------------------------------- make


@pytest.mark.parametrize("study", ["my-study", "'my-study'", '"my-study"', "my-study  # a comment"])
def test_make_takes_names_with_spaces_and_quoted_studies(tmp_path, study):
    config = tmp_path / "my config.yaml"
    config.write_text(f"description: x\nstudy: {study}\n")
    settings = [f"CONFIG={config}", "DATA_ROOT=/my data/o'clock", "PORT=5001"]
    made = {}
    for target in ("study", "ui", "report"):
        command = ["make", "--no-print-directory", "--dry-run", "--old-file=.venv/ready", target, *settings]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        made[target] = shlex.split(done.stdout.splitlines()[-1])
    data = ["--config", "data_root=/my data/o'clock"]
    assert made["study"] == [".venv/bin/madx", "study", "--configfile", str(config), "--cores", "all", *data]
    assert made["ui"] == [".venv/bin/madx", "ui", "--configfile", str(config), *data, "--port", "5001"]
    assert made["report"][-1] == "results/my-study/report.html"


def test_overrides_are_yaml_and_replace_whole_keys():
    assert "study 'other'" in run("check", *TINY, "--config", "study=other").stdout
    result = run("check", *TINY, "--config", "tracking={mlflow: false}")
    assert "missing key 'tracking.uri'" in result.stderr
