"""Properties of the questions in the constructed languages: one answer each, which its type alone does not tell."""

import hashlib
import itertools
import re
from collections import Counter

import pytest

from madx.miniature import World
from madx.miniature.concepts import CLASSES, ENTITY_TYPES, QUESTION_WORD_OF, QUESTION_WORDS
from madx.miniature.draws import Draws
from madx.miniature.meaning import Clause, Mention, Thing
from madx.miniature.names import NameInventory
from madx.miniature.questions import QuestionMeanings, _answers, roles_for
from tests.unit.miniature.conftest import ROWS, SPLITS, held_out_forms


@pytest.fixture(scope="module")
def meanings():
    drawn = QuestionMeanings(Draws("questions of the tests"), NameInventory(1), 0.0)
    return [drawn.question() for _ in range(400)]


def test_every_class_that_can_be_named_has_a_question_word():
    named = {*ENTITY_TYPES, *QUESTION_WORD_OF}
    assert named <= {*ENTITY_TYPES, *CLASSES} and not {*QUESTION_WORDS} & {c for cs in CLASSES.values() for c in cs}
    assert len(QUESTION_WORD_OF) == sum(map(len, QUESTION_WORDS.values()))


@pytest.mark.parametrize("code", sorted(ROWS))
def test_answer_stands_at_its_start_and_the_question_is_the_rest_of_its_clause(languages, code):
    language = languages[code]
    asking = language.lexicon.question_words.values()
    suffix = language.lexicon.affixes["object case"] if language.typology.object_case else ""
    forms = {word + end for word in asking for end in ("", suffix)}
    forms |= {language.lexicon.orthography.capitalise(form) for form in forms}
    for context, question, answer, start in language.questions(60, "train"):
        assert context[start : start + len(answer)] == answer and context.count(answer) == 1
        assert answer == answer.strip() and not answer.endswith(".") and question.endswith("?")
        begin = context.rfind(".", 0, start) + 1
        clause = context[begin : context.index(".", start)].lstrip()
        before, _, after = clause.partition(answer)
        asked = question[:-1].removeprefix(before).removesuffix(after)
        assert question == f"{before}{asked}{after}?" and asked in forms
        assert 3 <= context.count(".") <= 4 and " ." not in context and "  " not in context


def test_same_again_and_more_of_it_begins_the_same(languages):
    language = languages["qab"]
    assert list(language.questions(20, "dev"))[:8] == list(World(1).language(ROWS["qab"]).questions(8, "dev"))
    assert list(language.questions(8, "dev")) != list(World(2).language(ROWS["qab"]).questions(8, "dev"))


@pytest.mark.parametrize("code", ["qaa", "qad", "qah"])
def test_no_context_in_two_splits(languages, code):
    """Not even by chance: a context's digest decides which split it can be in."""
    contexts = [{context for context, *_ in languages[code].questions(250, split)} for split in SPLITS]
    assert all(len(several) == 250 for several in contexts)
    digests = [{hashlib.blake2b(context.encode()).digest()[0] % 16 for context in several} for several in contexts]
    for one, other in itertools.combinations(digests, 2):
        assert not one & other


def test_two_other_clauses_or_more_have_a_phrase_that_the_word_could_ask_for(meanings):
    for question in meanings:
        assert len(question.clauses) in (3, 4) and question.role in question.clause.arguments
        words = [
            word for word in QUESTION_WORDS if question.role in roles_for(question.clause, word)
        ]  # just the one that asks
        assert len(words) == 1
        others = [clause for place, clause in enumerate(question.clauses) if place != question.asked]
        assert sum(bool(roles_for(clause, words[0])) for clause in others) >= 2


def test_neither_the_type_nor_the_place_tells_the_answer(meanings):
    """The first, or last, phrase of the type is the answer no more often than its share of the phrases is."""
    first, last, expected = 0, 0, 0.0
    for question in meanings:
        word = next(word for word in QUESTION_WORDS if question.role in roles_for(question.clause, word))
        phrases = [(i, role) for i, clause in enumerate(question.clauses) for role in roles_for(clause, word)]
        first += phrases[0] == (question.asked, question.role)
        last += phrases[-1] == (question.asked, question.role)
        expected += 1 / len(phrases)
    number = len(meanings)
    assert expected / number < 0.34
    assert abs(first - expected) / number < 0.08 and abs(last - expected) / number < 0.08


def test_question_words_and_places_are_balanced(meanings):
    words = Counter(
        next(word for word in QUESTION_WORDS if question.role in roles_for(question.clause, word))
        for question in meanings
    )
    assert all(70 < words[word] < 130 for word in QUESTION_WORDS), words
    places = Counter(question.asked for question in meanings)
    assert all(abs(places[place] - len(meanings) * 0.29) < 45 for place in range(3)), places
    assert {"subject", "object", "in", "to"} <= {question.role for question in meanings}


def test_a_clause_that_answers_as_well_is_seen():
    def clause(subject, past=True, time=None):
        return Clause("travel", subject, "go", None, (("to", Thing("city")),), past, False, time)

    asked, other = clause(Mention("PER", (1,), None)), clause(Thing("farmer"), past=False, time="soon")
    assert _answers(other, asked, "subject")
    assert not _answers(other, asked, "to")


@pytest.mark.parametrize("code", ["qaa", "qag"])
def test_training_data_has_no_held_out_names(world, languages, code):
    language, novel = languages[code], held_out_forms(world, languages[code])
    parts = {
        split: sum(
            bool(novel & set(re.findall(r"\w+", f"{context} {question}")))
            for context, question, *_ in language.questions(200, split)
        )
        for split in SPLITS
    }
    assert parts["train"] == 0 and parts["dev"] > 100 and parts["test"] > 100


def test_object_case_is_part_of_the_answer(languages):
    """Where objects have a suffix, the question word and the answer have it both, or neither."""
    seen = Counter()
    for language in languages.values():
        for example in map(language.example_question, range(12)):
            answer = example.context[example.asked].gloss[example.place]
            cases = [any("OBJ" in gloss.split("-") for gloss in part) for part in (example.question.gloss, answer)]
            word = next(gloss for gloss in example.question.gloss if {*QUESTION_WORDS} & {*gloss.split("-")})
            assert (word.endswith("-OBJ")) == cases[1]
            seen[language.typology.object_case, cases[1]] += 1
    assert seen[True, True] > 5 and seen[True, False] > 5 and not seen[False, True]


def test_unknown_split_is_refused(languages):
    with pytest.raises(ValueError, match="'validation' is none of train, dev, test"):
        next(languages["qaa"].questions(1, "validation"))
