"""What training and evaluation ask of a kind of task, and the kinds by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from madx.adapters.model import AdaptedModel
from madx.data.sequences import Sequences
from madx.tasks.names import KINDS

if TYPE_CHECKING:
    from madx.config_tasks import Task

# sub-words of a forward pass of predictions, over all replicas: what a CPU's caches hold, what keeps a GPU at work
PASS_TOKENS = {"cpu": 2**11, "cuda": 2**16}


class TaskKind(Protocol):
    """One kind of task. All replicas of the head are trained and evaluated at once.

    A *unit* is what batches are made of: a window of a sentence or passage, or an example with all its options. An
    *example* is what is scored: a sentence, a question, a premise.
    """

    sequences: type[Sequences]
    selection: str  # the metric on the source's dev set that chooses checkpoints

    def new_head(self, data: Any, hidden_size: int, seeds: Sequence[int], dropout: float) -> nn.Module:
        """A new head for the task of this data, one replica a seed."""

    def empty_head(self, tensors: Mapping[str, Tensor]) -> nn.Module:
        """A head of the sizes of saved tensors, to be filled with them."""

    def describe(self, data: Any) -> dict[str, Any]:
        """What a saved head's scores stand for, for its description."""

    def unit_lengths(self, data: Any) -> np.ndarray:
        """(units,) sub-words of each unit, padding included."""

    def loss(self, encode: Encoder, head: nn.Module, data: Any, chosen: np.ndarray) -> Tensor:
        """Mean loss of each replica: chosen (replicas, batch) units -> (replicas,)."""

    def predict(self, encode: Encoder, head: nn.Module, data: Any) -> list[Any]:
        """Predictions for all of the data, one item a replica."""

    def scores(self, data: Any, predicted: Any) -> dict[str, float]:
        """Metrics of one replica's predictions, on 0-100."""

    def dev_score(self, data: Any, predicted: Any) -> float:
        """The metric `selection` of one replica's predictions, without the others."""

    def counts(self, data: Any, predicted: Any) -> dict[str, Any]:
        """Columns of a table from which the scores follow, with `example` (from 0) among them."""

    def examples(self, data: Any) -> int:
        """Number of examples."""


def kind_of(settings: Task) -> TaskKind:
    """The kind of task that settings are for; only its own module is imported."""
    return import_module(KINDS[settings.kind]).KIND.of(settings)


class Encoder:
    """Last hidden states of a task's token sequences, with the adapters that are set in `adapted`."""

    def __init__(self, adapted: AdaptedModel, autocast: bool = False) -> None:
        self.adapted, self.autocast = adapted, autocast
        config = adapted.model.config
        self.pad_id, self.segments = config.pad_token_id, config.type_vocab_size > 1

    def __call__(self, data: Sequences, chosen: np.ndarray, copies: int = 1) -> Tensor:
        """chosen: (n,) sequence numbers -> (copies · n, longest, hidden_size), the same sequences for each copy."""
        types = getattr(data, "type_ids", None) if self.segments else None
        inputs = [data.padded(data.input_ids, chosen, self.pad_id), data.mask(chosen)]
        if types is not None:
            inputs.append(data.padded(types, chosen, 0))
        device = self.adapted.model.device
        return self.adapted(*(torch.from_numpy(array).to(device).repeat(copies, 1) for array in inputs))

    def computing(self) -> torch.autocast:
        """The context of a forward pass: bfloat16 where the machine computes whole models in it."""
        return torch.autocast(self.adapted.model.device.type, torch.bfloat16, enabled=self.autocast)

    def batches(self, lengths: np.ndarray, replicas: int) -> Iterator[np.ndarray]:
        """Unit numbers for passes without gradients, short ones first: at most PASS_TOKENS sub-words or one unit."""
        order = np.argsort(lengths, kind="stable")
        room = PASS_TOKENS[self.adapted.model.device.type] // replicas
        start = 0
        while start < len(order):
            longest = lengths[order[start : start + room]]
            size = max(1, np.searchsorted(longest * np.arange(1, len(longest) + 1), room, side="right"))
            yield order[start : start + size]
            start += size
