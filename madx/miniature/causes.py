"""Causal choices, before any language: which of several events is the cause or the effect of another.

The table of what follows from what is the same in every language (`EFFECTS`). An item is made from two or three of its
pairs, (cause, effect), none of whose causes has another's effect. One pair is picked, each as likely as the others: one
end of it is the premise, its other end the right option, and the same ends of the other pairs are the wrong ones. All
clauses share an argument of a class that every end of every pair can take. So what the options are does not depend on
which of them is right: without the premise nobody can do better than chance. And the premise is drawn such that it has
as many words in common with one option as with another, wherever that can be had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

from madx.miniature.concepts import EFFECTS, ENTITY_TYPES, EVENTS, HELD_OUT_EFFECTS, NOUNS
from madx.miniature.draws import Draws
from madx.miniature.meaning import Clause, Meanings, Phrase, Thing
from madx.miniature.names import NameInventory

Pair = tuple[str, str]  # kinds of event: cause, effect
PAIRS: tuple[Pair, ...] = tuple((cause, effect) for cause, effects in EFFECTS.items() for effect in effects)
TRAINING_PAIRS = tuple(pair for pair in PAIRS if pair not in HELD_OUT_EFFECTS)
_TRIES = 12  # for a premise that has as many words in common with each option; a few cannot be had
CONJUNCTIONS = {"cause": "because", "effect": "therefore"}  # what asks for each


@dataclass(frozen=True)
class Choice:
    """A premise, whether its cause or its effect is asked for, the right answer and the wrong ones."""

    premise: Clause
    question: str
    right: Clause
    wrong: tuple[Clause, ...]

    def options(self, label: int) -> tuple[Clause, ...]:
        """All answers, the right one at place `label`."""
        return (*self.wrong[:label], self.right, *self.wrong[label:])


@dataclass(frozen=True)
class Contrast:
    """Pairs that can be told apart by the table; `shared`: classes of an argument that all their events can take."""

    pairs: tuple[Pair, ...]
    shared: tuple[str, ...]


class ChoiceMeanings(Meanings):
    """Draws causal choices among `options` answers, with pairs from `pairs` alone."""

    def __init__(self, draws: Draws, names: NameInventory, novel: float, options: int, pairs: tuple[Pair, ...]):
        super().__init__(draws, names, novel)
        self._pairs = pairs
        self._contrasts = contrasts(pairs, options)

    def choice(self) -> Choice:
        draws = self._draws
        contrast = draws.one_of(self._contrasts[draws.one_of(self._pairs)])
        pairs = draws.some_of(contrast.pairs, len(contrast.pairs))  # the first, which can be any of them, is right
        question = draws.one_of(tuple(CONJUNCTIONS))
        if question == "cause":
            pairs = [(effect, cause) for cause, effect in pairs]
        shared = self._shared_argument(draws.one_of(contrast.shared))
        options = [self._sharing(end, *shared) for _, end in pairs]
        for _ in range(_TRIES):  # only the premise is drawn again: that tells nothing about options without it
            premise = self._sharing(pairs[0][0], *shared)
            if len({len(_said(premise) & _said(option)) for option in options}) == 1:
                break
        return Choice(premise, question, options[0], tuple(options[1:]))

    def _shared_argument(self, name: str) -> tuple[str, Phrase]:
        """A class and a phrase of it with a name: an entity, or a thing with an owner."""
        phrase = self._of_class(name)
        return name, replace(phrase, owner=self._mention("PER")) if isinstance(phrase, Thing) else phrase

    def _sharing(self, kind: str, name: str, phrase: Phrase) -> Clause:
        """An event with the shared argument. It did happen: the table says nothing about what does not."""
        return replace(self._clause(kind, given={slots_for(kind, name)[0]: phrase}), negated=False)


def _said(clause: Clause) -> set[str | int]:
    """The concepts and names of a clause."""
    said: set[str | int | None] = {clause.verb, clause.time, *(adposition for adposition, _ in clause.adjuncts)}
    for phrase in (clause.subject, clause.object, *(phrase for _, phrase in clause.adjuncts)):
        if isinstance(phrase, Thing):
            said |= {phrase.concept, phrase.number, phrase.adjective}
            phrase = phrase.owner
        if phrase is not None:
            said |= {phrase.cue, *phrase.names}
    return said - {None}


@cache
def contrasts(pairs: tuple[Pair, ...], size: int) -> dict[Pair, tuple[Contrast, ...]]:
    """For every pair the contrasts of `size` pairs that it is in.

    Raises ValueError for a pair that is in none: no item could be made from it.
    """
    found: dict[Pair, list[Contrast]] = {pair: [] for pair in pairs}
    for chosen in combinations(pairs, size):
        apart = not any(one[1] in EFFECTS[other[0]] for one in chosen for other in chosen if one is not other)
        if apart and (shared := _shared_classes({kind for pair in chosen for kind in pair})):
            for pair in chosen:
                found[pair].append(Contrast(chosen, shared))
    for pair, several in found.items():
        if not several:
            raise ValueError(f"{pair[0]} → {pair[1]} can be contrasted with no {size - 1} other pairs of the table")
    return {pair: tuple(several) for pair, several in found.items()}


def _shared_classes(kinds: set[str]) -> tuple[str, ...]:
    """Entity types that all these events can take, or else classes of nouns."""
    for names in (ENTITY_TYPES, tuple(NOUNS)):
        if common := tuple(name for name in names if all(slots_for(kind, name) for kind in kinds)):
            return common
    return ()


def slots_for(kind: str, name: str) -> list[str]:
    """The slots of an event that a class or entity type can fill, the subject first."""
    return [slot for slot, argument in EVENTS[kind].slots.items() if name in argument.items]
