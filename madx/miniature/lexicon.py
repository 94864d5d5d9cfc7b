"""The words, affixes and names of one language, from its family's proto-language and its own history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from madx.languages import Language
from madx.miniature.concepts import CLASS_OF, FUNCTION_CLASSES, QUESTION_WORDS
from madx.miniature.draws import Draws
from madx.miniature.names import NameInventory
from madx.miniature.scripts import Orthography, orthographies
from madx.miniature.sounds import Phonotactics, SoundChange, apply_sound_changes, draw_sound_changes

ISOLATE = "Isolate"  # the family name in the language table of a language without relatives
AFFIXES = ("plural", "past", "object case")
COGNATES = (0.5, 0.8)  # a language keeps between these parts of its family's words
LOCAL_NAMES, LOAN_NAMES = 0.4, 0.2  # the other names are the family's
DONORS = 3  # languages that names are borrowed from, the same for the whole world


class Family:
    """A proto-language: its sounds, words, affixes and names. Follows from the world and the family's name."""

    def __init__(self, seed: int, name: str, names: NameInventory):
        self.name = name
        self.key = (seed, "family", name)
        self.phonotactics = Phonotactics.draw(Draws(*self.key, "sounds"))
        new = Coinage(self.key, self.phonotactics)
        self.words = {concept: new.word(concept) for concept in CLASS_OF}
        self.affixes = {affix: new.affix(affix) for affix in AFFIXES}
        self.names = [new.name(name) for name in range(len(names))]
        self.question_words = {word: new.word(word) for word in QUESTION_WORDS}


class Coinage:
    """New words by the phonotactics of a family, none of which this object has coined before."""

    def __init__(self, key: tuple, phonotactics: Phonotactics):
        self._key = key
        self._phonotactics = phonotactics
        self._coined: set[str] = set()

    def word(self, concept: str) -> str:
        short = concept in QUESTION_WORDS or CLASS_OF[concept] in FUNCTION_CLASSES
        return self._coin(concept, (1, 1, 2) if short else (2, 2, 2, 3))

    def affix(self, affix: str) -> str:
        return self._coin(affix, (1,))

    def name(self, name: int) -> str:
        return self._coin(f"name {name}", (2, 3, 3))

    def _coin(self, what: str, lengths: tuple[int, ...]) -> str:
        """The first new word of at least two sounds; words of a crowded length grow by a syllable."""
        draws = Draws(*self._key, "word", what)
        attempt = 0
        while True:
            word = self._phonotactics.word(draws, draws.one_of(lengths) + attempt // 20)
            attempt += 1
            if len(word) >= 2 and word not in self._coined:
                self._coined.add(word)
                return word


def loan_names(seed: int, names: NameInventory) -> list[str]:
    """The form in which each name travels between families."""
    donors = [
        Coinage((seed, "donor", number), Phonotactics.draw(Draws(seed, "donor", number))) for number in range(DONORS)
    ]
    return [donors[name % DONORS].name(name) for name in range(len(names))]


@dataclass(frozen=True)
class Lexicon:
    """A language's written stems and affixes.

    words: concept -> stem; affixes: affix -> letters; names: name -> stem; question_words: who, what, ... -> word;
    inherited: concepts whose word is the family's; changes: the sound changes that the language went through.
    """

    words: dict[str, str]
    affixes: dict[str, str]
    names: tuple[str, ...]
    question_words: dict[str, str]
    inherited: frozenset[str]
    changes: tuple[SoundChange, ...]
    orthography: Orthography


class LexiconBuilder:
    """Builds a language's lexicon: inherited words through its sound changes, the others coined by itself."""

    def __init__(self, seed: int, row: Language, family: Family, loans: list[str]):
        self._family, self._loans = family, loans
        key = (seed, "language", row.code, row.family)
        self._draws = Draws(*key, "history")
        self._draws_of_questions = Draws(*key, "question words")
        self._coinage = Coinage(key, family.phonotactics)
        self._orthography = Draws(*family.key, "spelling").one_of(orthographies(row))
        if row.family == ISOLATE:  # its proto-language is itself
            self._rate, self._changes = 1.0, ()
        else:
            self._rate = COGNATES[0] + (COGNATES[1] - COGNATES[0]) * self._draws.uniform()
            self._changes = draw_sound_changes(Draws(*key, "changes"), list(family.words.values()))
        self._taken: set[str] = set()

    def build(self) -> Lexicon:
        inherited = self._inherited_words()
        words = {
            concept: inherited.get(concept) or self._own(self._coinage.word, concept) for concept in self._family.words
        }
        affixes = {
            affix: (self._inherit(proto) if self._draws.chance(self._rate) else None)
            or self._own(self._coinage.affix, affix)
            for affix, proto in self._family.affixes.items()
        }
        names = tuple(self._name(name) for name in range(len(self._family.names)))
        question_words = self._question_words()  # last, so that they take no other word's place
        return Lexicon(words, affixes, names, question_words, frozenset(inherited), self._changes, self._orthography)

    def _inherited_words(self) -> dict[str, str]:
        """The family's words that the language kept: as many as its rate says, of those that stayed distinct."""
        protos = self._family.words
        kept: dict[str, str] = {}
        for concept in self._draws.some_of(list(protos), len(protos)):
            if len(kept) < self._rate * len(protos) and (stem := self._inherit(protos[concept])):
                kept[concept] = stem
        return kept

    def _question_words(self) -> dict[str, str]:
        return {
            word: (self._inherit(proto) if self._draws_of_questions.chance(self._rate) else None)
            or self._own(self._coinage.word, word)
            for word, proto in self._family.question_words.items()
        }

    def _inherit(self, proto: str) -> str | None:
        """The family's word as it sounds here, unless it fell together with another."""
        return self._free(self._written(proto))

    def _own(self, coin: Callable, what: str | int) -> str:
        """A coined stem; coins again where sound changes made it another word's twin."""
        while (stem := self._free(self._written(coin(what)))) is None:
            pass
        return stem

    def _name(self, name: int) -> str:
        """A name of the language's own, a loan (which keeps the donor's sounds), or one of the family's."""
        origin = self._draws.uniform()
        stem = None
        if origin < LOAN_NAMES:
            stem = self._free(self._orthography.write(self._loans[name]))
        elif origin >= LOAN_NAMES + LOCAL_NAMES:
            stem = self._inherit(self._family.names[name])
        return stem or self._own(self._coinage.name, name)

    def _written(self, sounds: str) -> str:
        return self._orthography.write(apply_sound_changes(self._changes, sounds))

    def _free(self, stem: str) -> str | None:
        """Takes the stem if nothing else in the language is written so."""
        if stem in self._taken:
            return None
        self._taken.add(stem)
        return stem
