"""Drawn sentences as the study reads them."""

from __future__ import annotations

import numpy as np

from benchmarks.speed import works
from madx.data.windows import Windows


def windows(sentences: list[tuple[np.ndarray, np.ndarray]]) -> Windows:
    """Sentences as the rule tokenize_training_data leaves them."""
    words = [np.where(tags >= 0, np.cumsum(tags >= 0) - 1, -1) for _, tags in sentences]
    gold = [tags[tags >= 0] for _, tags in sentences]
    return Windows.of(
        input_ids=np.concatenate([ids for ids, _ in sentences]),
        offsets=np.cumsum([0, *(len(ids) for ids, _ in sentences)]),
        words=np.concatenate(words),
        sentences=np.arange(len(sentences)),
        gold=np.concatenate(gold),
        gold_offsets=np.cumsum([0, *map(len, gold)]),
        tags=works.TAGS,
    )
