"""Training on a task for the loop: batches of units, the loss and dev score of every replica."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from madx.tasks.kind import Encoder, TaskKind

BATCHES_SORTED_TOGETHER = 50  # at most, and at most 1/16 of an epoch: batches of a few examples are to differ, too


def epoch_batches(lengths: np.ndarray, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The batches of one epoch: every unit once, units of like length together.

    Units are shuffled by (seed, epoch), sorted by length within groups of batches, and cut into batches, whose order
    is drawn from the epoch alone, so that at each step replicas have units of about the same length. Groups are a small
    part of the epoch: were it one group, all seeds and epochs would have nearly the same batches.
    """
    order = np.random.default_rng([seed, epoch]).permutation(len(lengths))
    group = batch_size * max(1, min(BATCHES_SORTED_TOGETHER, len(lengths) // batch_size // 16))
    batches = []
    for start in range(0, len(order), group):
        part = order[start : start + group]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[k : k + batch_size] for k in range(0, len(part), batch_size)]
    return [batches[k] for k in np.random.default_rng([epoch]).permutation(len(batches))]


class TaskPhase:
    """Task training of one source for the loop; one replica a seed, each with its own data order.

    train, dev: sequences of the kind. trainable: as the loop wants it.
    """

    def __init__(
        self,
        kind: TaskKind,
        encode: Encoder,
        head: nn.Module,
        trainable: Mapping[str, nn.Parameter],
        train: Any,
        dev: Any,
        *,
        seeds: Sequence[int],
        batch_size: int,
    ) -> None:
        self.kind, self.encode, self.head, self.trainable = kind, encode, head, trainable
        self.train_data, self.dev_data = train, dev
        self.seeds, self.batch_size = tuple(seeds), batch_size
        self.selection = f"dev_{kind.selection}"
        self.lengths = kind.unit_lengths(train)
        self.steps_per_epoch = -(-len(self.lengths) // batch_size)
        self._epochs: dict[tuple[int, int], list[np.ndarray]] = {}

    def loss(self, step: int) -> Tensor:
        epoch, position = divmod(step, self.steps_per_epoch)
        chosen = np.stack([self.batches(seed, epoch)[position] for seed in self.seeds])
        with self.encode.computing():
            return self.kind.loss(self.encode, self.head, self.train_data, chosen)

    def evaluate(self) -> dict[str, list[float]]:
        """The score on the source's dev part, for each replica."""
        with self.encode.computing():
            predicted = self.kind.predict(self.encode, self.head, self.dev_data)
        return {self.selection: [self.kind.dev_score(self.dev_data, of_replica) for of_replica in predicted]}

    def train(self, mode: bool) -> None:
        self.encode.adapted.train(mode)
        self.head.train(mode)

    def batches(self, seed: int, epoch: int) -> list[np.ndarray]:
        """A seed's batches of an epoch: unit numbers."""
        if (seed, epoch) not in self._epochs:
            self._epochs = {key: value for key, value in self._epochs.items() if key[1] == epoch}
            self._epochs[seed, epoch] = epoch_batches(self.lengths, self.batch_size, seed, epoch)
        return self._epochs[seed, epoch]
