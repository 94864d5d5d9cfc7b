"""Span counts against seqeval, on well-formed and malformed tags."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from madx.evaluation.spans import TagSet, count_spans, find_spans, scores_from_counts, span_scores

NAMES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
TAGS = TagSet(NAMES)
sentence = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12)
corpus = st.lists(sentence, min_size=1, max_size=8)


def arrays(sentences):
    gold = np.array([g for words in sentences for g, _ in words])
    predicted = np.array([p for words in sentences for _, p in words])
    offsets = np.concatenate([[0], np.cumsum([len(words) for words in sentences])])
    return gold, predicted, offsets


@given(sentence)
def test_spans_are_seqevals_entities(words):
    gold, _, offsets = arrays([words])
    ours = sorted((TAGS.types[t - 1], a, b - 1) for a, b, t in find_spans(gold, offsets, TAGS).tolist())
    assert ours == sorted(get_entities([NAMES[tag] for tag in gold]))


@given(corpus)
def test_f1_recomputed_from_sentence_counts_equals_seqeval(sentences):
    gold, predicted, offsets = arrays(sentences)
    counts = count_spans(gold, predicted, offsets, TAGS)
    as_names = [[[NAMES[pair[k]] for pair in words] for words in sentences] for k in (0, 1)]
    wanted = [score(*as_names, zero_division=0) for score in (precision_score, recall_score, f1_score)]
    assert scores_from_counts(counts) == pytest.approx([100 * float(value) for value in wanted])
    # and sentence by sentence
    for number, words in enumerate(sentences):
        entities = [set(get_entities([NAMES[pair[k]] for pair in words])) for k in (0, 1)]
        tp, fp, fn = counts[number].sum(axis=0)
        assert (tp, fp, fn) == (
            len(entities[0] & entities[1]),
            len(entities[1] - entities[0]),
            len(entities[0] - entities[1]),
        )


@given(corpus)
def test_scores_by_type_are_seqevals(sentences):
    gold, predicted, offsets = arrays(sentences)
    scores = span_scores(gold, predicted, offsets, TAGS)
    as_names = [[[NAMES[pair[k]] for pair in words] for words in sentences] for k in (0, 1)]
    if any(tag != "O" for part in as_names for words in part for tag in words):
        report = classification_report(*as_names, output_dict=True, zero_division=0)
        for kind in TAGS.types:
            if kind in report:
                assert scores[f"f1_{kind}"] == pytest.approx(100 * report[kind]["f1-score"])


def test_no_entities_at_all_score_zero():
    gold = predicted = np.zeros(4, dtype=int)
    offsets = np.array([0, 2, 4])
    scores = span_scores(gold, predicted, offsets, TAGS)
    assert set(scores.values()) == {0.0}
