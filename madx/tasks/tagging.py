"""Named entity recognition: a tag for each word, at its first sub-word; scored by span F1 (paper, section 5.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from madx.data.windows import Windows
from madx.evaluation.spans import TagSet, count_spans, scores_from_counts, span_scores
from madx.models.heads import TokenHead
from madx.tasks.kind import Encoder

if TYPE_CHECKING:
    from madx.config_tasks import NerTask

IGNORED = -100


class Tagging:
    sequences = Windows
    selection = "f1"

    @classmethod
    def of(cls, settings: NerTask) -> Tagging:
        return cls()

    def new_head(self, data: Windows, hidden_size: int, seeds: Sequence[int], dropout: float) -> TokenHead:
        return TokenHead.create(hidden_size, len(data.tags), seeds, dropout)

    def empty_head(self, tensors: Mapping[str, Tensor]) -> TokenHead:
        return TokenHead.like(tensors)

    def describe(self, data: Windows) -> dict[str, Any]:
        return {"tags": [str(tag) for tag in data.tags]}

    def unit_lengths(self, data: Windows) -> np.ndarray:
        return data.lengths

    def examples(self, data: Windows) -> int:
        return len(data.gold_offsets) - 1

    def loss(self, encode: Encoder, head: TokenHead, data: Windows, chosen: np.ndarray) -> Tensor:
        """Cross-entropy of the tags, averaged over the words of each replica's batch."""
        windows = chosen.reshape(-1)
        positions = word_positions(data, windows)
        labels = np.where(positions >= 0, data.gold[positions].astype(np.int64), IGNORED)
        scores = head(encode(data, windows))
        wanted = torch.from_numpy(labels).to(scores.device).view(len(chosen), -1)
        losses = functional.cross_entropy(scores.transpose(1, 2), wanted, ignore_index=IGNORED, reduction="none")
        return losses.sum(dim=1) / (wanted != IGNORED).sum(dim=1).clamp(min=1)

    def predict(self, encode: Encoder, head: TokenHead, data: Windows) -> list[np.ndarray]:
        """Tag ids of all words, as in data.gold: (words,) for each replica."""
        replicas = head.weight.shape[0]
        predicted = np.zeros((replicas, len(data.gold)), dtype=np.int64)
        for chosen in encode.batches(data.lengths, replicas):
            positions = word_positions(data, chosen)
            tags = head(encode(data, chosen, copies=replicas)).argmax(dim=-1).view(replicas, *positions.shape)
            predicted[:, positions[positions >= 0]] = tags.cpu().numpy()[:, positions >= 0]
        return list(predicted)

    def scores(self, data: Windows, predicted: np.ndarray) -> dict[str, float]:
        """Precision, recall and F1, over all types and for each."""
        return span_scores(data.gold, predicted, data.gold_offsets, TagSet(data.tags))

    def dev_score(self, data: Windows, predicted: np.ndarray) -> float:
        """F1 from the counts alone: seqeval's report takes longer than the training in between."""
        counts = count_spans(data.gold, predicted, data.gold_offsets, TagSet(data.tags))
        return scores_from_counts(counts)[2]

    def counts(self, data: Windows, predicted: np.ndarray) -> dict[str, Any]:
        """True positives, false positives and false negatives of each sentence and type that has any."""
        tags = TagSet(data.tags)
        counts = count_spans(data.gold, predicted, data.gold_offsets, tags)
        sentence, kind = np.nonzero(counts.any(axis=2))
        columns = {name: counts[sentence, kind, k].astype(np.int32) for k, name in enumerate(("tp", "fp", "fn"))}
        return {"example": sentence.astype(np.int32), "type": [tags.types[k] for k in kind], **columns}


KIND = Tagging


def word_positions(data: Windows, chosen: np.ndarray) -> np.ndarray:
    """Positions in data.gold of the words whose first sub-words stand in windows: (n, longest), -1 elsewhere."""
    words = data.padded(data.words, chosen, -1)
    start = data.gold_offsets[data.sentences[chosen]]
    return np.where(words >= 0, words + start[:, None], -1)
