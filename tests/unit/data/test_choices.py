"""Sequences of premise, question and option: what the tokenizer gives, shortened only at the premise."""

import logging

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madx.data.choices import ChoiceSequences, make_choice_sequences
from madx.data.copa import Choice, read_choices
from madx.data.errors import DataError
from madx.data.sequences import load_sequences, save_sequences
from madx.data.tokenization import open_tokenizer

KINDS = ["unigram", "byte-level", "wordpiece"]
WORDS = {"cause": "What was the cause?", "effect": "What happened?"}
TEXT = st.lists(st.sampled_from(["cat", "Kampala", "ẹ̀rí", "<s>", "[SEP]", "中文", "harbour."]), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def tokenizers(tokenizer_folders):
    return {kind: open_tokenizer(tokenizer_folders[kind]) for kind in KINDS}


def choice(premise="The cat sat on the mat.", options=("A dog barked.", "Nobody."), question="cause", label=1):
    return Choice("x.jsonl:3", "0", premise, question, tuple(options), label)


def texts(tokenizer, sequences, number):
    """The sub-words of one sequence, and where its type changes or its first text ends."""
    start, end = sequences.offsets[number : number + 2]
    return sequences.input_ids[start:end].tolist(), sequences.type_ids[start:end].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_is_the_tokenizers_own_pair(tokenizers, kind):
    tokenizer = tokenizers[kind]
    examples = [choice(label=1), choice("Kampala.", ("a", "b"), "effect", 0)]
    sequences = make_choice_sequences(tokenizer, examples, 100, WORDS)
    firsts = ["The cat sat on the mat. What was the cause?"] * 2 + ["Kampala. What happened?"] * 2
    for number, (first, option) in enumerate(zip(firsts, ("A dog barked.", "Nobody.", "a", "b"), strict=True)):
        pair = tokenizer(first, option, return_token_type_ids=True)
        assert texts(tokenizer, sequences, number) == (pair["input_ids"], pair["token_type_ids"])
    assert (sequences.options, len(sequences), sequences.labels.tolist()) == (2, 4, [1, 0])


def test_the_kinds_of_pairs_differ_as_their_models_want_them(tokenizers):
    """XLM-R and RoBERTa separate the texts with two tokens, BERT with one and by type."""
    for kind, separators, types in [("unigram", 2, {0}), ("byte-level", 2, {0}), ("wordpiece", 1, {0, 1})]:
        tokenizer = tokenizers[kind]
        ids, type_ids = texts(tokenizer, make_choice_sequences(tokenizer, [choice()], 100, WORDS), 0)
        assert ids[0] == tokenizer.cls_token_id
        assert ids.count(tokenizer.sep_token_id) == separators + 1
        assert set(type_ids) == types


@pytest.mark.parametrize("kind", KINDS)
def test_three_options_and_a_question_of_its_own(tokenizers, kind):
    tokenizer = tokenizers[kind]
    asked = choice(options=("a", "b", "c"), question="How did the cat feel?", label=2)
    sequences = make_choice_sequences(tokenizer, [asked, asked], 100, WORDS)
    assert (sequences.options, len(sequences)) == (3, 6)
    wanted = tokenizer("The cat sat on the mat. How did the cat feel?", "c")["input_ids"]
    assert texts(tokenizer, sequences, 2)[0] == wanted


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(premise=TEXT, options=st.lists(TEXT, min_size=2, max_size=3), question=TEXT, max_length=st.integers(8, 60))
def test_a_long_pair_loses_only_the_beginning_of_its_premise(tokenizers, kind, premise, options, question, max_length):
    tokenizer = tokenizers[kind]
    premise, question, options = " ".join(premise), " ".join(question), [" ".join(option) for option in options]
    pairs = [tokenizer(f"{premise} {question}", option) for option in options]
    premise_length = len(tokenizer(premise, add_special_tokens=False)["input_ids"])
    example = choice(premise, options, question, 0)
    if max(len(pair["input_ids"]) for pair in pairs) - premise_length > max_length:
        with pytest.raises(DataError, match=rf"x\.jsonl:3: question and option alone .* max_length is {max_length}"):
            make_choice_sequences(tokenizer, [example], max_length, WORDS)
        return
    sequences = make_choice_sequences(tokenizer, [example], max_length, WORDS)
    for number, pair in enumerate(pairs):
        whole = pair["input_ids"]
        lost = max(0, len(whole) - max_length)
        ids, type_ids = texts(tokenizer, sequences, number)
        assert ids == [whole[0], *whole[1 + lost :]]
        assert len(ids) <= max_length and len(type_ids) == len(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_shortened_pairs_are_counted(tokenizers, kind, caplog):
    tokenizer = tokenizers[kind]
    example = choice(options=("A dog barked at night.", "a"))
    longest, other = (len(tokenizer(f"{example.premise} {WORDS['cause']}", o)["input_ids"]) for o in example.options)
    assert longest > other
    with caplog.at_level(logging.INFO):
        sequences = make_choice_sequences(tokenizer, [example], longest - 1, WORDS)
    assert f"1 of 2 pairs shortened to {longest - 1} sub-words" in caplog.text
    assert sequences.lengths.tolist() == [longest - 1, other]


def test_more_examples_than_are_tokenized_at_a_time_keep_their_order(tokenizers, monkeypatch):
    tokenizer = tokenizers["unigram"]
    examples = [choice("cat " * number, label=number % 2) for number in range(1, 8)]
    whole = make_choice_sequences(tokenizer, examples, 100, WORDS)
    monkeypatch.setattr("madx.data.choices.BATCH", 3)
    parts = make_choice_sequences(tokenizer, examples, 100, WORDS)
    assert whole.input_ids.tolist() == parts.input_ids.tolist()
    assert whole.labels.tolist() == parts.labels.tolist() == [1, 0, 1, 0, 1, 0, 1]


def test_another_number_of_options_is_named(tokenizers):
    other = Choice("y.jsonl:9", "1", "a", "cause", ("a", "b", "c"), 0)
    with pytest.raises(DataError, match=r"y\.jsonl:9: 3 options, but x\.jsonl:3 has 2; all examples of a task"):
        make_choice_sequences(tokenizers["unigram"], [choice(), other], 100, WORDS)


def test_no_examples_are_an_error(tokenizers):
    with pytest.raises(DataError, match="no examples to choose an option in"):
        make_choice_sequences(tokenizers["unigram"], [], 100, WORDS)


def test_a_tokenizer_without_a_template_for_pairs_is_refused(tokenizer_folders):
    from tokenizers import processors

    tokenizer = open_tokenizer(tokenizer_folders["unigram"])
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    with pytest.raises(DataError, match="a pair of texts does not begin with <s>; add a template for pairs"):
        make_choice_sequences(tokenizer, [choice()], 100, WORDS)


def test_file_round_trip(tokenizers, tmp_path):
    sequences = make_choice_sequences(tokenizers["wordpiece"], [choice(), choice()], 100, WORDS)
    save_sequences(tmp_path / "x.npz", {"train": sequences})
    loaded = load_sequences(ChoiceSequences, tmp_path / "x.npz", "train")
    for name, kind in {"input_ids": "int32", "offsets": "int64", "type_ids": "int8", "labels": "int16"}.items():
        assert getattr(loaded, name).dtype == kind
        np.testing.assert_array_equal(getattr(loaded, name), getattr(sequences, name))
    assert loaded.options == 2


@pytest.mark.shared
@pytest.mark.parametrize("kind", KINDS)
def test_real_examples_keep_question_and_option(tokenizers, shared_data, kind):
    """In Tamil, whose letters these tokenizers do not know; bytes make pairs of up to 496 sub-words."""
    tokenizer = tokenizers[kind]
    examples = read_choices(shared_data / "xcopa" / "ta" / "val.ta.jsonl")
    sequences = make_choice_sequences(tokenizer, examples, 320, WORDS)
    assert (sequences.options, len(sequences)) == (2, 200)
    shortened = 0
    for number in range(len(sequences)):
        example = examples[number // 2]
        first = f"{example.premise} {WORDS[example.question]}"
        whole, question, option = (
            tokenizer(*pair)["input_ids"]
            for pair in [
                (first, example.options[number % 2]),
                (WORDS[example.question],),
                (example.options[number % 2],),
            ]
        )
        ids, _ = texts(tokenizer, sequences, number)
        kept = len(question) - 3 + len(option) - 1  # but the first sub-word of each: a blank before it changes that
        assert ids[-kept:] == whole[-kept:]
        assert len(ids) == min(len(whole), 320)
        shortened += len(ids) < len(whole)
    assert (shortened > 0) == (kind == "byte-level")
