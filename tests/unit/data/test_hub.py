"""Hub data sets: one that cannot be had says what to do, and reading leaves no cache behind."""

import subprocess
import sys
from pathlib import Path

import datasets
import pytest

from madx.config import load_study, parse_study
from madx.config_types import HubSource
from madx.data import ccr
from madx.data.errors import DataError
from madx.data.hub import open_hub

ROOT = Path(__file__).parents[3]
OFFLINE = """
from madx.config_types import HubSource
from madx.data.errors import DataError
from madx.data.hub import open_hub
source = HubSource(source="hub", id="unimelb-nlp/wikiann", configuration="{language}", revision=REVISION)
try:
    open_hub(source, "sw", "validation")
except DataError as error:
    print(error)
"""


@pytest.mark.parametrize(("revision", "option"), [("None", ""), ("'0123abc'", " --revision 0123abc")])
def test_offline_message_says_what_to_download_and_what_to_set(tmp_path, revision, option):
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE.replace("REVISION", revision)],
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 1
    assert f"hf download unimelb-nlp/wikiann --repo-type dataset{option} --include README.md" in done.stdout
    assert '--include README.md "*/*" --local-dir FOLDER`' in done.stdout
    assert "Only the rules record_revision, prepare_* and fetch_* need network" in done.stdout
    assert "set the source's `id` to FOLDER" in done.stdout
    assert not list(tmp_path.rglob("*.arrow"))


READ = """
import sys
from madx.config_types import HubSource
from madx.data.hub import open_hub
source = HubSource(source="hub", id=sys.argv[1], configuration="default", revision=None)
print([row["text"] for row in open_hub(source, "sw", "train").rows(["text"])])
"""


def test_reading_leaves_nothing_in_the_home_folder(tmp_path):
    (tmp_path / "data").mkdir()
    datasets.Dataset.from_dict({"text": ["a", "b"]}).to_parquet(tmp_path / "data" / "train.parquet")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "data")],
        env={"HF_HOME": str(tmp_path / "home"), "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['a', 'b']"
    assert not list((tmp_path / "home").rglob("*"))


PARTIAL = """
import itertools, sys
from madx.config_types import HubSource
from madx.data.hub import open_hub
source = HubSource(source="hub", id=sys.argv[1], configuration="default", revision=None)
kept = [open_hub(source, "sw", "train").rows(["text"]) for _ in range(20)]
print(sum(len(list(itertools.islice(rows, number))) for number, rows in enumerate(kept, start=1)))
"""


def test_reading_a_part_does_not_abort_the_process_at_exit(tmp_path):
    (tmp_path / "data").mkdir()
    rows = {"text": [f"{number} {'word ' * 50}" for number in range(4000)]}
    datasets.Dataset.from_dict(rows).to_parquet(tmp_path / "data" / "train.parquet", batch_size=500)
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", PARTIAL, str(tmp_path / "data")],
            env={"HF_HOME": str(tmp_path / "home"), "PATH": "", "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout.strip()) == (0, "210"), done.stderr


def test_files_that_are_not_parquet_are_refused(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    source = HubSource(source="hub", id=str(tmp_path), configuration="default", revision=None)
    with pytest.raises(DataError, match=r"cannot be read from this folder \(its files are not in Parquet\)"):
        open_hub(source, "sw", "train")


def test_the_hub_s_own_parquet_version_of_a_data_set_of_csv_files(tmp_path, monkeypatch):
    """As on refs/convert/parquet: a folder a configuration and split. Balanced COPA's columns; it has no idx."""
    row = {"id": 501, "premise": "It rained.", "choice1": "Wet.", "choice2": "Dry.", "question": "effect", "label": 0}
    for split, rows in {"train": [row], "test": [row, row | {"id": 502, "label": 1}]}.items():
        (tmp_path / "default" / split).mkdir(parents=True)
        data = datasets.Dataset.from_list([{**one, "mirrored": False} for one in rows])
        data.to_parquet(tmp_path / "default" / split / "0000.parquet")
    monkeypatch.chdir(ROOT)
    settings = load_study("config/paper.yaml").model_dump(mode="json")
    settings["tasks"]["ccr"]["test_data_of"]["en"]["id"] = str(tmp_path)
    study = parse_study(settings, "test")
    source = study.data_source("ccr", "en", "test")
    choices = ccr.read(study, "ccr", source, "en", "test")
    assert [(choice.options, choice.label) for choice in choices] == [(("Wet.", "Dry."), 0), (("Wet.", "Dry."), 1)]
    assert len({choice.id for choice in choices}) == 2
