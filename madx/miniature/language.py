"""A world of constructed languages, and the text and labelled sentences of one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from madx.languages import Language
from madx.miniature.draws import Draws
from madx.miniature.english import translate
from madx.miniature.grammar import Grammar, Typology, Word
from madx.miniature.lexicon import ISOLATE, Family, Lexicon, LexiconBuilder, loan_names
from madx.miniature.meaning import NOVEL, Meanings
from madx.miniature.names import NameInventory
from madx.miniature.scripts import ORTHOGRAPHIES, PUNCTUATION

# Every possible sentence belongs to one split, by its digest: these parts of all sentences. So no sentence of one
# split can occur in another, whatever their sizes.
SPLITS = {"train": range(8), "dev": range(8, 12), "test": range(12, 16)}
SENTENCES_A_DOCUMENT = (3, 6)


@dataclass(frozen=True)
class Example:
    """A sentence for people: words with glosses and IOB2 tags (three lists of one length), and English."""

    words: list[str]
    gloss: list[str]
    tags: list[str]
    translation: str


class World:
    """Everything that the languages of one seed share: the names' types, the loans, the families."""

    def __init__(self, seed: int):
        self.seed = seed
        self.names = NameInventory(seed)
        self.loans = loan_names(seed, self.names)
        latin = ORTHOGRAPHIES["Latin"][0]
        self.name_glosses = [latin.capitalise(latin.write(name)) for name in self.loans]
        self._family = cache(lambda name: Family(seed, name, self.names))

    def language(self, row: Language) -> ConstructedLanguage:
        """The language of a row of the table. It follows from the seed and the row's code, family and script.

        Raises ScriptError for a script that no constructed language is written in.
        """
        family = self._family(f"{ISOLATE} {row.code}" if row.family == ISOLATE else row.family)
        lexicon = LexiconBuilder(self.seed, row, family, self.loans).build()
        typology = Typology.draw(Draws(*family.key, "grammar"), Draws(self.seed, "grammar", row.code))
        return ConstructedLanguage(self, row, lexicon, Grammar(typology, lexicon, self.name_glosses))


class ConstructedLanguage:
    """One language: its lexicon, grammar and an endless supply of text."""

    def __init__(self, world: World, row: Language, lexicon: Lexicon, grammar: Grammar):
        self.row = row
        self.lexicon = lexicon
        self.typology = grammar.typology
        self._world = world
        self._grammar = grammar

    @property
    def alphabet(self) -> str:
        """Every character that the language's text can have, except the space."""
        return self.lexicon.orthography.alphabet

    def text(self, sentences: int) -> Iterator[str]:
        """Unlabelled documents of a few sentences each, one a string; `sentences` in all."""
        meanings = self._meanings("text", NOVEL)
        lengths = Draws(self._world.seed, self.row.code, "documents")
        while sentences > 0:
            length = min(sentences, lengths.between(*SENTENCES_A_DOCUMENT))
            yield " ".join(_running(self._grammar.sentence(meanings.sentence())) for _ in range(length))
            sentences -= length

    def ner(self, sentences: int, split: str) -> Iterator[tuple[list[str], list[str]]]:
        """Labelled sentences of a split: tokens and IOB2 tags, of the same kind as the text.

        No sentence occurs in two splits. Training data has no held-out name; in dev and test three in ten mentions
        have. Raises ValueError for a split other than train, dev and test.
        """
        if split not in SPLITS:
            raise ValueError(f"split {split!r} is none of {', '.join(SPLITS)}")
        meanings = self._meanings(split, 0.0 if split == "train" else NOVEL)
        while sentences > 0:
            words = self._grammar.sentence(meanings.sentence())
            tokens = [word.form for word in words]
            if hashlib.blake2b(" ".join(tokens).encode()).digest()[0] % 16 in SPLITS[split]:
                yield tokens, [word.tag for word in words]
                sentences -= 1

    def example(self, number: int) -> Example:
        """The sentence with the `number`-th example meaning of the world, which is the same in every language."""
        sentence = Meanings(Draws(self._world.seed, "example", number), self._world.names, NOVEL).sentence()
        words = self._grammar.sentence(sentence)
        return Example(
            words=[word.form for word in words],
            gloss=[word.gloss for word in words],
            tags=[word.tag for word in words],
            translation=translate(sentence, self._world.name_glosses),
        )

    def _meanings(self, stream: str, novel: float) -> Meanings:
        return Meanings(Draws(self._world.seed, self.row.code, stream), self._world.names, novel)


def _running(words: list[Word]) -> str:
    """Words as running text, with punctuation attached to the word before."""
    return "".join(word.form if word.form in PUNCTUATION else f" {word.form}" for word in words)[1:]
