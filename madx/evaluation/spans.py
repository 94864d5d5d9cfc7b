"""Entity spans and their counts, from tag ids: B- opens a span, I- continues one of its type or opens a new one.

These are seqeval's default rules (an I- without its B- opens a span), computed for all sentences at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np


class TagSet:
    """Tags in the order O, B-X, I-X, B-Y, I-Y …; `types` are the entity types."""

    def __init__(self, tags: Sequence[str]) -> None:
        self.tags = [str(tag) for tag in tags]
        self.types = sorted({tag[2:] for tag in self.tags if tag != "O"})
        index = {name: number for number, name in enumerate(self.types, start=1)}
        self.type_of = np.array([index.get(tag[2:], 0) for tag in self.tags])  # 0: outside
        self.opens = np.array([tag.startswith("B-") for tag in self.tags])


def find_spans(tag_ids: np.ndarray, offsets: np.ndarray, tags: TagSet) -> np.ndarray:
    """Spans of concatenated sentences: (words,) tag ids, (sentences + 1,) offsets -> (spans, 3) start, end, type."""
    types = tags.type_of[tag_ids]
    first = np.zeros(len(tag_ids) + 1, dtype=bool)
    first[offsets] = True  # a sentence begins here, or the text ends
    first = first[:-1]
    before = np.concatenate([[0], types[:-1]])
    before[first] = 0
    starts = (types > 0) & (tags.opens[tag_ids] | (before != types))
    boundary = np.append(starts | (types == 0) | first, True)
    begin = np.flatnonzero(starts)
    ends = np.flatnonzero(boundary)
    end = ends[np.searchsorted(ends, begin, side="right")]
    return np.stack([begin, end, types[begin]], axis=1)


def count_spans(gold: np.ndarray, predicted: np.ndarray, offsets: np.ndarray, tags: TagSet) -> np.ndarray:
    """True positives, false positives and false negatives of each sentence and type.

    gold, predicted: (words,) tag ids -> (sentences, types, 3) integers; types in the order of tags.types.
    """
    wanted = find_spans(gold, offsets, tags)
    found = find_spans(predicted, offsets, tags)
    width = len(gold) + 1

    def keys(spans: np.ndarray) -> np.ndarray:
        return (spans[:, 2] * width + spans[:, 0]) * width + spans[:, 1]

    hit = np.isin(keys(found), keys(wanted))
    missed = ~np.isin(keys(wanted), keys(found))
    counts = np.zeros((len(offsets) - 1, len(tags.types), 3), dtype=np.int64)
    for spans, column in ((found[hit], 0), (found[~hit], 1), (wanted[missed], 2)):
        sentences = np.searchsorted(offsets, spans[:, 0], side="right") - 1
        np.add.at(counts, (sentences, spans[:, 2] - 1, column), 1)
    return counts


def scores_from_counts(counts: np.ndarray) -> tuple[float, float, float]:
    """(..., 3) counts -> micro precision, recall and F1 in per cent; 0 where nothing was found or wanted."""
    tp, fp, fn = (float(n) for n in counts.reshape(-1, 3).sum(axis=0))
    precision = 100 * tp / (tp + fp) if tp + fp else 0.0
    recall = 100 * tp / (tp + fn) if tp + fn else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1


def span_scores(gold: np.ndarray, predicted: np.ndarray, offsets: np.ndarray, tags: TagSet) -> dict[str, float]:
    """Precision, recall and F1 on 0-100, over all types and for each, by seqeval.

    Raises RuntimeError if the counts do not give seqeval's F1: statistics are made from the counts later.
    """
    from seqeval.metrics import classification_report

    counts = count_spans(gold, predicted, offsets, tags)
    report: dict = {}
    if counts.any():  # seqeval has no report on texts without any entity
        names = np.array(tags.tags)
        wanted, found = (_sentences(names[ids], offsets) for ids in (gold, predicted))
        report = classification_report(wanted, found, output_dict=True, zero_division=0)
    scores: dict[str, float] = {}
    for suffix, row in [("", report.get("micro avg")), *((f"_{name}", report.get(name)) for name in tags.types)]:
        # a type that neither the gold tags nor the predictions know is absent from the report
        values = row or {"f1-score": 0.0, "precision": 0.0, "recall": 0.0}
        scores[f"f1{suffix}"] = 100 * float(values["f1-score"])
        scores[f"precision{suffix}"] = 100 * float(values["precision"])
        scores[f"recall{suffix}"] = 100 * float(values["recall"])
    own = scores_from_counts(counts)[2]
    if abs(own - scores["f1"]) > 1e-6:
        raise RuntimeError(f"span counts give F1 {own:.6f}, seqeval {scores['f1']:.6f}; they must agree")
    return scores


def _sentences(names: np.ndarray, offsets: np.ndarray) -> list[list[str]]:
    words = names.tolist()
    return [words[a:b] for a, b in itertools.pairwise(offsets)]
