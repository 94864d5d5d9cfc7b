"""A world of constructed languages, and the text and the labelled data of one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from madx.languages import Language
from madx.miniature.causes import CONJUNCTIONS, PAIRS, TRAINING_PAIRS, ChoiceMeanings
from madx.miniature.draws import Draws
from madx.miniature.english import CAUSAL_QUESTIONS, translate, translate_phrase, translate_question
from madx.miniature.grammar import Grammar, Typology, Word
from madx.miniature.lexicon import ISOLATE, Family, Lexicon, LexiconBuilder, loan_names
from madx.miniature.meaning import NOVEL, Clause, Meanings, Sentence
from madx.miniature.names import NameInventory
from madx.miniature.questions import QuestionMeanings
from madx.miniature.scripts import ORTHOGRAPHIES, PUNCTUATION

# Every possible sentence, passage and premise belongs to one split, by its digest: these parts of all of them. So none
# of one split can occur in another, whatever their sizes.
SPLITS = {"train": range(8), "dev": range(8, 12), "test": range(12, 16)}
SENTENCES_A_DOCUMENT = (3, 6)


@dataclass(frozen=True)
class Example:
    """A sentence for people: words with glosses and IOB2 tags (three lists of one length), and English."""

    words: list[str]
    gloss: list[str]
    tags: list[str]
    translation: str


@dataclass(frozen=True)
class QuestionExample:
    """A question for people. The words `place` of sentence `asked` of the context are its answer."""

    context: list[Example]
    question: Example
    answer: Example
    asked: int
    place: slice


@dataclass(frozen=True)
class ChoiceExample:
    """A causal choice for people; `options[label]` is the right one."""

    premise: Example
    question: Example
    options: list[Example]
    label: int


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

    def text(self, sentences: int, questions: float = 0.0) -> Iterator[str]:
        """Unlabelled documents of a few sentences each, one a string; `sentences` in all.

        questions: part of the documents that end with a question about them and its short answer. These come on top:
        apart from them the documents are the same. Raises ValueError for a part below 0 or above 1.
        """
        if not 0 <= questions <= 1:
            raise ValueError(f"questions = {questions}: a part of the documents is between 0 and 1")
        meanings = Meanings(self._draws("text"), self._world.names, NOVEL)
        lengths, asking = self._draws("documents"), self._draws("questions in text")
        while sentences > 0:
            length = min(sentences, lengths.between(*SENTENCES_A_DOCUMENT))
            document = [meanings.sentence() for _ in range(length)]
            written = [self._grammar.sentence(sentence) for sentence in document]
            if asking.chance(questions):
                written += self._question_and_answer(document, asking)
            yield " ".join(map(_running, written))
            sentences -= length

    def _question_and_answer(self, document: list[Sentence], draws: Draws) -> tuple[list[Word], list[Word]]:
        """About one of a document's sentences: which phrase, or (half of the time where it says so) why."""
        sentence = draws.one_of(document)
        if sentence.conjunction in CONJUNCTIONS.values() and draws.chance(0.5):
            said, answer = sentence.clauses
            question = self._grammar.causal_question(sentence.conjunction, of=said)
            return question, self._grammar.sentence(Sentence((answer,)))
        clause = draws.one_of([clause for clause in sentence.clauses if clause.arguments])
        question, answer = self._grammar.question(clause, draws.one_of(list(clause.arguments)))
        return question, self._grammar.fragment(self._grammar.sentence(Sentence((clause,)))[answer])

    def ner(self, sentences: int, split: str) -> Iterator[tuple[list[str], list[str]]]:
        """Labelled sentences of a split: tokens and IOB2 tags, of the same kind as the text.

        No sentence occurs in two splits. Training data has no held-out name; in dev and test three in ten mentions
        have. Raises ValueError for a split other than train, dev and test.
        """
        meanings = Meanings(self._draws(split), self._world.names, _novel(split))
        while sentences > 0:
            words = self._grammar.sentence(meanings.sentence())
            tokens = [word.form for word in words]
            if _belongs(" ".join(tokens), split):
                yield tokens, [word.tag for word in words]
                sentences -= 1

    def questions(self, number: int, split: str) -> Iterator[tuple[str, str, str, int]]:
        """Passages of a split, each with a question: (context, question, answer, start).

        `context[start:]` begins with the answer, which stands nowhere else in it. Two other clauses at least have an
        argument that the question word could ask for. No context occurs in two splits, and training data has no
        held-out name. Raises ValueError for a split other than train, dev and test.
        """
        meanings = QuestionMeanings(self._draws("questions", split), self._world.names, _novel(split))
        while number > 0:
            drawn = meanings.question()
            written = [self._grammar.sentence(Sentence((clause,))) for clause in drawn.clauses]
            context = " ".join(map(_running, written))
            if not _belongs(context, split):
                continue
            question, place = self._grammar.question(drawn.clause, drawn.role)
            answer = _running(written[drawn.asked][place])
            if context.count(answer) == 1:
                yield context, _running(question), answer, context.index(answer)
                number -= 1

    def choices(self, number: int, split: str, options: int) -> Iterator[tuple[str, str, list[str], int]]:
        """Causal choices of a split: (premise, question, options, label), `options[label]` being the right one.

        The question is "because what?" or "therefore what?". No premise occurs in two splits. Labels are balanced: any
        `options` in a row from the start have all of them. Training data has no held-out name and no held-out pair of
        events (`concepts.HELD_OUT_EFFECTS`); these are in the dev and test data of two options alone.
        Raises ValueError for a split other than train, dev and test, and for other than 2 or 3 options.
        """
        if options not in (2, 3):
            raise ValueError(f"options = {options}: a causal choice has 2 (as COPA) or 3 (as Social IQa)")
        novel = _novel(split)
        pairs = PAIRS if options == 2 and split != "train" else TRAINING_PAIRS
        draws, places = self._draws("choices", options, split), self._draws("labels", options, split)
        meanings = ChoiceMeanings(draws, self._world.names, novel, options, pairs)
        labels: list[int] = []
        while number > 0:
            drawn = meanings.choice()
            premise = self._written(drawn.premise)
            if _belongs(premise, split):
                labels = labels or places.some_of(range(options), options)
                label = labels.pop()
                question = _running(self._grammar.causal_question(CONJUNCTIONS[drawn.question]))
                yield premise, question, [self._written(clause) for clause in drawn.options(label)], label
                number -= 1

    def example(self, number: int) -> Example:
        """The sentence with the `number`-th example meaning of the world, which is the same in every language."""
        sentence = Meanings(Draws(self._world.seed, "example", number), self._world.names, NOVEL).sentence()
        return _example(self._grammar.sentence(sentence), translate(sentence, self._world.name_glosses))

    def example_question(self, number: int) -> QuestionExample:
        """The `number`-th example of a question, of the same meaning in every language of the world."""
        names, glosses = self._world.names, self._world.name_glosses
        drawn = QuestionMeanings(Draws(self._world.seed, "example question", number), names, NOVEL).question()
        words, place = self._grammar.question(drawn.clause, drawn.role)
        answer = self._grammar.sentence(Sentence((drawn.clause,)))[place]
        return QuestionExample(
            context=[self._clause_example(clause) for clause in drawn.clauses],
            question=_example(words, translate_question(drawn.clause, drawn.role, glosses)),
            answer=_example(
                self._grammar.fragment(answer), translate_phrase(drawn.clause.arguments[drawn.role], glosses)
            ),
            asked=drawn.asked,
            place=place,
        )

    def example_choice(self, number: int, options: int = 2) -> ChoiceExample:
        """The `number`-th example of a causal choice, of the same meaning in every language of the world."""
        draws = Draws(self._world.seed, "example choice", number)
        drawn = ChoiceMeanings(draws, self._world.names, NOVEL, options, PAIRS).choice()
        label = draws.between(0, options - 1)
        words = self._grammar.causal_question(CONJUNCTIONS[drawn.question])
        return ChoiceExample(
            premise=self._clause_example(drawn.premise),
            question=_example(words, CAUSAL_QUESTIONS[drawn.question]),
            options=[self._clause_example(clause) for clause in drawn.options(label)],
            label=label,
        )

    def _clause_example(self, clause: Clause) -> Example:
        sentence = Sentence((clause,))
        return _example(self._grammar.sentence(sentence), translate(sentence, self._world.name_glosses))

    def _written(self, clause: Clause) -> str:
        return _running(self._grammar.sentence(Sentence((clause,))))

    def _draws(self, *stream: str | int) -> Draws:
        return Draws(self._world.seed, self.row.code, *stream)


def _novel(split: str) -> float:
    """How often a split's mentions use held-out names; an error for a split that there is not."""
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is none of {', '.join(SPLITS)}")
    return 0.0 if split == "train" else NOVEL


def _belongs(text: str, split: str) -> bool:
    return hashlib.blake2b(text.encode()).digest()[0] % 16 in SPLITS[split]


def _example(words: list[Word], translation: str) -> Example:
    return Example(
        words=[word.form for word in words],
        gloss=[word.gloss for word in words],
        tags=[word.tag for word in words],
        translation=translation,
    )


def _running(words: list[Word]) -> str:
    """Words as running text, with punctuation attached to the word before."""
    return "".join(word.form if word.form in PUNCTUATION else f" {word.form}" for word in words)[1:]
