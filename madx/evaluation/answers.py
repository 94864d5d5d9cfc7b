"""Answers from the scores of a span head: the best of the likeliest spans over all windows of a question."""

from __future__ import annotations

import numpy as np

from madx.data.questions import QuestionWindows


def decode(
    windows: QuestionWindows,
    start_scores: np.ndarray,
    end_scores: np.ndarray,
    n_best: int,
    max_answer_length: int,
) -> list[str]:
    """The answer to each question, cut out of its passage; "" where no span is allowed.

    start_scores, end_scores: (sub-words,) for all sub-words of all windows, as windows.input_ids. In each window the
    n_best starts are paired with the n_best ends among the sub-words of the passage, if the span has 1 to
    max_answer_length sub-words; the highest sum of start and end wins. Of equal scores, sums too, the earliest counts:
    of window, then start, then end. Raises ValueError for scores that are no numbers.
    """
    if np.isnan(start_scores).any() or np.isnan(end_scores).any():
        raise ValueError("scores of starts and ends are not numbers (NaN); the model diverged in training")
    answers = [""] * len(windows.contents.ids)
    best = np.full(len(answers), -np.inf)
    chosen: dict[int, tuple[int, int, int]] = {}
    allowed = windows.begins >= 0
    for window, question in enumerate(windows.questions):
        row = slice(windows.offsets[window], windows.offsets[window + 1])
        candidates = np.flatnonzero(allowed[row])
        span = _best_span(start_scores[row], end_scores[row], candidates, n_best, max_answer_length)
        if span is not None and (question not in chosen or span[0] > best[question]):
            best[question] = span[0]
            chosen[question] = (window, *span[1:])
    for question, (window, first, last) in chosen.items():
        answers[question] = windows.passage_text(window, first, last)
    return answers


def _best_span(
    starts: np.ndarray, ends: np.ndarray, candidates: np.ndarray, n_best: int, max_length: int
) -> tuple[float, int, int] | None:
    """(score, first, last) of one window's best span between candidates (positions, rising); None if there is none."""
    first, last = _highest(starts, candidates, n_best), _highest(ends, candidates, n_best)
    length = last - first[:, None] + 1
    rows, columns = np.nonzero((length >= 1) & (length <= max_length))
    if not len(rows):
        return None
    sums = starts[first[rows]] + ends[last[columns]]
    winner = int(sums.argmax())  # the first of equal ones
    return float(sums[winner]), int(first[rows[winner]]), int(last[columns[winner]])


def _highest(scores: np.ndarray, candidates: np.ndarray, count: int) -> np.ndarray:
    """The candidates with the highest scores (of equal ones the earliest), as they stand in the window."""
    order = np.argsort(-scores[candidates], kind="stable")[:count]
    return candidates[np.sort(order)]
