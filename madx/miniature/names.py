"""The names of a world: which types each can be, which are kept out of the training data, how frequent they are.

A name is an index here, shared by every language; what it sounds like is a language's own (see lexicon.py).
"""

from __future__ import annotations

from madx.miniature.concepts import ENTITY_TYPES
from madx.miniature.draws import Draws, Weighted

NAMES_PER_TYPE = 60
AMBIGUOUS = 0.3  # part of the names that can be of a second type
HELD_OUT = 0.3  # part of the names that never occur in labelled training data


class NameInventory:
    """180 names of a world.

    types: name -> its entity types (the first is the main one); held_out: the names that only dev and test data and
    unlabelled text may use.
    """

    def __init__(self, seed: int):
        draws = Draws(seed, "names")
        self.types: list[tuple[str, ...]] = []
        held_out: set[int] = set()
        for kind in ENTITY_TYPES:
            first = len(self.types)
            mine = range(first, first + NAMES_PER_TYPE)
            others = [other for other in ENTITY_TYPES if other != kind]
            ambiguous = set(draws.some_of(mine, round(AMBIGUOUS * NAMES_PER_TYPE)))
            self.types += [(kind, draws.one_of(others)) if name in ambiguous else (kind,) for name in mine]
            held_out |= set(draws.some_of(mine, round(HELD_OUT * NAMES_PER_TYPE)))
        self.held_out = frozenset(held_out)
        ranked = draws.some_of(range(len(self.types)), len(self.types))
        self._pools = {
            (kind, novel): Weighted.by_rank(
                [name for name in ranked if kind in self.types[name] and (name in held_out) == novel]
            )
            for kind in ENTITY_TYPES
            for novel in (False, True)
        }

    def __len__(self) -> int:
        return len(self.types)

    def draw(self, draws: Draws, kind: str, novel: bool) -> int:
        """A name of an entity type, from the held-out ones if `novel`."""
        return draws.weighted(self._pools[kind, novel])
