"""Streams of random draws, each named by a key, that no other stream can disturb."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Hashable, Mapping, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
_BUFFER = 4096


class Weighted(Generic[T]):
    """Items with weights, prepared for many draws."""

    def __init__(self, weights: Mapping[T, float]):
        self.items = tuple(weights)
        self._bounds = list(accumulate(weights.values()))

    @classmethod
    def by_rank(cls, items: Sequence[T]) -> Weighted[T]:
        """Weights 1/sqrt(rank): the first item is the most frequent, as in real text but less steeply."""
        return cls({item: (rank + 1) ** -0.5 for rank, item in enumerate(items)})

    def at(self, uniform: float) -> T:
        """The item at a number in [0, 1)."""
        return self.items[bisect_right(self._bounds, uniform * self._bounds[-1], hi=len(self.items) - 1)]


class Draws:
    """Random draws that follow from `key` alone (strings and numbers), the same in every process.

    Numbers are taken from numpy in blocks, since a call to numpy costs more than a sentence's arithmetic.
    """

    def __init__(self, *key: Hashable):
        digest = hashlib.blake2b(repr(key).encode(), digest_size=16).digest()
        self._generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
        self._block = 16  # small at first: most streams are short
        self._buffer: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._buffer:
            self._buffer = self._generator.random(self._block).tolist()
            self._block = _BUFFER
        return self._buffer.pop()

    def chance(self, probability: float) -> bool:
        return self.uniform() < probability

    def between(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def one_of(self, items: Sequence[T]) -> T:
        return items[int(self.uniform() * len(items))]

    def weighted(self, items: Weighted[T]) -> T:
        return items.at(self.uniform())

    def some_of(self, items: Sequence[T], number: int) -> list[T]:
        """`number` different items (all of them if there are fewer) in random order."""
        return sorted(items, key=lambda _: self.uniform())[:number]
