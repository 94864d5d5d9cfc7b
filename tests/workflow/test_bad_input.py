"""Bad input stops the workflow with one line that names the place; nothing half-written stays behind."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.workflow.conftest import ROOT, copy_repository, local_settings, snakemake

GOOD = "Kim B-PER\nlives O\nhere O\n\n"
BASE_CONFIG = {"model_type": "xlm-roberta", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
# the language of each bad file: rule that meets it, file, content, and the line for the user
CASES = {
    "qaa": (
        "prepare_test_data",
        "ner/qaa/test.txt",
        f"{GOOD}Kim B-PERS\n".encode(),
        "data/ner/qaa/test.txt:5: the type of tag 'B-PERS' is not among the labels (PER, ORG, LOC); "
        "add it to the task's labels, or to its map_tags (for example PERS: O)",
    ),
    "qac": (
        "prepare_training_data",
        "ner/qac/dev.txt",
        f"{GOOD}Kim\n".encode(),
        "data/ner/qac/dev.txt:5: 1 column, expected two: a token and its tag ('Kim')",
    ),
    "qae": (
        "prepare_training_data",
        "ner/qae/train.txt",
        b"",
        "data/ner/qae/train.txt:1: no sentences; expected a token and a tag a line, and blank lines between sentences",
    ),
    "qab": (
        "prepare_training_data",
        "ner/qab/train.txt",
        GOOD.encode() + b"Zo\xeb B-PER\n",
        "data/ner/qab/train.txt:5: not UTF-8 (byte 28 of the file); save it as UTF-8",
    ),
    "qad": (
        "prepare_text",
        "text/qad.txt",
        b"",
        "data/text/qad.txt:1: no text; a language needs some to be adapted to",
    ),
    "qaf": (
        "prepare_text",
        "text/qaf.txt",
        b"one\r\ntwo \xff\n",
        "data/text/qaf.txt:2: not UTF-8 (byte 9 of the file); save it as UTF-8",
    ),
}
OUTPUT = {
    "prepare_training_data": "labelled/ner/{}/train.parquet",
    "prepare_test_data": "labelled/ner/{}/test.parquet",
    "prepare_text": "corpora/text/{}.txt",
}


@dataclass
class FailedRun:
    """A run of the workflow on nothing but bad files, and the copy of the repository that it ran in."""

    folder: Path
    code: int
    lines: list[str]

    @property
    def results(self) -> Path:
        return self.folder / "results/bad"


@pytest.fixture(scope="session")
def failed(tmp_path_factory) -> FailedRun:
    """All bad files and a base without weights in one run that keeps going after each failure."""
    folder = tmp_path_factory.mktemp("bad")
    copy_repository(folder)
    settings = local_settings("bad")
    settings["languages"] = {"high-resource covered": list(CASES)}
    pretrained = {"source": "pretrained", "path": "data/hollow", "revision": None, "mlm_head": "included"}
    settings["bases"] = {"hollow": pretrained}
    (folder / "config/bad.yaml").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "data/text").mkdir(parents=True)
    for code in CASES:
        (folder / f"data/text/{code}.txt").write_text("Kim lives here.\n", encoding="utf-8")
        (folder / "data/ner" / code).mkdir(parents=True)
        for split in ("train", "dev", "test"):
            (folder / f"data/ner/{code}/{split}.txt").write_text(GOOD, encoding="utf-8")
    (folder / "data/hollow").mkdir()
    (folder / "data/hollow/config.json").write_text(json.dumps(BASE_CONFIG), encoding="utf-8")
    targets = ["results/bad/base/hollow/base.json"]
    for code, (rule, path, content, _) in CASES.items():
        (folder / "data" / path).write_bytes(content)
        targets.append(f"results/bad/{OUTPUT[rule].format(code)}")
    done = snakemake(folder, *targets, "--configfile", "config/bad.yaml", "--keep-going")
    return FailedRun(folder, done.returncode, done.stderr.splitlines())


@pytest.mark.parametrize("code", CASES)
def test_bad_file_is_one_line_with_file_and_line(failed, code):
    rule, path, _, message = CASES[code]
    assert failed.code != 0
    # anywhere in the line: Snakemake may be in the middle of a long message of its own
    said = [line for line in failed.lines if path in line and "error in" in line]
    assert len(said) == 1 and said[0].count(f"error in {rule}: {message}") == 1, said
    (log,) = (file.read_text(encoding="utf-8") for file in (failed.results / "logs" / rule).rglob(f"{code}.log"))
    assert "Traceback" in log
    assert log.splitlines()[-1] == f"error in {rule}: {message}"


def test_base_without_weights_is_one_line_with_the_remedy(failed):
    (line,) = [line for line in failed.lines if line.startswith("error in fetch_base")]
    assert line.startswith("error in fetch_base: base 'data/hollow' cannot be loaded: ")
    assert line.endswith("; the folder must hold config.json and model.safetensors")


def test_nothing_half_written_stays_behind(failed):
    made = {path.relative_to(failed.results).as_posix() for path in failed.results.rglob("*") if path.is_file()}
    made = {path for path in made if not path.startswith(("logs/", "benchmarks/"))}
    assert not made
    # temporary files and folders have names that start with a dot
    assert not [path for path in failed.results.rglob(".*") if path.name != ".snakemake_timestamp"]


def test_no_traceback_reaches_the_user(failed):
    assert not [line for line in failed.lines if "Traceback" in line]


def test_madx_study_shows_the_line_and_the_log(failed):
    done = madx(
        failed.folder,
        "study",
        "--configfile",
        "config/bad.yaml",
        "--target",
        "results/bad/labelled/ner/qac/dev.parquet",
    )
    rule, _, _, message = CASES["qac"]
    assert done.returncode != 0
    shown = done.stdout.splitlines()
    assert f"{rule} failed (labelled data of qac to train on (ner)): {message}" in shown
    assert "  its log: results/bad/logs/prepare_training_data/ner/qac.log" in shown
    assert "Traceback" not in done.stdout + done.stderr


# ---------------------------------------------------------------- configurations


def madx(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "madx.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def bad_configuration(folder: Path, **changes) -> str:
    settings = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8")) | changes
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return str(folder / "config.yaml")


BAD_SETTINGS = {
    "unknown key": (
        {"adapters": {"stack": "paper", "task_reduction": 16}},
        "unknown key 'adapters.task_reduction'; did you mean 'task_reduction_factor'? (and 4 more)",
    ),
    "language without a row": (
        {"languages": {"high-resource covered": ["qaa", "qac"], "low-resource unseen": ["qae", "qax"]}},
        "config/languages.tsv has no language 'qax'",
    ),
}


@pytest.mark.parametrize("command", ["check", "study"])
@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_bad_configuration_is_one_line(tmp_path, command, case):
    changes, message = BAD_SETTINGS[case]
    file = bad_configuration(tmp_path, **changes)
    done = madx(ROOT, command, "--configfile", file)
    assert done.returncode != 0
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {file}: {message}")


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_bad_configuration_stops_snakemake_without_traceback(tmp_path, case):
    changes, message = BAD_SETTINGS[case]
    done = snakemake(ROOT, "-n", "--nolock", "--configfile", bad_configuration(tmp_path, **changes))
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert [line for line in output.splitlines() if line.startswith(f"configuration: {message}")]
    assert "Traceback" not in output


@pytest.mark.parametrize("command", ["snakemake", "madx", "madx, in earnest"])
def test_missing_files_are_one_line_before_anything_runs(tmp_path, command):
    file = bad_configuration(tmp_path, **(local_settings("nowhere") | {"data_root": str(tmp_path / "data")}))
    if command == "snakemake":
        done = snakemake(ROOT, "-n", "--nolock", "--configfile", file)
    else:
        done = madx(ROOT, "study", "--configfile", file, "--nolock", *(["-n"] if command == "madx" else []))
    assert done.returncode != 0
    output = done.stdout + done.stderr
    (line,) = [line for line in output.splitlines() if "the file does not exist" in line]
    assert f"{tmp_path}/data/text/qaa.txt: the file does not exist (and 11 more); data_root is" in line
    assert "--config data_root=FOLDER" in line
    assert "Traceback" not in output
    assert not (ROOT / "results/nowhere").exists()
