"""Properties of the causal choices: that the table decides them, and that nothing else does."""

import hashlib
import itertools
import math
import re
from collections import Counter, defaultdict

import pytest

from madx.miniature import World
from madx.miniature.causes import PAIRS, TRAINING_PAIRS, ChoiceMeanings, _said, contrasts
from madx.miniature.concepts import CLASSES, EFFECTS, EVENTS, HELD_OUT_EFFECTS
from madx.miniature.draws import Draws
from madx.miniature.names import NameInventory
from tests.unit.miniature.conftest import ROWS, SPLITS, held_out_forms

KINDS = {kind for pair in PAIRS for kind in pair}


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


class Reader:
    """Reads kinds of event back from the text alone: each has a class of verbs of its own."""

    def __init__(self, language):
        past, prefixes = language.lexicon.affixes["past"], language.typology.prefixes
        self._kinds = defaultdict(set)
        for kind in KINDS:
            for stem in (language.lexicon.words[verb] for verb in CLASSES[EVENTS[kind].verb]):
                for form in (stem, past + stem if prefixes else stem + past):
                    self._kinds[form].add(kind)
                    self._kinds[language.lexicon.orthography.capitalise(form)].add(kind)
        self._because = language.lexicon.orthography.capitalise(language.lexicon.words["because"])

    def kind(self, clause: str) -> str | None:
        """None where a form is of more than one word."""
        words = words_of(clause)
        found = [self._kinds[word] for place, word in enumerate(words) if place == 0 or not word[0].isupper()]
        found = [kinds for kinds in found if kinds]
        return min(found[0]) if len(found) == 1 and len(found[0]) == 1 else None

    def pair(self, premise: str, question: str, option: str) -> tuple[str | None, str | None]:
        """(cause, effect)"""
        ends = self.kind(premise), self.kind(option)
        return ends[::-1] if question.startswith(self._because) else ends


def licensed(pair) -> bool:
    return pair[1] in EFFECTS.get(pair[0], ())


# ---------------------------------------------------------------- the table and the contrasts


def test_events_of_the_table_have_verbs_of_their_own():
    assert len({EVENTS[kind].verb for kind in KINDS}) == len(KINDS)


def test_held_out_pairs_are_of_events_that_training_shows_as_causes_and_as_effects():
    assert set(PAIRS) > HELD_OUT_EFFECTS and set(TRAINING_PAIRS) == set(PAIRS) - HELD_OUT_EFFECTS
    for end in (0, 1):
        assert {pair[end] for pair in HELD_OUT_EFFECTS} <= {pair[end] for pair in TRAINING_PAIRS}


@pytest.mark.parametrize(("pairs", "size"), [(PAIRS, 2), (TRAINING_PAIRS, 2), (TRAINING_PAIRS, 3)])
def test_contrasts_hold_every_pair_and_no_second_right_answer(pairs, size):
    found = contrasts(pairs, size)
    assert set(found) == set(pairs)
    for pair, several in found.items():
        for contrast in several:
            assert pair in contrast.pairs and len(contrast.pairs) == size and contrast.shared
            for one, other in itertools.permutations(contrast.pairs, 2):
                assert licensed(one) and not licensed((one[0], other[1]))


def test_a_pair_that_nothing_can_be_contrasted_with_is_an_error():
    with pytest.raises(ValueError, match=r"strike → travel can be contrasted with no 1 other pairs"):
        contrasts((("strike", "travel"), ("govern", "travel")), 2)


# ---------------------------------------------------------------- the items


@pytest.mark.parametrize("code", sorted(ROWS))
def test_the_table_licenses_the_right_option_alone(languages, code):
    reader, unread = Reader(languages[code]), 0
    for options, split in ((2, "test"), (3, "train")):
        for premise, question, answers, label in languages[code].choices(50, split, options):
            assert len(answers) == len(set(answers)) == options and question.endswith("?")
            assert all(text.endswith(".") and "," not in text for text in (premise, *answers))
            pairs = [reader.pair(premise, question, answer) for answer in answers]
            if any(None in pair for pair in pairs):
                unread += 1
            else:
                assert [place for place, pair in enumerate(pairs) if licensed(pair)] == [label]
    assert unread <= 20


@pytest.mark.parametrize("code", sorted(ROWS))
def test_all_options_share_words_with_the_premise(languages, code):
    """They share an argument, which may have the case suffix in some of them."""
    language = languages[code]
    suffix = language.lexicon.affixes["object case"]

    def stems(clause):
        return {form.lower() for word in words_of(clause) for form in (word, word.removesuffix(suffix))}

    for options in (2, 3):
        for premise, _, answers, _ in language.choices(60, "dev", options):
            assert set.intersection(*map(stems, (premise, *answers)))


def test_shared_words_do_not_tell_the_right_option(languages):
    """Two points off chance were measured on 8,000 items: affixes, and premises that cannot be had. To that, chance."""
    for options in (2, 3):
        right = 0.0
        for premise, _, answers, label in languages["qaa"].choices(2000, "test", options):
            shared = [len(set(words_of(premise)) & set(words_of(answer))) for answer in answers]
            best = [place for place, number in enumerate(shared) if number == max(shared)]
            right += (label in best) / len(best)
        assert abs(right / 2000 - 1 / options) < 0.02 + 3 * math.sqrt(1 / options * (1 - 1 / options) / 2000)


def test_concepts_and_names_in_common_are_as_many_for_each_option(choices):
    equal = sum(
        len({len(_said(choice.premise) & _said(clause)) for clause in (choice.right, *choice.wrong)}) == 1
        for choice in choices[1]
    )
    assert equal / NUMBER > (0.9 if choices[0] == 2 else 0.8)


@pytest.mark.parametrize("options", [2, 3])
def test_labels_questions_and_splits(languages, options):
    for split in SPLITS:
        drawn = list(languages["qac"].choices(300, split, options))
        assert Counter(label for *_, label in drawn) == dict.fromkeys(range(options), 300 // options)
        questions = Counter(question for _, question, *_ in drawn)
        assert len(questions) == 2 and all(115 < number < 185 for number in questions.values())


def test_no_premise_in_two_splits_of_either_kind(languages):
    premises = [
        {premise for options in (2, 3) for premise, *_ in languages["qad"].choices(250, split, options)}
        for split in SPLITS
    ]
    digests = [{hashlib.blake2b(premise.encode()).digest()[0] % 16 for premise in several} for several in premises]
    for one, other in itertools.combinations(digests, 2):  # which decide, so that not even chance can repeat one
        assert not one & other


def test_same_again_and_each_kind_has_a_stream_of_its_own(languages):
    language = languages["qab"]
    drawn = list(language.choices(20, "dev", 2))
    assert drawn[:8] == list(World(1).language(ROWS["qab"]).choices(8, "dev", 2))
    assert drawn[:8] != list(World(2).language(ROWS["qab"]).choices(8, "dev", 2))
    assert not {premise for premise, *_ in drawn} & {premise for premise, *_ in language.choices(20, "dev", 3)}


@pytest.mark.parametrize(
    ("options", "split", "shown"), [(2, "train", 0), (3, "train", 0), (3, "test", 0), (2, "test", 5)]
)
def test_held_out_pairs_are_in_the_test_data_of_two_options_alone(languages, options, split, shown):
    reader = Reader(languages["qaa"])
    pairs = [
        reader.pair(premise, question, answers[label])
        for premise, question, answers, label in languages["qaa"].choices(600, split, options)
    ]
    held_out = [pair for pair in pairs if pair in HELD_OUT_EFFECTS]
    assert len(set(held_out)) == shown
    assert bool(shown) == (0.15 < len(held_out) / len(pairs) < 0.35)
    seen = set(PAIRS if shown else TRAINING_PAIRS)
    assert seen == set(pairs) - {pair for pair in pairs if None in pair}


@pytest.mark.parametrize("code", ["qaa", "qag"])
def test_training_data_has_no_held_out_names(world, languages, code):
    language, novel = languages[code], held_out_forms(world, languages[code])
    parts = {
        split: sum(
            bool(novel & set(words_of(" ".join([premise, *answers]))))
            for premise, _, answers, _ in language.choices(200, split, 3)
        )
        for split in SPLITS
    }
    assert parts["train"] == 0 and parts["dev"] > 80 and parts["test"] > 80


def test_wrong_numbers_of_options_and_splits_are_refused(languages):
    with pytest.raises(ValueError, match="options = 4: a causal choice has 2"):
        next(languages["qaa"].choices(1, "train", 4))
    with pytest.raises(ValueError, match="'validation' is none of train, dev, test"):
        next(languages["qaa"].choices(1, "validation", 2))


# ---------------------------------------------------------------- without the premise

NUMBER = 3000  # two standard deviations of an accuracy on half of these are 2.6 points


@pytest.fixture(scope="module", params=[(2, PAIRS), (3, TRAINING_PAIRS)], ids=["two options", "three options"])
def choices(request):
    options, pairs = request.param
    drawn = ChoiceMeanings(Draws("choices of the tests"), NameInventory(1), 0.0, options, pairs)
    return options, [drawn.choice() for _ in range(NUMBER)]


def rule_learnt(choices, seen) -> float:
    """Accuracy on the second half: picks the kind that was most often right in the first half, given what is `seen`."""
    _, drawn = choices
    often = defaultdict(Counter)
    for choice in drawn[: NUMBER // 2]:
        often[seen(choice)][choice.right.event] += 1
    right = 0.0
    for choice in drawn[NUMBER // 2 :]:
        scores = [often[seen(choice)][clause.event] for clause in (choice.right, *choice.wrong)]
        right += (scores[0] == max(scores)) / scores.count(max(scores))
    return right / (NUMBER // 2)


@pytest.mark.parametrize("question_seen", [True, False])
def test_kinds_of_event_without_the_premise_are_near_chance(choices, question_seen):
    def seen(choice):
        kinds = tuple(sorted(clause.event for clause in (choice.right, *choice.wrong)))
        return (kinds, choice.question) if question_seen else kinds

    options = choices[0]
    deviation = math.sqrt(1 / options * (1 - 1 / options) / (NUMBER // 2))
    assert abs(rule_learnt(choices, seen) - 1 / options) < 3 * deviation


def test_the_most_frequent_right_kinds_are_near_chance(choices):
    """Each kind of event is right as often as the number of options says, for causes and for effects."""
    options, drawn = choices
    right, offered = Counter(), Counter()
    for choice in drawn:
        right[choice.question, choice.right.event] += 1
        offered.update((choice.question, clause.event) for clause in (choice.right, *choice.wrong))
    assert len(offered) > 15
    for kind, number in offered.items():
        deviation = math.sqrt(1 / options * (1 - 1 / options) / number)
        assert abs(right[kind] / number - 1 / options) < 4 * deviation, kind


def test_with_the_premise_the_same_rule_is_right(choices):
    """The control: what makes the tests above fail if the premise leaks."""
    assert rule_learnt(choices, lambda choice: (choice.question, choice.premise.event)) > 0.99


def test_words_of_the_options_without_the_premise_are_near_chance(languages):
    """Naive Bayes on the words of right and wrong options."""
    drawn = list(languages["qaa"].choices(3000, "train", 2))
    counts = {True: Counter(), False: Counter()}
    for _, _, answers, label in drawn[:2000]:
        for place, answer in enumerate(answers):
            counts[place == label].update(set(words_of(answer)))

    def odds(answer):
        return sum(math.log((counts[True][word] + 1) / (counts[False][word] + 1)) for word in set(words_of(answer)))

    right = sum(odds(answers[label]) > odds(answers[1 - label]) for _, _, answers, label in drawn[2000:])
    assert abs(right / 1000 - 0.5) < 3 * math.sqrt(0.25 / 1000)
