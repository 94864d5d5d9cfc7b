"""Decoding against trying every span, on random windows and scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madx.data.questions import QuestionWindows
from madx.data.sequences import pack_texts
from madx.evaluation.answers import decode

CONTEXT = "abcdefghijklmnopqrstuvwxyz"


def windows_of(parts, context_of=None):
    """Windows with CLS, a question's sub-word, SEP, then passage sub-words of one letter each, SEP.

    parts: (question, first letter, number of letters) of each window.
    """
    begins = [[-1] * 3 + list(range(first, first + count)) + [-1] for _, first, count in parts]
    questions = 1 + max(question for question, _, _ in parts)
    flat = np.array([begin for row in begins for begin in row])
    return QuestionWindows.of(
        input_ids=np.zeros(len(flat)),
        offsets=np.cumsum([0, *map(len, begins)]),
        type_ids=np.zeros(len(flat)),
        questions=[question for question, _, _ in parts],
        begins=flat,
        ends=np.where(flat >= 0, flat + 1, -1),
        answer_first=np.zeros(len(parts)),
        answer_last=np.zeros(len(parts)),
        texts=pack_texts(
            {
                "ids": [str(number) for number in range(questions)],
                "contexts": [CONTEXT, CONTEXT.upper()],
                "context_of": context_of or [0] * questions,
                "answers": [["a"]] * questions,
            }
        ),
    )


def tried_out(windows, starts, ends, n_best, longest):
    """The answers by trying every span of every window, in order."""
    best: dict[int, tuple[float, str]] = {}
    for window, question in enumerate(windows.questions):
        first, stop = windows.offsets[window], windows.offsets[window + 1]
        shown = [position for position in range(first, stop) if windows.begins[position] >= 0]
        good_starts = sorted(shown, key=lambda position: (-starts[position], position))[:n_best]
        good_ends = sorted(shown, key=lambda position: (-ends[position], position))[:n_best]
        for start in shown:
            for end in shown:
                if start in good_starts and end in good_ends and 0 <= end - start < longest:
                    score = starts[start] + ends[end]
                    if question not in best or score > best[question][0]:
                        context = windows.contents.contexts[windows.contents.context_of[question]]
                        best[question] = (score, context[windows.begins[start] : windows.ends[end]])
    return [best[question][1] if question in best else "" for question in range(len(windows.contents.ids))]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_decoding_finds_what_trying_all_spans_finds(data):
    parts = []
    for question in range(data.draw(st.integers(1, 3))):
        for _ in range(data.draw(st.integers(1, 3))):
            first = data.draw(st.integers(0, 20))
            parts.append((question, first, data.draw(st.integers(0, 26 - first))))
    windows = windows_of(parts, [question % 2 for question in range(1 + parts[-1][0])])
    generator = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    size = len(windows.input_ids)
    if data.draw(st.booleans()):  # ties
        starts, ends = generator.integers(-2, 3, (2, size)).astype(np.float32)
    else:
        starts, ends = generator.normal(size=(2, size)).astype(np.float32)
    n_best, longest = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 30))
    assert decode(windows, starts, ends, n_best, longest) == tried_out(windows, starts, ends, n_best, longest)


def test_question_and_special_tokens_are_no_answer():
    windows = windows_of([(0, 4, 3)])
    starts = np.array([9, 9, 9, 0, 1, 0, 9], dtype=np.float32)
    assert decode(windows, starts, starts, 20, 30) == ["f"]
    assert decode(windows, starts, starts[::-1], 20, 30) == ["f"]


def test_the_best_window_wins_and_the_first_of_equal_ones():
    windows = windows_of([(0, 0, 3), (0, 10, 3), (0, 20, 3)])
    starts = np.zeros(len(windows.input_ids), dtype=np.float32)
    starts[windows.begins == 11] = 2
    assert decode(windows, starts, np.zeros_like(starts), 20, 30) == ["l"]
    starts[windows.begins == 21] = 2
    assert decode(windows, starts, np.zeros_like(starts), 20, 30) == ["l"]


def test_no_span_allowed_gives_no_answer():
    windows = windows_of([(0, 0, 3), (1, 0, 0), (2, 0, 2)])
    starts = np.zeros(len(windows.input_ids), dtype=np.float32)
    ends = starts.copy()
    starts[5], ends[3] = 1, 1  # question 0: the only start comes after the only end
    assert decode(windows, starts, ends, 1, 30) == ["", "", "a"]
    assert decode(windows, starts, ends, 3, 1) == ["a", "", "a"]


def test_scores_of_minus_infinity_keep_spans_inside_the_passage():
    windows = windows_of([(0, 0, 3)])
    nothing = np.full(len(windows.input_ids), -np.inf, dtype=np.float32)
    assert decode(windows, nothing, nothing, 2, 30) == ["a"]


def test_scores_that_are_no_numbers_are_refused():
    windows = windows_of([(0, 0, 3)])
    scores = np.zeros(len(windows.input_ids), dtype=np.float32)
    broken = np.where(windows.begins == 1, np.nan, scores)
    with pytest.raises(ValueError, match="NaN"):
        decode(windows, scores, broken, 20, 30)
