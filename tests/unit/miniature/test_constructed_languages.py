"""Properties of the constructed languages: what they depend on, and that their data is what it claims to be."""

import hashlib
import itertools
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from madx.miniature import ScriptError, World
from madx.miniature.concepts import CLASS_OF, CLASSES, EFFECTS, EVENTS
from madx.miniature.grammar import Grammar, Typology
from madx.miniature.lexicon import ISOLATE
from madx.miniature.meaning import Clause, Mention, Sentence, Thing
from tests.unit.miniature.conftest import ROOT, ROWS, SPLITS, held_out_forms

DEFAULT = {code: ROWS[code] for code in ("qaa", "qab", "qac", "qad", "qae", "qaf", "qag", "qah")}
COVERED = ("qaa", "qab", "qac", "qad")


def digest(language) -> str:
    lines = [*language.text(40), *map(repr, language.ner(20, "train")), *map(repr, language.ner(20, "test"))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# ---------------------------------------------------------------- the table


def test_table_has_sixteen_constructed_languages():
    assert list(ROWS) == [f"qa{letter}" for letter in "abcdefghijklmnop"]
    assert len({row.name for row in ROWS.values()}) == 16


def test_unseen_languages_of_the_default_study_have_a_covered_relative_or_are_isolates():
    families = {ROWS[code].family for code in COVERED}
    assert 2 <= len(families) <= 3 and ISOLATE not in families
    assert all(row.family in families | {ISOLATE} for row in DEFAULT.values())
    assert [code for code, row in DEFAULT.items() if row.family == ISOLATE] == ["qah"]


def test_tables_of_meaning_are_closed():
    """Every concept belongs to one class, and every event and effect names what exists."""
    assert len(CLASS_OF) == sum(map(len, CLASSES.values()))
    known = {*CLASSES, "PER", "ORG", "LOC"}
    for event in EVENTS.values():
        arguments = [event.subject, *([event.object] if event.object else []), *(a.argument for a in event.adjuncts)]
        assert {item for argument in arguments for item in argument.items} <= known
        assert event.verb in CLASSES and all(a.adposition in {*CLASSES, *CLASS_OF} for a in event.adjuncts)
    assert {*EFFECTS, *itertools.chain(*EFFECTS.values())} <= set(EVENTS)


# ---------------------------------------------------------------- what a language depends on


def test_same_in_every_process():
    program = (
        "from test_constructed_languages import *\n"
        "print(*[digest(World(1).language(ROWS[code])) for code in ('qaa', 'qad', 'qap')])"
    )
    path = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    printed = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert printed[0].split() == [digest(World(1).language(ROWS[code])) for code in ("qaa", "qad", "qap")]


def test_other_languages_change_nothing(languages):
    """`languages` made all sixteen in one world; here each is the only one, in a world of its own."""
    for code in ("qaa", "qae", "qag", "qan"):
        assert digest(World(1).language(ROWS[code])) == digest(languages[code])


def test_depends_on_code_family_script_and_seed_only(world, languages):
    row = ROWS["qac"]
    same = digest(languages["qac"])
    assert digest(world.language(replace(row, name="Other", wikipedia_articles="1M"))) == same
    for other in (replace(row, code="qab"), replace(row, family="Drovantic"), replace(row, script="Cyrillic")):
        assert digest(world.language(other)) != same
    assert digest(World(2).language(row)) != same


def test_data_can_be_drawn_again_and_more_of_it_begins_the_same(languages):
    language = languages["qab"]
    assert list(language.ner(30, "dev"))[:10] == list(language.ner(10, "dev"))
    assert " ".join(language.text(60)).startswith(" ".join(language.text(20)))


def test_text_labelled_sentences_and_examples_are_what_they_were_before_there_were_questions():
    """Committed scores rest on these: the digests were taken from the version before questions and choices."""
    lines = {"text": [], "ner": [], "example": []}
    for seed in (1, 2):
        world = World(seed)
        for row in ROWS.values():
            language = world.language(row)
            lines["text"] += language.text(150)
            lines["ner"] += [repr(sentence) for split in SPLITS for sentence in language.ner(60, split)]
            lines["example"] += [
                repr((e.words, e.gloss, e.tags, e.translation)) for e in map(language.example, range(10))
            ]
    digests = {kind: hashlib.sha256("\n".join(several).encode()).hexdigest()[:16] for kind, several in lines.items()}
    assert digests == {"text": "c16739b48ade907e", "ner": "65cbff859f00d003", "example": "409a8336d3e1ecc9"}


def test_global_random_state_is_left_alone(world):
    import random

    import numpy as np

    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    list(world.language(ROWS["qaa"]).text(20))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


# ---------------------------------------------------------------- labelled data


@pytest.mark.parametrize("code", ["qaa", "qaf", "qag", "qap"])
def test_tags_are_iob2(languages, code):
    seen = set()
    for tokens, tags in languages[code].ner(200, "train"):
        assert len(tokens) == len(tags) and all(tokens)
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert not tag.startswith("I-") or before[1:] == tag[1:]
        seen.update(tags)
    assert seen == {"O", *(f"{part}-{kind}" for part in "BI" for kind in ("PER", "ORG", "LOC"))}


@pytest.mark.parametrize("code", ["qaa", "qad", "qah"])
def test_no_sentence_in_two_splits(languages, code):
    sentences = [{tuple(tokens) for tokens, _ in languages[code].ner(600, split)} for split in SPLITS]
    for one, other in itertools.combinations(sentences, 2):
        assert not one & other


def test_text_is_not_the_labelled_data(languages):
    text = " ".join(languages["qaa"].text(300))
    labelled = [" ".join(tokens[:-1]) for tokens, _ in languages["qaa"].ner(300, "test")]
    assert sum(sentence in text for sentence in labelled) < 30


@pytest.mark.parametrize("code", ["qaa", "qab", "qag"])
def test_names_of_the_test_data_are_novel_in_three_of_ten_mentions(world, languages, code):
    language, novel = languages[code], held_out_forms(world, languages[code])

    def mentions(split):
        for tokens, tags in language.ner(500, split):
            starts = [i for i, tag in enumerate(tags) if tag.startswith("B-")]
            for start in starts:
                length = len(list(itertools.takewhile(lambda tag: tag.startswith("I-"), tags[start + 1 :])))
                yield set(tokens[start : start + 1 + length])

    assert not any(mention & novel for mention in mentions("train"))
    rates = [sum(bool(m & novel) for m in drawn) / len(drawn) for drawn in map(list, map(mentions, ("dev", "test")))]
    assert all(0.22 < rate < 0.38 for rate in rates), rates


def test_unlabelled_text_has_names_and_cues_of_the_labelled_data(languages):
    language = languages["qaa"]
    words = set(" ".join(language.text(5000)).replace(".", "").replace(",", "").split())
    labelled = [token for tokens, _ in language.ner(300, "test") for token in tokens if token not in ".,"]
    assert sum(token in words for token in labelled) / len(labelled) > 0.97


def test_names_shares(world, languages):
    types = world.names.types
    assert len(types) >= 150
    assert sum(len(kinds) > 1 for kinds in types) == 0.3 * len(types)
    spelling = languages["qaa"].lexicon.orthography
    loans = [
        name == spelling.write(loan) for name, loan in zip(languages["qaa"].lexicon.names, world.loans, strict=True)
    ]
    assert 0.1 < sum(loans) / len(loans) < 0.3


def test_unknown_split_is_refused(languages):
    with pytest.raises(ValueError, match="'validation' is none of train, dev, test"):
        next(languages["qaa"].ner(1, "validation"))


# ---------------------------------------------------------------- text and script


@pytest.mark.parametrize("sentences", [0, 1, 2, 50])
def test_text_has_the_number_of_sentences_asked_for(languages, sentences):
    documents = list(languages["qac"].text(sentences))
    assert sum(document.count(".") for document in documents) == sentences
    assert all(1 <= document.count(".") <= 6 and "\n" not in document for document in documents)
    assert not any(" ." in document or " ," in document or "  " in document for document in documents)


@pytest.mark.parametrize("code", ["qaa", "qad", "qah"])
def test_questions_end_documents_that_are_otherwise_the_same(languages, code):
    language = languages[code]
    plain, every = list(language.text(400)), list(language.text(400, questions=1.0))
    assert len(every) == len(plain)
    lexicon, causal = language.lexicon, 0
    words = {word + end for word in lexicon.question_words.values() for end in ("", lexicon.affixes["object case"])}
    for before, document in zip(plain, every, strict=True):
        question, mark, answer = document.removeprefix(before + " ").partition("?")
        assert document.startswith(before + " ") and mark and document.count("?") == 1
        assert words & set(question.lower().split())
        assert answer.strip().rstrip(".").lower() in before.lower()
        causal += "," in question
    assert 0.02 < causal / len(plain) < 0.2
    some = [document for document in language.text(2000, questions=0.3)]
    assert 0.24 < sum("?" in document for document in some) / len(some) < 0.36


def test_text_has_no_question_words_unless_asked_for(languages):
    words = set(languages["qab"].lexicon.question_words.values())
    assert len(words) == 4
    assert not words & set(" ".join(languages["qab"].text(500)).replace(".", "").lower().split())


def test_part_of_documents_with_questions_is_checked(languages):
    with pytest.raises(ValueError, match=r"questions = 1\.5.*between 0 and 1"):
        next(languages["qaa"].text(1, questions=1.5))


@pytest.mark.parametrize("code", sorted(ROWS))
def test_written_in_its_script(languages, code):
    language, script = languages[code], ROWS[code].script.upper()
    text = "".join(language.text(200, questions=0.5))
    letters = {character for character in text if character.isalpha()}
    assert all(unicodedata.name(letter).startswith(script) for letter in letters)
    assert set(text) - {" "} <= set(language.alphabet)


def test_capitals_where_the_script_has_them(world, languages):
    for code in ("qaa", "qad"):
        for tokens, tags in languages[code].ner(50, "train"):
            assert tokens[0][0].isupper()
            assert all(
                token[0].isupper() == (tag != "O")
                for token, tag in list(zip(tokens, tags, strict=True))[1:-1]
                if token != ","
            )
    georgian = world.language(replace(ROWS["qap"], script="Georgian"))
    assert not any(unicodedata.category(c) == "Lu" for c in "".join(georgian.text(50)))


def test_unknown_script_is_refused_with_the_known_ones(world):
    with pytest.raises(ScriptError, match=r"'qaa' has script 'Cirillic'.*did you mean 'Cyrillic'.*Known: Latin"):
        world.language(replace(ROWS["qaa"], script="Cirillic"))


# ---------------------------------------------------------------- words, families, grammar


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_relatives_share_more_words_than_strangers(seed):
    world = World(seed)
    latin = {code: world.language(row) for code, row in ROWS.items() if row.script == "Latin"}
    within, between = [], []
    for one, other in itertools.combinations(latin.values(), 2):
        pairs = [(one.lexicon.words[c], other.lexicon.words[c]) for c in list(CLASS_OF)[::4]]
        likeness = sum(SequenceMatcher(None, *pair).ratio() > 0.6 for pair in pairs) / len(pairs)
        related = one.row.family == other.row.family != ISOLATE
        (within if related else between).append(likeness)
    assert sum(within) / len(within) > 3 * sum(between) / len(between)
    assert min(within) > max(between)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cognate_rate_and_sound_changes_are_as_described(seed):
    for row in ROWS.values():
        lexicon = World(seed).language(row).lexicon
        rate = len(lexicon.inherited) / len(CLASS_OF)
        if row.family == ISOLATE:
            assert rate == 1 and lexicon.changes == ()
        else:
            assert 0.5 <= rate <= 0.81 and 1 <= len(lexicon.changes) <= 6


def test_no_two_stems_are_written_alike(languages):
    for language in languages.values():
        lexicon = language.lexicon
        stems = [*lexicon.words.values(), *lexicon.affixes.values(), *lexicon.names, *lexicon.question_words.values()]
        assert len(set(stems)) == len(stems)


@pytest.mark.parametrize(
    ("order", "gloss"),
    [
        ("SVO", "today farmer not see-PAST old dog-PL-OBJ in Mine city"),
        ("SOV", "today farmer in Mine city old dog-PL-OBJ not see-PAST"),
        ("VSO", "today not see-PAST farmer old dog-PL-OBJ in Mine city"),
    ],
)
def test_word_order(world, languages, order, gloss):
    typology = Typology(order, True, True, False, True, True, True)
    grammar = Grammar(typology, languages["qaa"].lexicon, ["Mine"] * len(world.names))
    clause = Clause(
        event="meet",
        subject=Thing("farmer"),
        verb="see",
        object=Thing("dog", plural=True, adjective="old"),
        adjuncts=(("in", Mention("LOC", (0,), "city")),),
        past=True,
        negated=True,
        time="today",
    )
    words = grammar.sentence(Sentence((clause,)))
    assert " ".join(word.gloss for word in words) == gloss + " ."
    assert [word.gloss for word in words if word.tag == "B-LOC"] == ["Mine"]


def test_examples_mean_the_same_in_every_language(languages):
    def meaning(example):
        glosses = zip(example.gloss, example.tags, strict=True)
        lemmas = Counter((*sorted(set(gloss.split("-")) - {"PAST", "PL", "OBJ"}), tag[2:]) for gloss, tag in glosses)
        return lemmas, example.translation

    for number in range(40):
        examples = [language.example(number) for language in languages.values()]
        assert all(meaning(example) == meaning(examples[0]) for example in examples)
        assert all(len(e.words) == len(e.gloss) == len(e.tags) for e in examples)
        assert len({tuple(e.words) for e in examples}) == len(examples)
