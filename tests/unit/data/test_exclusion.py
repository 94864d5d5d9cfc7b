"""Evaluation sentences are found in running text however they are written, cut out, and counted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madx.data.exclusion import SHORTEST, Exclusion, key_of

SENTENCE = ["``", "Kò", "sí", "ẹ̀rí", "pé", "òtítọ́", "ni", ",", "''", "ni", "ó", "wí", "."]
RUNNING = "“Kò sí ẹ̀rí pé òtítọ́ ni,” ni ó wí."


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC"])
@pytest.mark.parametrize("change", [str, str.upper, lambda text: text.replace(" ", "\u00a0 ")])
def test_forms_of_one_sentence_have_one_key(form, change):
    assert key_of(change(unicodedata.normalize(form, RUNNING))) == key_of("".join(SENTENCE))


def test_sentence_is_cut_out_of_a_line_with_its_punctuation():
    exclusion = Exclusion.of([SENTENCE])
    assert exclusion.cut(f"Before it. {RUNNING} After it.") == ["Before it.", "After it."]
    assert exclusion.cut(RUNNING) == []
    assert exclusion.cut("Nothing of the kind here.") == ["Nothing of the kind here."]
    report = exclusion.report(True)
    assert (report["found"], report["occurrences"], report["found_share"]) == (1, 2, 1.0)
    assert report["characters"] == len(f" {RUNNING} ") + len(RUNNING)


def test_overlapping_and_nested_sentences_all_count():
    text = "alpha beta gamma delta epsilon zeta eta theta"
    words = text.split()
    exclusion = Exclusion.of([words[:5], words[2:7], words[2:5], words[:5]])
    assert exclusion.cut(f"one {text} two") == ["one", "theta two"]
    report = exclusion.report(True)
    assert (report["evaluation_sentences"], report["distinct"], report["found"], report["occurrences"]) == (4, 3, 3, 3)


def test_short_sentences_go_only_where_they_are_a_document():
    exclusion = Exclusion.of([["Sports"], ["on", "Friday", ":"], ["!", "!"]])
    assert exclusion.cut("sports:") == []
    assert exclusion.cut("Sports were held on Friday: all won.") == ["Sports were held on Friday: all won."]
    report = exclusion.report(True)
    assert (report["distinct"], report["short"], report["found"], report["found_short"]) == (2, 2, 1, 1)


def test_a_character_that_folds_to_several_is_cut_whole():
    exclusion = Exclusion.of([["eleven", "o\ufb03cers", "in", "the", "stra\u00dfe"]])
    assert exclusion.cut("x Eleven officers in the STRASSE y") == ["x", "y"]
    assert exclusion.cut("x eleven o\ufb03cers in the stra\u00dfe y") == ["x", "y"]


LETTERS = st.text(alphabet="abA .\u0301\ufb03", max_size=80)


@given(st.lists(LETTERS.map(str.split), max_size=6), st.lists(LETTERS, max_size=4), st.data())
def test_no_long_sentence_remains_and_nothing_else_is_lost(sentences, around, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("madx.data.exclusion.SHORTEST", 4)
        exclusion = Exclusion.of(sentences)
        inserted = [" ".join(data.draw(st.sampled_from(sentences))) for _ in around] if sentences else []
        document = " ".join(part for pair in zip(around, inserted, strict=False) for part in pair)
        parts = exclusion.cut(document)
    keys = [key for key in map(key_of, map("".join, sentences)) if len(key) >= 4]
    assert not any(key in key_of(part) for key in keys for part in parts)
    if not any(key in key_of(document) for key in keys) and len(key_of(document)) >= 4:
        assert parts == [document]
    rest = iter(document)
    assert all(character in rest for part in parts for character in part)  # parts are a subsequence of the document


def test_without_sentences_everything_stays():
    exclusion = Exclusion.of([])
    assert exclusion.cut("text") == ["text"]
    assert exclusion.report(False)["found_share"] == 0.0


def test_shortest_is_the_length_that_counts():
    sentence = "x" * SHORTEST
    assert Exclusion.of([[sentence]]).cut(f"a {sentence} b") == ["a", "b"]
    assert Exclusion.of([[sentence[1:]]]).cut(f"a {sentence} b") == [f"a {sentence} b"]
