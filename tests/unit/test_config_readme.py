"""config/README.md: its table of keys, its list of studies and its examples hold."""

import re
from pathlib import Path

import pytest
import yaml

from madx.config import parse_study
from madx.config_reference import key_table

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "config/README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def merged(settings: dict, snippet: dict) -> dict:
    """Settings with a snippet's values; bases, languages and data sources are replaced as a whole."""
    result = dict(settings)
    for key, value in snippet.items():
        whole = key in ("bases", "languages", "data") or not isinstance(value, dict)
        result[key] = value if whole else merged(settings.get(key, {}), value)
    return result


def test_table_of_keys_is_in_step():
    table = TEXT.split("<!-- keys -->\n\n")[1].split("\n<!-- /keys -->")[0]
    assert table == key_table(), "put the output of `madx keys` between the markers of config/README.md"


def test_every_key_has_a_meaning():
    for row in key_table().splitlines()[2:]:
        name, kind, meaning = (cell.strip() for cell in row.strip("|").split("|"))
        assert kind, name
        assert meaning, name


def test_every_study_has_its_row():
    named = re.findall(r"^\| `([\w-]+\.yaml)` \|", TEXT, re.MULTILINE)
    assert sorted(named) == sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_examples_are_valid(snippet, monkeypatch):
    monkeypatch.chdir(ROOT)
    settings = yaml.safe_load((ROOT / "config/african.yaml").read_text(encoding="utf-8"))
    parse_study(merged(settings, yaml.safe_load(snippet)), "config/README.md")


def test_there_are_examples_of_every_source_of_data_and_bases():
    sources = set(re.findall(r"^ +source: (\w+)", "".join(SNIPPETS), re.MULTILINE))
    assert sources == {"local", "hub", "pretrained", "made"}
    assert "mlm_head: train" in "".join(SNIPPETS)
