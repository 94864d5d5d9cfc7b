"""The workflow on real Snakemake: dry runs of the configurations, and a copy whose scripts only touch their outputs."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COPIED = ("Snakefile", "config", "madx", "workflow", "environment.yml", "tests/results", "pyproject.toml")

# Stands in for every script of the workflow: the DAG is real, the work is not.
TOUCH = """
from pathlib import Path
for path in map(Path, snakemake.output):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch() if path.suffix else path.mkdir(exist_ok=True)
"""


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run Snakemake in a folder, with the madx package that lies there."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments, "--cores", "2", "--scheduler", "greedy"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
    )


def job_counts(output: str) -> dict[str, int]:
    """Jobs per rule of a dry run's first statistics."""
    table = re.search(r"Job stats:\njob +count\n[- ]+\n(.*?)\n\n", output, re.DOTALL)
    if table is None:
        assert "Nothing to be done" in output, output[-2000:]
        return {}
    return {name: int(count) for name, count in (line.split() for line in table[1].splitlines())}


def planned_messages(output: str) -> set[str]:
    """What a dry run would do, in the words of the rules (Snakemake prints these in place of rule and wildcards)."""
    return set(re.findall(r"^Job \d+: (.*)$", output, re.MULTILINE))


@dataclass
class TouchedStudy:
    """A copy of the repository with a finished run of touched files."""

    folder: Path
    configfile: str

    def run(self, *targets: str) -> None:
        """Make targets, or everything."""
        done = snakemake(self.folder, *targets, "--configfile", self.configfile)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    def dry_run(self, *targets: str) -> tuple[dict[str, int], set[str]]:
        """What would be done now: jobs per rule, and the messages of the jobs."""
        done = snakemake(self.folder, "-n", *targets, "--configfile", self.configfile)
        assert done.returncode == 0, done.stdout + done.stderr
        return job_counts(done.stdout + done.stderr), planned_messages(done.stdout + done.stderr)

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def change(self, change: Callable[[dict], None]) -> None:
        """Change the study's settings."""
        file = self.folder / self.configfile
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))  # JSON is YAML
        change(settings)
        file.write_text(json.dumps(settings), encoding="utf-8")


def copy_repository(folder: Path) -> None:
    """Copy what a run needs, so that a test may change it."""
    for name in COPIED:
        source = ROOT / name
        target = folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def local_settings(study: str) -> dict:
    """Settings of config/tiny.yaml on local files below data/."""
    settings = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8"))
    settings |= {"study": study, "data_root": "data", "miniature": None}
    settings["corpora"]["data"] = {"source": "local", "path": "text/{language}.txt"}
    settings["tasks"]["ner"]["data"] = {"source": "local", "path": "ner/{language}/{split}.txt"}
    settings["tasks"]["ner"]["sources"] = "all"
    return settings


def touching_copy(folder: Path) -> Path:
    """A copy of the repository whose scripts do nothing but touch their outputs."""
    copy_repository(folder)
    for script in (folder / "workflow/scripts").glob("*.py"):
        script.write_text(TOUCH, encoding="utf-8")
    return folder


def copy_of(study: TouchedStudy, folder: Path) -> TouchedStudy:
    """A finished study once more, files with their times."""
    shutil.copytree(study.folder, folder, symlinks=True, copy_function=shutil.copy2)
    return TouchedStudy(folder, study.configfile)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> TouchedStudy:
    """A study on local files (three languages, one of them unseen), run once with touching scripts."""
    folder = touching_copy(tmp_path_factory.mktemp("copy"))
    (folder / "config/touched.yaml").write_text(json.dumps(local_settings("touched")), encoding="utf-8")
    for language in ("qaa", "qac", "qae"):
        for path in (f"text/{language}.txt", *(f"ner/{language}/{split}.txt" for split in ("train", "dev", "test"))):
            file = folder / "data" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("A O\n\n", encoding="utf-8")
    study = TouchedStudy(folder, "config/touched.yaml")
    study.run()
    return study


@pytest.fixture(scope="session")
def finished_complete(tmp_path_factory) -> TouchedStudy:
    """A study of all methods and tasks, run once with touching scripts."""
    study = TouchedStudy(touching_copy(tmp_path_factory.mktemp("complete")), "config/tiny-complete.yaml")
    study.run()
    return study


@pytest.fixture
def complete_study(finished_complete, tmp_path) -> TouchedStudy:
    """The finished study of all methods and tasks, to be changed by one test."""
    return copy_of(finished_complete, tmp_path / "study")


@pytest.fixture
def study(finished, tmp_path) -> TouchedStudy:
    """The finished study, to be changed by one test."""
    return copy_of(finished, tmp_path / "study")
