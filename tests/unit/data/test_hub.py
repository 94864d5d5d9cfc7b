"""Hub data sets: one that cannot be had says what to do, and reading leaves no cache behind."""

import subprocess
import sys

import datasets
import pytest

OFFLINE = """
from madx.config import HubSource
from madx.data.errors import DataError
from madx.data.hub import load_hub
source = HubSource(source="hub", id="unimelb-nlp/wikiann", configuration="{language}", revision=REVISION)
try:
    load_hub(source, "sw", "validation")
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
    assert f"hf download unimelb-nlp/wikiann --repo-type dataset{option} --local-dir FOLDER" in done.stdout
    assert "set the source's `id` to FOLDER" in done.stdout
    assert not list(tmp_path.rglob("*.arrow"))


READ = """
import sys
from madx.config import HubSource
from madx.data.hub import read_rows
source = HubSource(source="hub", id=sys.argv[1], configuration="default", revision=None)
print([row["text"] for row in read_rows(source, "sw", "train")])
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
