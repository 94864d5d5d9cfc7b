"""Masked language modelling: dynamic masking, output at masked positions only, perplexity on held-out blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from madx.adapters.model import AdaptedModel
from madx.training.ahead import Ahead

EVALUATION_BATCH = 32  # blocks a forward pass on held-out text
EVALUATION_SEED = 20200429  # held-out blocks are masked the same way each time


@dataclass(frozen=True)
class Vocabulary:
    """What masking needs to know of a tokenizer. starts_word, special: (vocabulary,) booleans by token id."""

    mask_id: int
    starts_word: np.ndarray
    special: np.ndarray

    @cached_property
    def ordinary(self) -> np.ndarray:
        """Ids of the tokens that are not special."""
        return np.flatnonzero(~self.special)

    @classmethod
    def of(cls, tokenizer) -> Vocabulary:
        """Read a transformers tokenizer: SentencePiece's and byte-level BPE's word marks, or WordPiece's ##."""
        size = len(tokenizer)
        pieces = tokenizer.convert_ids_to_tokens(list(range(size)))
        if any(piece.startswith("##") for piece in pieces):
            starts = [not piece.startswith("##") for piece in pieces]
        else:
            starts = [piece.startswith(("▁", "Ġ")) for piece in pieces]
        special = np.zeros(size, dtype=bool)
        special[list(tokenizer.all_special_ids)] = True
        if tokenizer.mask_token_id is None:
            raise ValueError("the tokenizer has no mask token; masked language modelling needs one")
        return cls(tokenizer.mask_token_id, np.array(starts), special)


def mask_blocks(
    blocks: np.ndarray, vocabulary: Vocabulary, fraction: float, whole_words: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mask token blocks (paper, section 5.2; 80 % mask, 10 % another token, 10 % unchanged, as in BERT).

    blocks: (batch, block_length) token ids -> (inputs, chosen), same shape; chosen: the positions to predict.
    Special tokens are never chosen; at least one position is.
    """
    candidates = ~vocabulary.special[blocks]
    if whole_words:
        # a word's pieces share the draw of its first piece; a special token separates words
        words = np.cumsum((vocabulary.starts_word[blocks] | ~candidates).ravel()) - 1
        chosen = (rng.random(words[-1] + 2) < fraction)[words].reshape(blocks.shape) & candidates
    else:
        chosen = (rng.random(blocks.shape) < fraction) & candidates
    if not chosen.any():
        chosen.flat[rng.choice(np.flatnonzero(candidates))] = True
    fate = rng.random(blocks.shape)
    inputs = np.where(chosen & (fate < 0.8), vocabulary.mask_id, blocks)
    replaced = chosen & (fate >= 0.8) & (fate < 0.9)
    inputs[replaced] = vocabulary.ordinary[rng.integers(len(vocabulary.ordinary), size=int(replaced.sum()))]
    return inputs, chosen


def epoch_sampler(blocks: np.ndarray, batch_size: int, seed: int) -> Callable[[int], np.ndarray]:
    """Batches of one language: each epoch visits every block once, in an order of its own. step -> (batch, length)."""
    count = len(blocks)

    @lru_cache(maxsize=2)  # a batch may lie across two epochs
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng([seed, epoch]).permutation(count)

    def sample(step: int) -> np.ndarray:
        positions = range(step * batch_size, (step + 1) * batch_size)
        return np.stack([blocks[order(position // count)[position % count]] for position in positions])

    return sample


def mixed_sampler(
    languages: Sequence[np.ndarray], batch_size: int, exponent: float, seed: int
) -> Callable[[int], np.ndarray]:
    """Batches over several languages, drawn in proportion to size^exponent (as XLM-R's pretraining). step -> batch."""
    weights = np.array([len(blocks) for blocks in languages], dtype=float) ** exponent
    weights /= weights.sum()

    def sample(step: int) -> np.ndarray:
        rng = np.random.default_rng([seed, step])
        drawn = rng.choice(len(languages), size=batch_size, p=weights)
        return np.stack([languages[k][rng.integers(len(languages[k]))] for k in drawn])

    return sample


class MaskedBatch(NamedTuple):
    """inputs: (batch, block_length) token ids; positions: (n,) of the chosen ones among all; wanted: (n,) their ids."""

    inputs: Tensor
    positions: Tensor
    wanted: Tensor


class MlmPhase:
    """One language adaptation (or a base's pretraining) for the loop; a single replica."""

    selection = None

    def __init__(
        self,
        adapted: AdaptedModel,
        trainable: Mapping[str, nn.Parameter],
        sample: Callable[[int], np.ndarray],
        held_out: np.ndarray,
        vocabulary: Vocabulary,
        *,
        mask_fraction: float,
        whole_words: bool,
        seed: int,
        autocast: bool = False,
        dropout: bool = True,
    ) -> None:
        self.seeds = (seed,)
        self.adapted, self.trainable, self.sample, self.held_out = adapted, trainable, sample, held_out
        self.vocabulary, self.mask_fraction, self.whole_words = vocabulary, mask_fraction, whole_words
        self.device = next(iter(trainable.values())).device
        self.autocast, self.dropout = autocast, dropout
        self._masked_ahead = Ahead(self._masked_batch)

    def loss(self, step: int) -> Tensor:
        masked = self._masked_ahead(step)
        return (self._loss_of(masked) / len(masked.wanted)).unsqueeze(0)

    def evaluate(self) -> dict[str, list[float]]:
        """Perplexity of the masked tokens of the held-out blocks, each weighted alike."""
        rng = np.random.default_rng(EVALUATION_SEED)
        total, count = 0.0, 0
        for start in range(0, len(self.held_out), EVALUATION_BATCH):
            masked = self._mask(self.held_out[start : start + EVALUATION_BATCH], rng)
            total, count = total + self._loss_of(masked).item(), count + len(masked.wanted)
        return {"perplexity": [math.exp(min(total / count, 700.0))]}

    def train(self, mode: bool) -> None:
        self.adapted.train(mode and self.dropout)

    def _masked_batch(self, step: int) -> MaskedBatch:
        return self._mask(self.sample(step), np.random.default_rng([self.seeds[0], 1, step]))

    def _mask(self, blocks: np.ndarray, rng: np.random.Generator) -> MaskedBatch:
        blocks = np.asarray(blocks, dtype=np.int64)
        inputs, chosen = mask_blocks(blocks, self.vocabulary, self.mask_fraction, self.whole_words, rng)
        positions = np.flatnonzero(chosen)
        return MaskedBatch(*map(torch.from_numpy, (inputs, positions, blocks.ravel()[positions])))

    def _loss_of(self, masked: MaskedBatch) -> Tensor:
        """Summed cross-entropy at the chosen positions."""
        inputs, positions, wanted = (tensor.to(self.device) for tensor in masked)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            hidden = self.adapted(inputs)
            return self.adapted.mlm_loss(hidden.flatten(0, 1)[positions], wanted)
