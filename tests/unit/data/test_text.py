"""Adaptation text and its report."""

import hashlib
import json
import logging

import pytest

from madx.data.conll import read_conll
from madx.data.errors import DataError
from madx.data.exclusion import SHORTEST, key_of
from madx.data.text import prepare_text

LINES = [
    "Amani alikwenda Nairobi jana asubuhi. Baadaye alirudi.",
    "Siku njema.",
    "Amani  alikwenda Nairobi jana asubuhi",
]
EVALUATION = "Amani B-PER\nalikwenda O\nNairobi B-LOC\njana O\nasubuhi O\n. O\n"


@pytest.fixture
def prepare(make_study, tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "ner" / "aa").mkdir(parents=True)
    (tmp_path / "text" / "aa.txt").write_text("\n".join(LINES), encoding="utf-8")
    for split, content in {"train": "x O\n", "dev": EVALUATION, "test": "Siku O\nmbaya O\n"}.items():
        (tmp_path / "ner" / "aa" / f"{split}.txt").write_text(content, encoding="utf-8")

    def run(**corpora):
        study = make_study(corpora=corpora)
        prepare_text(study, "aa", tmp_path / "aa.txt", tmp_path / "aa.json")
        return (tmp_path / "aa.txt").read_text(encoding="utf-8"), json.loads((tmp_path / "aa.json").read_text())

    return run


def test_evaluation_sentences_are_removed_and_reported(prepare, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        text, report = prepare()
    assert text == "Baadaye alirudi.\nSiku njema.\n"
    assert report["documents"] == 2
    assert report["characters"] == len(text) - 2
    assert report["sha256"] == hashlib.sha256((tmp_path / "aa.txt").read_bytes()).hexdigest()
    assert report["exclusion"]["removed"] is True
    assert (report["exclusion"]["found"], report["exclusion"]["occurrences"]) == (1, 2)
    assert "1 sentences removed" in caplog.text


def test_overlap_is_measured_when_exclusion_is_off(prepare, caplog):
    with caplog.at_level(logging.INFO):
        text, report = prepare(exclude_evaluation_text=False)
    assert text == "\n".join(" ".join(line.split()) for line in LINES) + "\n"
    assert report["exclusion"]["removed"] is False
    assert (report["exclusion"]["found"], report["exclusion"]["found_share"]) == (1, 0.5)
    assert "left in" in caplog.text


@pytest.mark.parametrize("limit", [1, 7, 16, 20, 1000])
def test_text_stops_at_the_limit_in_characters(prepare, limit):
    text, report = prepare(max_characters=limit)
    assert report["characters"] == len(text.replace("\n", "")) <= limit
    assert "Baadaye alirudi. Siku njema.".startswith(" ".join(text.split()))


def test_nothing_left_is_an_error_and_writes_nothing(prepare, tmp_path):
    (tmp_path / "text" / "aa.txt").write_text(LINES[2], encoding="utf-8")
    with pytest.raises(DataError, match="no text of 'aa' remains"):
        prepare()
    assert not list(tmp_path.glob("aa.*"))
    assert not list(tmp_path.glob(".aa.*"))


@pytest.mark.shared
def test_no_evaluation_sentence_remains_in_the_real_texts(make_study, shared_data, shared_code, tmp_path):
    """The check is independent: plain search for every key in the whole remaining text."""
    study = make_study(languages=(shared_code,), data_root=str(shared_data), miniature=None)
    report = prepare_text(study, shared_code, tmp_path / "text.txt", tmp_path / "text.json")
    before = _keys((shared_data / "text" / f"{shared_code}.txt").read_text(encoding="utf-8-sig"))
    after = _keys((tmp_path / "text.txt").read_text(encoding="utf-8"))
    sentences = {
        key_of("".join(word.token for word in sentence))
        for split in ("dev", "test")
        for sentence in read_conll(shared_data / "ner" / shared_code / f"{split}.txt", shared_code)
    }
    cuttable = {key for key in sentences if len(key) >= SHORTEST}
    present = {key for key in cuttable if key in before}
    assert report["exclusion"]["found"] - report["exclusion"]["found_short"] == len(present)
    assert not [key for key in cuttable if key in after]
    if shared_code != "eng":  # English text is made from the training part; the others hold every sentence
        assert present == cuttable
        assert 0.06 <= report["exclusion"]["characters_share"] <= 0.27


def _keys(text: str) -> str:
    return "\n".join(map(key_of, text.splitlines()))
