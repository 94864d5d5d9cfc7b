"""The command line: what it prints, and how it answers mistakes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from madx import progress
from madx.cli import app

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
    assert "2 sources x 3 targets; results in results/tiny" in result.stdout


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
    assert started == [
        (Path("config/tiny.yaml"), Path("results/tiny"), "1", ["tables"], ["-n", "--config", "table5_source=qae"])
    ]


def test_overrides_are_yaml_and_replace_whole_keys():
    assert "study 'other'" in run("check", *TINY, "--config", "study=other").stdout
    result = run("check", *TINY, "--config", "tracking={mlflow: false}")
    assert "missing key 'tracking.uri'" in result.stderr
