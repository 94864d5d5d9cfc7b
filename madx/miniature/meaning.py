"""Meanings of sentences, before any language: clauses of concepts and names, and how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from madx.miniature.concepts import CLASS_OF, CLASSES, EFFECTS, ENTITY_TYPES, EVENTS, NOUNS, Argument, Event
from madx.miniature.draws import Draws, Weighted
from madx.miniature.names import NameInventory

NOVEL = 0.3  # part of the mentions in dev and test data, and in text, that use held-out names


@dataclass(frozen=True)
class Mention:
    """An entity: its type, one or two names, and the noun that tells its type (title, kind of place or body)."""

    kind: str
    names: tuple[int, ...]
    cue: str | None


@dataclass(frozen=True)
class Thing:
    """A common noun, pronoun or predicate adjective, perhaps with a number word, an adjective or an owner."""

    concept: str
    plural: bool = False
    number: str | None = None
    adjective: str | None = None
    owner: Mention | None = None


Phrase = Mention | Thing


@dataclass(frozen=True)
class Clause:
    """One event: `adjuncts` are pairs (adposition, phrase)."""

    event: str
    subject: Phrase
    verb: str
    object: Phrase | None
    adjuncts: tuple[tuple[str, Phrase], ...]
    past: bool
    negated: bool
    time: str | None

    @property
    def arguments(self) -> dict[str, Phrase]:
        """What the clause names: "subject", "object", and adjuncts by their adpositions. No pronouns, no predicates."""
        named = {"subject": self.subject}
        if self.object is not None and self.verb != "be":
            named["object"] = self.object
        named |= dict(self.adjuncts)
        return {role: phrase for role, phrase in named.items() if class_of(phrase) != "pronoun"}

    def with_argument(self, role: str, phrase: Phrase) -> Clause:
        """The same clause with another argument."""
        if role in ("subject", "object"):
            return replace(self, **{role: phrase})
        return replace(self, adjuncts=tuple((at, phrase if at == role else old) for at, old in self.adjuncts))


@dataclass(frozen=True)
class Sentence:
    """One clause, or two with a conjunction between them."""

    clauses: tuple[Clause, ...]
    conjunction: str | None = None


# how often a mention has the noun that tells its type, and which class that noun is of
_CUES = {"PER": (0.45, "title"), "ORG": (0.6, "organisation"), "LOC": (0.35, "place")}
_TWO_NAMES = {"PER": 0.5, "ORG": 0.15, "LOC": 0.1}
_PAST = {"yesterday": 1.0, "soon": 0.0}  # probability of the past where the time word decides it
_NOTHING: Mapping[str, Phrase] = {}
_EVENTS = Weighted(dict.fromkeys(EVENTS, 1.0))
_CAUSES = Weighted(dict.fromkeys(EFFECTS, 1.0))
_CONCEPTS = {name: Weighted.by_rank(concepts) for name, concepts in CLASSES.items()}
_ADJECTIVES = Weighted({"quality": 2.0, "size": 2.0, "colour": 1.0})


class Meanings:
    """Draws the meanings of sentences from one stream.

    novel: probability that a mention uses held-out names; 0 for labelled training data.
    """

    def __init__(self, draws: Draws, names: NameInventory, novel: float):
        self._draws = draws
        self._names = names
        self._novel = novel

    def sentence(self) -> Sentence:
        draws = self._draws
        kind = draws.uniform()
        if kind < 0.75:
            return Sentence((self._clause(draws.weighted(_EVENTS)),))
        if kind < 0.85:
            first = self._clause(draws.weighted(_EVENTS))
            return Sentence((first, self._clause(draws.weighted(_EVENTS), after=first)), "and")
        cause = self._clause(draws.weighted(_CAUSES))
        effect = self._clause(draws.one_of(EFFECTS[cause.event]), after=cause)
        if draws.chance(0.5):
            return Sentence((cause, effect), "therefore")
        return Sentence((effect, cause), "because")

    def _clause(self, kind: str, after: Clause | None = None, given: Mapping[str, Phrase] = _NOTHING) -> Clause:
        """An event; where the subject of the clause before could be its subject, a pronoun may stand for it.

        given: what fills slots of the event (see `Event.slots`); the others are drawn.
        """
        draws, event = self._draws, EVENTS[kind]
        if "subject" in given:
            subject = given["subject"]
        elif after is not None and class_of(after.subject) in event.subject.items and draws.chance(0.5):
            subject = Thing("they")
        else:
            subject = self._phrase(event.subject)
        time = draws.weighted(_CONCEPTS["time"]) if draws.chance(0.25) else None
        return Clause(
            event=kind,
            subject=subject,
            verb=draws.weighted(_CONCEPTS[event.verb]),
            object=given.get("object") or self._object(event, subject),
            adjuncts=self._adjuncts(event, given),
            past=_PAST.get(time, 0.6) > draws.uniform(),
            negated=draws.chance(0.08),
            time=time,
        )

    def _object(self, event: Event, subject: Phrase) -> Phrase | None:
        if event.object is None:
            return None
        if event.verb != "copula":
            return self._phrase(event.object)
        concept = self._draws.weighted(_CONCEPTS[self._draws.weighted(event.object)])
        plural = isinstance(subject, Thing) and subject.plural and CLASS_OF[concept] in NOUNS
        return Thing(concept, plural=plural)

    def _adjuncts(self, event: Event, given: Mapping[str, Phrase]) -> tuple[tuple[str, Phrase], ...]:
        draws = self._draws
        chosen = []
        for adjunct in event.adjuncts:
            phrase = given.get(adjunct.adposition)
            if phrase is not None or draws.chance(adjunct.probability):
                drawn = _CONCEPTS.get(adjunct.adposition)
                adposition = adjunct.adposition if drawn is None else draws.weighted(drawn)
                chosen.append((adposition, phrase or self._phrase(adjunct.argument)))
        return tuple(chosen)

    def _phrase(self, argument: Argument) -> Phrase:
        return self._of_class(self._draws.weighted(argument))

    def _of_class(self, name: str) -> Phrase:
        """A phrase of an entity type or a class of nouns."""
        return self._mention(name) if name in ENTITY_TYPES else self._thing(name)

    def _mention(self, kind: str) -> Mention:
        draws = self._draws
        novel = draws.chance(self._novel)
        number = 2 if draws.chance(_TWO_NAMES[kind]) else 1
        names: list[int] = []
        while len(names) < number:
            name = self._names.draw(draws, kind, novel)
            if name not in names:
                names.append(name)
        probability, cue = _CUES[kind]
        return Mention(kind, tuple(names), draws.weighted(_CONCEPTS[cue]) if draws.chance(probability) else None)

    def _thing(self, name: str) -> Thing:
        draws = self._draws
        plural = name != "material" and draws.chance(0.25)
        return Thing(
            draws.weighted(_CONCEPTS[name]),
            plural=plural,
            number=draws.weighted(_CONCEPTS["number"]) if plural and draws.chance(0.3) else None,
            adjective=draws.weighted(_CONCEPTS[draws.weighted(_ADJECTIVES)]) if draws.chance(0.25) else None,
            owner=self._mention("PER") if draws.chance(0.5 if name == "kin" else 0.05) else None,
        )


def class_of(phrase: Phrase) -> str:
    """The entity type of a mention, the class of a thing."""
    return phrase.kind if isinstance(phrase, Mention) else CLASS_OF[phrase.concept]
