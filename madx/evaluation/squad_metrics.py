"""F1 and exact match of answers by the rules of SQuAD v1.1 (Rajpurkar et al. 2016, section 6.1), in per cent.

The rules are the same for every language, as in XQuAD: tokens are what white space separates, and only English
articles and ASCII punctuation are left out. In Chinese and Thai an answer is therefore mostly one token, and its F1
close to exact match.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

import numpy as np

ARTICLE = re.compile(r"\b(?:a|an|the)\b")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize_answer(answer: str) -> str:
    """Lower case, without ASCII punctuation, then without the words a, an and the; single blanks between the rest."""
    return " ".join(ARTICLE.sub(" ", answer.lower().translate(NO_PUNCTUATION)).split())


def exact_match(prediction: str, golds: Sequence[str]) -> float:
    """100 if the normalized prediction is one of the normalized gold answers, else 0."""
    return 100.0 * (normalize_answer(prediction) in {normalize_answer(gold) for gold in golds})


def f1(prediction: str, golds: Sequence[str]) -> float:
    """The highest F1 of the prediction's tokens with those of a gold answer, each counted as often as it occurs.

    Nothing in common is 0, also where neither has any token (prediction "a", gold "the": exact match 100, F1 0).
    """
    return max(_f1(normalize_answer(prediction).split(), normalize_answer(gold).split()) for gold in golds)


def squad_scores(predictions: Sequence[str], golds: Sequence[Sequence[str]]) -> dict[str, np.ndarray]:
    """Scores of each question, "f1" and "em": (questions,) of 0-100; their means are the scores of the data set."""
    pairs = list(zip(predictions, golds, strict=True))
    return {
        "f1": np.array([f1(prediction, of_question) for prediction, of_question in pairs]),
        "em": np.array([exact_match(prediction, of_question) for prediction, of_question in pairs]),
    }


def _f1(predicted: list[str], gold: list[str]) -> float:
    """2 · common / (predicted + gold), which is the harmonic mean of precision and recall."""
    common = (Counter(predicted) & Counter(gold)).total()
    return 200 * common / (len(predicted) + len(gold)) if common else 0.0
