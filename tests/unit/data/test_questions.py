"""Windows of questions and passages: the tokenizer's own pairs, and answers where their characters are."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from madx.data.errors import DataError
from madx.data.questions import QuestionWindows, coverage, make_question_windows
from madx.data.sequences import load_sequences, save_sequences
from madx.data.squad import Question, read_contexts, read_squad
from madx.data.tokenization import open_tokenizer
from madx.models.tokenizer import train_tokenizer

KINDS = ["unigram", "byte-level", "wordpiece"]
XQUAD = ("ar", "de", "el", "en", "es", "ru", "th", "tr", "zh")
SENTENCES = [
    "The cat sat on the mat near the old harbour of Hamburg.",
    "Élan café x. Kò sí ẹ̀rí pé ọ̀rọ̀ náà jẹ́ òtítọ́, ni ó wí.",
    "A dog barked at night; nobody in Kampala heard it 1/2?",
    "中文在北京。ที่กำลังทำ น้ำ",
]
WORD = st.one_of(
    st.sampled_from(
        ["cat", "Kampala,", "e\u0301te\u0301", "½", "ﬁne", "中文在北京。", "กำลัง", "\u200b", "😀", "\u0301"]
    ),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=6),
)


@pytest.fixture(scope="module")
def tokenizers(tokenizer_folders, tmp_path_factory):
    """As bases have them; WordPiece without case and accents."""
    from transformers import BertTokenizer

    folder = tmp_path_factory.mktemp("pairs")
    (folder / "text.txt").write_text("\n".join(SENTENCES * 10), encoding="utf-8")
    train_tokenizer([folder / "text.txt"], 150, folder / "unigram")
    wordpiece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    wordpiece.normalizer = normalizers.BertNormalizer(lowercase=True)
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    wordpiece.train_from_iterator(
        SENTENCES * 5,
        trainers.WordPieceTrainer(
            vocab_size=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
        ),
    )
    BertTokenizer(vocab=wordpiece.get_vocab(), do_lower_case=True).save_pretrained(folder / "wordpiece")
    folders = {"byte-level": tokenizer_folders["byte-level"]}
    return {kind: open_tokenizer(folders.get(kind, folder / kind)) for kind in KINDS}


def ask(context, answer, question="Where?", start=None, key="q1"):
    start = context.index(answer) if start is None else start
    return Question(f"file: question {key}", key, 0, context, question, (answer,), (start,))


def parts_of(windows, window):
    """(input ids, type ids, begins, ends) of a window."""
    row = slice(windows.offsets[window], windows.offsets[window + 1])
    return [values[row] for values in (windows.input_ids, windows.type_ids, windows.begins, windows.ends)]


def gold_texts(windows):
    """The passage's characters from the first to the last gold sub-word, of each window that holds the answer."""
    holding = np.flatnonzero(windows.answer_first)
    return [windows.passage_text(w, windows.answer_first[w], windows.answer_last[w]) for w in holding]


# ---------------------------------------------------------------- windows


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_windows_are_the_tokenizers_own_overlapping_pairs(tokenizers, kind, data):
    tokenizer = tokenizers[kind]
    max_length, stride = data.draw(st.sampled_from([(48, 8), (64, 32), (500, 128)]))
    texts = st.lists(WORD, min_size=1, max_size=60).map(" ".join).filter(str.strip)
    contexts = data.draw(st.lists(texts, min_size=1, max_size=3))
    questions = [ask(c, c.strip()[0], data.draw(st.sampled_from(["Where", "", "中文?"]))) for c in contexts * 2]
    windows = make_question_windows(tokenizer, questions, max_length, stride)
    wanted = tokenizer(
        [question.question for question in questions],
        [question.context for question in questions],
        truncation="only_second",
        max_length=max_length,
        stride=stride,
        return_overflowing_tokens=True,
        return_token_type_ids=True,
        return_offsets_mapping=True,
    )
    assert windows.questions.tolist() == wanted["overflow_to_sample_mapping"]
    for window in range(len(windows)):
        ids, types, begins, ends = parts_of(windows, window)
        assert ids.tolist() == wanted["input_ids"][window]
        first = wanted["overflow_to_sample_mapping"].index(windows.questions[window])
        # of later windows the library forgets the post-processor's type ids: XLM-R, which has one type, would get a 1
        size = min(len(types), len(wanted["token_type_ids"][first])) - 1
        assert types[:size].tolist() == wanted["token_type_ids"][first][:size]
        assert types[-1] == wanted["token_type_ids"][first][-1]
        in_passage = np.array([side == 1 for side in wanted.sequence_ids(window)])
        assert (begins[~in_passage] == -1).all() and (ends[~in_passage] == -1).all()
        context = questions[windows.questions[window]].context
        for position in np.flatnonzero(in_passage):
            said = wanted["offset_mapping"][window][position]
            check_characters(context, said, (begins[position], ends[position]), tokenizer, ids[position])


def check_characters(context, said, found, tokenizer, piece):
    """The characters found for a sub-word are those the tokenizer says, without blanks, with marks that follow."""
    text = context[slice(*said)]
    if found == (-1, -1):
        assert not text.strip() or tokenizer.convert_ids_to_tokens(int(piece)).strip("\u2581") == ""
        return
    found_text = context[slice(*found)]
    assert found_text and found_text == found_text.strip()
    assert found_text.startswith(text.strip()) and found[0] == said[0] + len(text) - len(text.lstrip())
    added = found_text.removeprefix(text.strip())
    assert not any(character.isspace() for character in added)


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_question_leaves_half_of_the_window_to_the_passage(tokenizers, kind):
    context = "The cat sat on the mat near Kampala. " * 8
    questions = [ask(context, "Kampala", "Where is the old harbour? " * 30), ask(context, "Kampala", key="q2")]
    for max_length, stride, least in ((40, 5, 20), (64, 30, 38)):
        windows = make_question_windows(tokenizers[kind], questions, max_length, stride)
        assert windows.lengths.max() == max_length
        of_passage = [int((parts_of(windows, w)[2] >= 0).sum()) for w in np.flatnonzero(windows.questions == 0)]
        # a lone blank is a sub-word of some tokenizers that covers nothing
        assert least - 4 <= max(of_passage) <= least
        asked = {
            tuple(parts_of(windows, w)[0][: max_length - least - 1]) for w in np.flatnonzero(windows.questions == 0)
        }
        assert len(asked) == 1
        shown = np.zeros(len(context), bool)
        for window in np.flatnonzero(windows.questions == 0):
            for begin, end in zip(*parts_of(windows, window)[2:], strict=True):
                shown[max(begin, 0) : max(end, 0)] = True
        assert shown.tolist() == [character != " " for character in context]
        assert coverage(windows) == {"questions": 2, "covered": 2, "exact": 2}


def test_settings_and_tokenizers_that_cannot_work_are_refused(tokenizers, tokenizer_folders):
    with pytest.raises(DataError, match="windows of 32 sub-words that share 28 have no room for a question"):
        make_question_windows(tokenizers["unigram"], [ask("a cat", "cat")], 32, 28)
    single = open_tokenizer(tokenizer_folders["unigram"])
    single.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )  # knows no pairs
    with pytest.raises(DataError, match=r"does not start a pair of texts with <s>; add a \"pair\""):
        make_question_windows(single, [ask("a cat", "cat")], 32, 8)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ("Kampala", "Kampala"),  # nothing before it: Metaspace's blank covers no letter
        ("  The cat  sat\non\u00a0the mat", "cat"),
        ("The cat  sat\non\u00a0the mat", "sat\non\u00a0the"),
        ("x (Kampala) x", "Kampala"),
        ("pay ½ of it", "½"),  # three characters in NFKC
        ("a ﬁne cat", "ﬁne"),
        ("a cafe\u0301 x", "cafe\u0301"),  # one character in NFKC; no accent in WordPiece
        ("jẹ\u0301 òtítọ\u0301", "òtítọ\u0301"),
        ("ni ẹ\u0300rí", "ẹ\u0300rí"),
        ("\u0301x cat", "cat"),
        ("a 😀 cat", "😀"),  # four bytes, and unknown to two of the tokenizers
        ("ที่ น้ำ ทำ", "น้ำ"),
        ("\ufeffcat", "cat"),
        ("the \u200bcat", "cat"),
        ("the cat\u200b sat", "cat"),  # dropped by WordPiece
    ],
)
def test_words_have_exact_boundaries(tokenizers, kind, context, answer):
    windows = make_question_windows(tokenizers[kind], [ask(context, answer)], 64, 16)
    assert gold_texts(windows) == [answer]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_answer_is_the_smallest_run_that_covers_it(tokenizers, kind, data):
    """By the tokenizer's own word on which characters each sub-word covers."""
    context = " ".join(data.draw(st.lists(WORD, min_size=1, max_size=30)))
    start = data.draw(st.integers(0, len(context) - 1))
    stop = data.draw(st.integers(start + 1, len(context)))
    windows = make_question_windows(tokenizers[kind], [ask(context, context[start:stop], start=start)], 40, 12)
    encoded = tokenizers[kind](context, add_special_tokens=False, return_offsets_mapping=True)
    said = {c for b, e in encoded["offset_mapping"] for c in range(b, e) if start <= c < stop}
    said -= {c for c in said if context[c].isspace() or context[c] == "\u2581"}
    sizes = set()
    for window in np.flatnonzero(windows.answer_first):
        begins, ends = parts_of(windows, window)[2:]
        first, last = windows.answer_first[window], windows.answer_last[window]
        assert said <= set(range(begins[first], ends[last]))
        for edge in (first, last):  # neither can be left out
            assert begins[edge] < stop and ends[edge] > start
        for neighbour in (first - 1, last + 1):  # nor is there more of these characters
            assert begins[neighbour] == -1 or begins[neighbour] >= stop or ends[neighbour] <= start
        sizes.add(last - first)
    assert len(sizes) <= 1  # the same run in every window
    if said and len(encoded["input_ids"]) <= 13:
        assert sizes


@pytest.mark.parametrize("kind", KINDS)
def test_exactly_the_windows_with_all_of_an_answer_hold_it(tokenizers, kind):
    context = "The cat sat on the mat near Hamburg. " * 4
    words = [match.span() for match in re.finditer(r"\w+", context)]
    spans = [(start, words[number + 2][1]) for number, (start, _) in enumerate(words[:-2])]
    questions = [ask(context, context[start:stop], start=start) for start, stop in spans]
    windows = make_question_windows(tokenizers[kind], questions, 40, 16)
    for window, question in enumerate(windows.questions):
        _, _, begins, ends = parts_of(windows, window)
        start, stop = spans[question]
        held = begins[begins >= 0].min() <= start and ends.max() >= stop
        assert (windows.answer_first[window] > 0) == held
    assert set(gold_texts(windows)) == {context[start:stop] for start, stop in spans}
    assert 0 < (windows.answer_first == 0).sum() < len(windows)


def test_the_blank_before_a_passage_belongs_to_no_answer(tokenizers):
    tokenizer = tokenizers["unigram"]
    windows = make_question_windows(tokenizer, [ask("文在", "文")], 64, 16)
    pieces = tokenizer.convert_ids_to_tokens(parts_of(windows, 0)[0].tolist())
    first, last = windows.answer_first[0], windows.answer_last[0]
    assert pieces[first - 1] == "\u2581" and parts_of(windows, 0)[2][first - 1] == -1
    assert pieces[first : last + 1] == ["文"]


def test_all_pieces_of_a_character_belong_to_its_answer(tokenizers):
    tokenizer = tokenizers["byte-level"]
    windows = make_question_windows(tokenizer, [ask("a 中文 x", "文")], 64, 16)
    assert gold_texts(windows) == ["文"]
    assert windows.answer_last[0] - windows.answer_first[0] == 2  # three bytes
    pieces = parts_of(windows, 0)[0][windows.answer_first[0] : windows.answer_last[0] + 1]
    assert tokenizer.decode(pieces.tolist()) == "文"


def test_windows_without_the_whole_answer_point_to_the_start(tokenizers):
    context = "A dog barked at night. " * 4 + "Kampala" + " The cat sat." * 4
    long = context[: context.index("Kampala") + 7]
    questions = [ask(context, "Kampala"), ask(context, long, key="q2"), ask(context, "Kamp", key="q3")]
    windows = make_question_windows(tokenizers["wordpiece"], questions, 24, 8)
    holding = [np.flatnonzero((windows.questions == number) & (windows.answer_first > 0)) for number in range(3)]
    of_first = np.flatnonzero(windows.questions == 0)
    assert 0 < len(holding[0]) < len(of_first) and len(holding[1]) == 0
    for window in np.setdiff1d(of_first, holding[0]):
        assert windows.answer_last[window] == 0
        _, _, begins, ends = parts_of(windows, window)
        shown = (begins >= 0) & (begins < len(long)) & (ends > len(long) - 7)
        assert shown.sum() <= 1  # at the window's edge, if at all
    # "Kampala" is one sub-word here, so "Kamp" cannot be cut out exactly
    pieces = tokenizers["wordpiece"]("Kampala", add_special_tokens=False)["input_ids"]
    assert len(pieces) == 1
    assert coverage(windows) == {"questions": 3, "covered": 2, "exact": 1}


# ---------------------------------------------------------------- files


def test_file_round_trip_and_equal_bytes(tokenizers, tmp_path):
    questions = [ask("The cat sat.", "cat", key="a"), ask("The cat sat.", "sat", key="b"), ask("A dog", "dog", key="c")]
    questions[1] = Question(**{**vars(questions[1]), "answers": ("sat", "cat sat"), "starts": (8, 4)})
    for name in ("one", "two"):
        made = make_question_windows(tokenizers["unigram"], questions, 32, 8)
        save_sequences(tmp_path / f"{name}.npz", {"test": made})
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    read = load_sequences(QuestionWindows, tmp_path / "one.npz", "test")
    assert read.contents.ids == ["a", "b", "c"]
    assert read.contents.contexts == ["The cat sat.", "A dog"]
    assert read.contents.context_of == [0, 0, 1]
    assert read.contents.answers == [["cat"], ["sat", "cat sat"], ["dog"]]
    assert gold_texts(read) == ["cat", "sat", "dog"]
    assert {name: str(values.dtype) for name, values in vars(read).items() if isinstance(values, np.ndarray)} == {
        "input_ids": "int32",
        "offsets": "int64",
        "type_ids": "int8",
        "questions": "int32",
        "begins": "int32",
        "ends": "int32",
        "answer_first": "int32",
        "answer_last": "int32",
        "texts": "uint8",
    }


# ---------------------------------------------------------------- real data


@pytest.fixture(scope="module")
def of_all_languages(tmp_path_factory):
    """A Unigram tokenizer on the passages of XQuAD's nine files, the first 30,000 characters of each."""
    made = {}

    def tokenizer(shared_data):
        if not made:
            folder = tmp_path_factory.mktemp("xquad")
            texts = []
            for code in XQUAD:
                texts.append(folder / f"{code}.txt")
                passages = read_contexts(shared_data / "xquad" / f"xquad.{code}.json")
                texts[-1].write_text("".join(re.sub(r"\s+", " ", p) + "\n" for p in passages), encoding="utf-8")
            train_tokenizer(texts, 8000, folder / "tokenizer", characters_per_text=30_000)
            made["it"] = open_tokenizer(folder / "tokenizer")
        return made["it"]

    return tokenizer


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("code", XQUAD)
def test_some_window_covers_every_gold_answer(shared_data, of_all_languages, code, record_property):
    """Five seconds for the tokenizer, which the nine languages share. pytest -rP shows the rates."""
    questions = read_squad(shared_data / "xquad" / f"xquad.{code}.json")
    windows = make_question_windows(of_all_languages(shared_data), questions, 192, 96)
    of_question = np.bincount(windows.questions, minlength=len(questions))
    assert of_question.min() >= 1 and (of_question > 1).mean() > 0.3
    assert windows.lengths.max() == 192
    found = coverage(windows)
    rate = 100 * found["exact"] / found["questions"]
    record_property("exact_boundaries", rate)
    print(f"{code}: {found['covered']} of {found['questions']} covered, {rate:.1f} % with exact boundaries")
    assert found["questions"] == found["covered"] == 1190
    assert rate > 90
