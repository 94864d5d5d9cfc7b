"""SQuAD v1.1's F1 and exact match: cases worked out by hand, and torchmetrics on random strings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.text import squad as torchmetrics_squad

from madx.evaluation.squad_metrics import exact_match, f1, normalize_answer, squad_scores

WORDS = "a an the The THE cat cats Cat's , . ! - -- u.s. U.S. the-cat théâtre 北京 北京。 a.n 1 1,000 «x» İ ß an\u0301"
PIECES = st.sampled_from([*WORDS.split(), "", " ", "\t", "\n", "\u00a0", "\u3000"])
ANSWER = st.one_of(
    st.lists(PIECES, max_size=7).map(" ".join), st.lists(PIECES, max_size=5).map("".join), st.text(max_size=8)
)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("The  Cat,\tsat.", "cat sat"),
        ("a an the", ""),
        ("theatre another", "theatre another"),
        ("the-cat", "thecat"),  # punctuation goes before articles
        ("U.S. Army", "us army"),
        ("a.n apple", "apple"),  # … and may leave one
        ("Élan, the «x»", "élan «x»"),  # only ASCII punctuation
        ("在 北京。", "在 北京。"),
        ("!?", ""),
    ],
)
def test_normalization(answer, wanted):
    assert normalize_answer(answer) == wanted


@pytest.mark.parametrize(
    ("prediction", "golds", "em", "score"),
    [
        ("The Cat!", ["a cat"], 100, 100),  # articles, case and punctuation do not count
        ("black cat sat", ["the cat"], 0, 50),  # precision 1/3, recall 1
        ("cat cat", ["cat"], 0, 200 / 3),  # a token counts as often as it occurs: precision 1/2
        ("cat dog", ["dog cat"], 0, 100),  # order does not matter to F1
        ("in 1999", ["the year 1999", "1999", "July 1999"], 0, 200 / 3),  # the best of several golds
        ("July, 1999", ["the year 1999", "1999", "July 1999"], 100, 100),
        ("dog", ["cat", "cow"], 0, 0),
        ("", ["cat"], 0, 0),
        ("the", ["cat", "a"], 100, 0),  # equal when normalized, but no token in common
        ("北京市", ["北京"], 0, 0),  # Chinese without spaces is one token
        ("北京", ["在北京", "北京"], 100, 100),
        ("北京。", ["北京"], 0, 0),  # its punctuation stays
        ("在 北京", ["北京"], 0, 200 / 3),
    ],
)
def test_cases_worked_out_by_hand(prediction, golds, em, score):
    assert exact_match(prediction, golds) == em
    assert f1(prediction, golds) == pytest.approx(score)


def test_scores_stand_question_by_question():
    scores = squad_scores(["cat", "dog dog", ""], [["the cat"], ["x", "dog"], ["y"]])
    assert scores["em"].tolist() == [100, 0, 0]
    assert scores["f1"].tolist() == pytest.approx([100, 200 / 3, 0])
    with pytest.raises(ValueError, match="longer"):
        squad_scores(["cat"], [["cat"], ["dog"]])


@settings(max_examples=150, deadline=None)
@given(ANSWER, st.lists(ANSWER, min_size=1, max_size=4), st.booleans())
def test_equals_torchmetrics_on_random_strings(prediction, golds, near):
    if near:  # a prediction that shares much with a gold answer
        prediction = f"{golds[-1]} {prediction}"
    # where neither side has a token, torchmetrics gives F1 100 as SQuAD v2 does; v1.1 gives 0 (by hand above)
    if not normalize_answer(prediction):
        golds = [gold for gold in golds if normalize_answer(gold)] or ["cat"]
    wanted = torchmetrics_squad(
        {"prediction_text": prediction, "id": "1"},
        {"answers": {"text": golds, "answer_start": [0] * len(golds)}, "id": "1"},
    )
    assert exact_match(prediction, golds) == float(wanted["exact_match"])
    assert f1(prediction, golds) == pytest.approx(float(wanted["f1"]), rel=1e-5)
