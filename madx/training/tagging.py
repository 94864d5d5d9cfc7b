"""Training on a tagging task (NER): batches of windows, first sub-word labels, dev F1 of every replica."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from madx.adapters.model import AdaptedModel
from madx.data.windows import Windows
from madx.evaluation.spans import TagSet, count_spans, scores_from_counts
from madx.evaluation.tagging import pad_windows, predict_tags, word_positions
from madx.models.heads import TaggingHead

IGNORED = -100
BATCHES_SORTED_TOGETHER = 50  # at most, and at most 1/16 of an epoch: batches of a few sentences are to differ, too


def epoch_batches(lengths: np.ndarray, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The batches of one epoch: every window once, windows of like length together.

    Windows are shuffled by (seed, epoch), sorted by length within groups of batches, and cut into batches, whose
    order is drawn from the epoch alone, so that at each step replicas have windows of about the same length. Groups are
    a small part of the epoch: were it one group, all seeds and epochs would have nearly the same batches.
    """
    order = np.random.default_rng([seed, epoch]).permutation(len(lengths))
    group = batch_size * max(1, min(BATCHES_SORTED_TOGETHER, len(lengths) // batch_size // 16))
    batches = []
    for start in range(0, len(order), group):
        part = order[start : start + group]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[k : k + batch_size] for k in range(0, len(part), batch_size)]
    return [batches[k] for k in np.random.default_rng([epoch]).permutation(len(batches))]


class TaggingPhase:
    """Task training of one source for the loop; one replica a seed, each with its own data order."""

    selection = "dev_f1"

    def __init__(
        self,
        adapted: AdaptedModel,
        head: TaggingHead,
        trainable: Mapping[str, nn.Parameter],
        train: Windows,
        dev: Windows,
        *,
        seeds: Sequence[int],
        batch_size: int,
        autocast: bool = False,
    ) -> None:
        self.adapted, self.head, self.trainable = adapted, head, trainable
        self.seeds, self.batch_size = tuple(seeds), batch_size
        self.pad_id = adapted.model.config.pad_token_id
        self.train_windows, self.dev_windows = train, dev
        self.tags = TagSet(train.tags)
        self.autocast = autocast
        self.lengths = np.diff(train.offsets)
        self.steps_per_epoch = -(-len(self.lengths) // batch_size)
        self._epochs: dict[tuple[int, int], list[np.ndarray]] = {}

    def loss(self, step: int) -> Tensor:
        epoch, position = divmod(step, self.steps_per_epoch)
        chosen = np.concatenate([self._batches(seed, epoch)[position] for seed in self.seeds])
        input_ids, mask, words = pad_windows(self.train_windows, chosen, self.pad_id)
        positions = word_positions(self.train_windows, chosen, words)
        labels = np.where(positions >= 0, self.train_windows.gold[positions].astype(np.int64), IGNORED)
        device = self.head.weight.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.autocast):
            hidden = self.adapted(torch.from_numpy(input_ids).to(device), torch.from_numpy(mask).to(device))
            scores = self.head(hidden)
        wanted = torch.from_numpy(labels).to(device).view(len(self.seeds), -1)
        losses = functional.cross_entropy(
            scores.float().transpose(1, 2), wanted, ignore_index=IGNORED, reduction="none"
        )
        return losses.sum(dim=1) / (wanted != IGNORED).sum(dim=1).clamp(min=1)

    def evaluate(self) -> dict[str, list[float]]:
        """Span F1 on the source's dev part, for each replica."""
        predicted = predict_tags(self.adapted, self.head, self.dev_windows, self.autocast)
        gold, offsets = self.dev_windows.gold, self.dev_windows.gold_offsets
        return {"dev_f1": [scores_from_counts(count_spans(gold, tags, offsets, self.tags))[2] for tags in predicted]}

    def train(self, mode: bool) -> None:
        self.adapted.train(mode)
        self.head.train(mode)

    def _batches(self, seed: int, epoch: int) -> list[np.ndarray]:
        if (seed, epoch) not in self._epochs:
            self._epochs = {key: value for key, value in self._epochs.items() if key[1] == epoch}
            self._epochs[seed, epoch] = epoch_batches(self.lengths, self.batch_size, seed, epoch)
        return self._epochs[seed, epoch]
