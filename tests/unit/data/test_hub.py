"""A hub data set that cannot be had says what to do."""

import subprocess
import sys

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
