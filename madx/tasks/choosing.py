"""Causal commonsense reasoning: which of several options follows; scored by accuracy (the paper's EMNLP version)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from madx.data.choices import ChoiceSequences
from madx.models.heads import ChoiceHead
from madx.tasks.kind import Encoder

if TYPE_CHECKING:
    from madx.config_tasks import CcrTask


class Choosing:
    sequences = ChoiceSequences
    selection = "accuracy"

    @classmethod
    def of(cls, settings: CcrTask) -> Choosing:
        return cls()

    def new_head(self, data: ChoiceSequences, hidden_size: int, seeds: Sequence[int], dropout: float) -> ChoiceHead:
        return ChoiceHead.create(hidden_size, seeds, dropout)

    def empty_head(self, tensors: Mapping[str, Tensor]) -> ChoiceHead:
        return ChoiceHead.like(tensors)

    def describe(self, data: ChoiceSequences) -> dict[str, Any]:
        return {}

    def unit_lengths(self, data: ChoiceSequences) -> np.ndarray:
        """An example's options are padded to the longest of them."""
        return data.lengths.reshape(-1, data.options).max(axis=1) * data.options

    def examples(self, data: ChoiceSequences) -> int:
        return len(data.labels)

    def loss(self, encode: Encoder, head: ChoiceHead, data: ChoiceSequences, chosen: np.ndarray) -> Tensor:
        """Cross-entropy over an example's options, averaged over examples."""
        examples = chosen.reshape(-1)
        scores = head(encode(data, _options_of(data, examples)))
        wanted = torch.from_numpy(data.labels[examples].astype(np.int64)).to(scores.device)
        losses = functional.cross_entropy(scores.view(-1, data.options), wanted, reduction="none")
        return losses.view(chosen.shape).mean(dim=1)

    def predict(self, encode: Encoder, head: ChoiceHead, data: ChoiceSequences) -> list[np.ndarray]:
        """The chosen option of each example: (examples,) for each replica."""
        replicas = head.weight.shape[0]
        predicted = np.zeros((replicas, len(data.labels)), dtype=np.int64)
        for examples in encode.batches(self.unit_lengths(data), replicas):
            scores = head(encode(data, _options_of(data, examples), copies=replicas))
            predicted[:, examples] = scores.view(replicas, -1, data.options).argmax(dim=-1).cpu().numpy()
        return list(predicted)

    def scores(self, data: ChoiceSequences, predicted: np.ndarray) -> dict[str, float]:
        return {"accuracy": float(np.mean(self.counts(data, predicted)["accuracy"]))}

    def dev_score(self, data: ChoiceSequences, predicted: np.ndarray) -> float:
        return self.scores(data, predicted)["accuracy"]

    def counts(self, data: ChoiceSequences, predicted: np.ndarray) -> dict[str, Any]:
        """Accuracy of each example: 0 or 100."""
        return {
            "example": np.arange(len(predicted), dtype=np.int32),
            "accuracy": 100.0 * (predicted == data.labels),
        }


KIND = Choosing


def _options_of(data: ChoiceSequences, examples: np.ndarray) -> np.ndarray:
    """Sequence numbers of all options of examples, example by example."""
    return (examples[:, None] * data.options + np.arange(data.options)).reshape(-1)
