"""Grammar: word order and affixes of one language, and how a meaning becomes its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from madx.miniature.concepts import QUESTION_WORD_OF
from madx.miniature.draws import Draws, Weighted
from madx.miniature.lexicon import Lexicon
from madx.miniature.meaning import Clause, Mention, Phrase, Sentence, Thing, class_of

_ORDERS = Weighted({"SVO": 0.45, "SOV": 0.4, "VSO": 0.15})
_DEVIATION = 0.15  # probability that a language departs from its family in one point of grammar


class Word(NamedTuple):
    """A written word with its gloss and IOB2 tag."""

    form: str
    gloss: str
    tag: str = "O"


@dataclass(frozen=True)
class Typology:
    """Points of grammar. `modifiers_first`: adjectives, and names before the noun that tells their type."""

    order: str
    prepositions: bool
    modifiers_first: bool
    prefixes: bool
    object_case: bool
    titles_first: bool
    time_first: bool

    @classmethod
    def draw(cls, family: Draws, own: Draws) -> Typology:
        """The family's grammar, from which the language may deviate in each point."""

        def point(probability: float) -> bool:
            inherited = family.chance(probability)
            changed = own.chance(probability)
            return changed if own.chance(_DEVIATION) else inherited

        inherited, changed = family.weighted(_ORDERS), own.weighted(_ORDERS)
        order = changed if own.chance(_DEVIATION) else inherited
        verb_last = order == "SOV"
        return cls(
            order=order,
            prepositions=point(0.15 if verb_last else 0.9),
            modifiers_first=point(0.6 if verb_last else 0.45),
            prefixes=point(0.2),
            object_case=point(0.75 if verb_last else 0.3),
            titles_first=point(0.7),
            time_first=point(0.5),
        )


class Grammar:
    """Turns meanings into the words of one language.

    name_glosses: what to call each name in glosses.
    """

    def __init__(self, typology: Typology, lexicon: Lexicon, name_glosses: list[str]):
        self.typology = typology
        self._lexicon = lexicon
        capitalise = lexicon.orthography.capitalise
        self._capitalise = capitalise
        self._names = [Word(capitalise(stem), gloss) for stem, gloss in zip(lexicon.names, name_glosses, strict=True)]
        stems = lexicon.words | lexicon.question_words
        self._words = {concept: Word(stem, concept) for concept, stem in stems.items()}

    def sentence(self, sentence: Sentence) -> list[Word]:
        """The words of a sentence; punctuation stands apart, the first word has a capital if the script has them."""
        words = self._clause(sentence.clauses[0])
        if sentence.conjunction is not None:
            if sentence.conjunction != "and":
                words.append(Word(",", ","))
            words.append(self._words[sentence.conjunction])
            words += self._clause(sentence.clauses[1])
        return self._finished(words)

    def question(self, clause: Clause, role: str) -> tuple[list[Word], slice]:
        """Asks for an argument of a clause, and says where among the clause's words the answer is.

        A question is the clause with a question word for the argument, in the argument's place and case. So the answer
        is the argument as it stands in the clause, with its case suffix, without an adposition.
        """
        word = QUESTION_WORD_OF[class_of(clause.arguments[role])]
        words = self._clause(clause.with_argument(role, Thing(word)))
        start = next(i for i, asked in enumerate(words) if word in asked.gloss.split("-"))
        stop = start + 1 + len(self._clause(clause)) - len(words)
        return self._finished(words, "?"), slice(start, stop)

    def causal_question(self, conjunction: str, of: Clause | None = None) -> list[Word]:
        """Asks "because what?" or "therefore what?", perhaps after the clause that it is about."""
        words = [*self._clause(of), Word(",", ",")] if of else []
        return self._finished([*words, self._words[conjunction], self._words["what"]], "?")

    def fragment(self, words: list[Word]) -> list[Word]:
        """Some words of a sentence as a sentence of their own."""
        return self._finished(list(words))

    def _finished(self, words: list[Word], end: str = ".") -> list[Word]:
        words[0] = words[0]._replace(form=self._capitalise(words[0].form))
        words.append(Word(end, end))
        return words

    def _clause(self, clause: Clause) -> list[Word]:
        grammar = self.typology
        verb = self._words[clause.verb]
        if clause.past:
            verb = self._affixed(verb, "past", "PAST")
        parts = {
            "S": self._phrase(clause.subject),
            "V": [self._words["not"], verb] if clause.negated else [verb],
            "O": [],
        }
        if clause.object is not None:
            parts["O"] = self._phrase(clause.object)
            if grammar.object_case and clause.verb != "be":
                parts["O"] = self._in_object_case(parts["O"], clause.object)
        adjuncts = [word for adposition, phrase in clause.adjuncts for word in self._adjunct(adposition, phrase)]
        time = [self._words[clause.time]] if clause.time else []
        words = time if grammar.time_first else []
        for part in grammar.order:
            if part == "O" and grammar.order == "SOV":  # what is not the verb stands before it
                words = words + adjuncts
            words = words + parts[part]
        if grammar.order != "SOV":
            words = words + adjuncts
        return words if grammar.time_first else words + time

    def _adjunct(self, adposition: str, phrase: Phrase) -> list[Word]:
        words, word = self._phrase(phrase), self._words[adposition]
        return [word, *words] if self.typology.prepositions else [*words, word]

    def _phrase(self, phrase: Phrase) -> list[Word]:
        return self._mention(phrase) if isinstance(phrase, Mention) else self._thing(phrase)

    def _thing(self, thing: Thing) -> list[Word]:
        noun = self._words[thing.concept]
        words = [self._affixed(noun, "plural", "PL") if thing.plural else noun]
        if thing.adjective:
            adjective = self._words[thing.adjective]
            words = [adjective, *words] if self.typology.modifiers_first else [*words, adjective]
        if thing.number:
            words = [self._words[thing.number], *words]
        if thing.owner:
            owner, of = self._mention(thing.owner), self._words["of"]
            words = [*words, of, *owner] if self.typology.prepositions else [*owner, of, *words]
        return words

    def _mention(self, mention: Mention) -> list[Word]:
        """An entity. Titles and kinds of place stand outside its span, a kind of organisation is part of its name."""
        words = [self._names[name] for name in mention.names]
        cue = self._words[mention.cue] if mention.cue else None
        if cue is not None and mention.kind == "ORG":
            cue = cue._replace(form=self._capitalise(cue.form))
            words = [*words, cue] if self.typology.modifiers_first else [cue, *words]
        words = [word._replace(tag=f"{'I' if position else 'B'}-{mention.kind}") for position, word in enumerate(words)]
        if cue is None or mention.kind == "ORG":
            return words
        cue_first = self.typology.titles_first if mention.kind == "PER" else not self.typology.modifiers_first
        return [cue, *words] if cue_first else [*words, cue]

    def _affixed(self, word: Word, affix: str, gloss: str) -> Word:
        letters = self._lexicon.affixes[affix]
        if self.typology.prefixes:
            return word._replace(form=letters + word.form, gloss=f"{gloss}-{word.gloss}")
        return word._replace(form=word.form + letters, gloss=f"{word.gloss}-{gloss}")

    def _in_object_case(self, words: list[Word], phrase: Phrase) -> list[Word]:
        """The object's words with the case suffix on the noun, or on the last word of an entity."""
        place = len(words) - 1
        if isinstance(phrase, Thing):
            noun = self._words[phrase.concept].gloss
            place = next(i for i, word in enumerate(words) if noun in word.gloss.split("-"))
        word = words[place]
        words[place] = word._replace(form=word.form + self._lexicon.affixes["object case"], gloss=f"{word.gloss}-OBJ")
        return words
