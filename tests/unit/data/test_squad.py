"""SQuAD's JSON and hub rows: what is read, how it is divided by article, and what is refused."""

import json

import pytest

from madx.config_tasks import ArticleSplits
from madx.data.errors import DataError
from madx.data.squad import of_split, question_from_row, read_contexts, read_squad, refuse_doubled_ids

XQUAD = ("ar", "de", "el", "en", "es", "ru", "th", "tr", "zh")
CONTEXT = "Ada sat in Kampala. 中文 too."


def entry(key="q1", text="Kampala", start=11, **changes):
    made = {"id": key, "question": "Where?", "answers": [{"text": text, "answer_start": start}]}
    return made | changes


def squad(*paragraphs):
    """A file's content with one article for each list of (context, questions)."""
    articles = [[{"context": context, "qas": list(qas)} for context, qas in article] for article in paragraphs]
    return {"version": "1.1", "data": [{"title": "T", "paragraphs": article} for article in articles]}


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "file.json"
        if not isinstance(content, bytes):
            content = json.dumps(content, ensure_ascii=False).encode()
        path.write_bytes(content)
        return path

    return write


def test_questions_come_in_order_with_their_articles_and_all_answers(write):
    two = [{"text": "中文", "answer_start": 20}, {"text": "中文 too", "answer_start": 20}]
    path = write(
        squad([(CONTEXT, [entry(), entry("q2", answers=two)]), ("No, in Kampala", [])], [(CONTEXT, [entry("q3")])])
    )
    questions = read_squad(path)
    assert [(q.id, q.article, q.answers, q.starts) for q in questions] == [
        ("q1", 0, ("Kampala",), (11,)),
        ("q2", 0, ("中文", "中文 too"), (20, 20)),
        ("q3", 1, ("Kampala",), (11,)),
    ]
    assert questions[0].place == f"{path}: question q1"
    assert questions[0].context == CONTEXT and questions[0].question == "Where?"
    assert list(read_contexts(path)) == [CONTEXT, "No, in Kampala"]


def test_byte_order_mark_line_ends_and_one_long_line_are_no_trouble(write):
    long = CONTEXT + " x. 中" * 60_000
    content = squad([(long, [entry()])])
    questions = read_squad(write(content))
    assert questions[0].context == long
    spread = json.dumps(content, ensure_ascii=False, indent=1).replace("\n", "\r\n")
    assert read_squad(write(b"\xef\xbb\xbf" + spread.encode())) == questions
    assert read_squad(write(json.dumps(content).encode())) == questions  # \u escapes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"data": [\n\xff', r"file\.json:2: not UTF-8 \(byte 11 of the file\)"),
        (b'{"data":\n[{]}', r"file\.json:2: not JSON \(.*, column 3\)"),
        (b'{"data": [' + b"[" * 100_000, r"file\.json: not JSON that can be read"),
        (b"", r"file\.json:1: not JSON"),
        ([], r"file\.json: found a list, expected an object with 'data'"),
        ({"version": "1.1"}, r"file\.json: no 'data', which SQuAD v1\.1 has here; found version"),
        ({"data": {}}, r"file\.json: 'data' is an object, expected a list"),
        ({"data": []}, r"file\.json: no question at all"),
        (squad([(CONTEXT, [])]), r"file\.json: no question at all"),
        ({"data": [{"title": "T"}]}, r"article 1: no 'paragraphs'.*found title"),
        ({"data": [{"paragraphs": [{"qas": []}]}]}, r"article 1, paragraph 1: no 'context'"),
        (
            {"data": [{"paragraphs": [{"context": 3, "qas": []}]}]},
            r"paragraph 1: 'context' is a whole number, expected",
        ),
        ({"data": [{"paragraphs": [{"context": "c"}, {"context": "c", "qas": []}]}]}, r"paragraph 1: no 'qas'"),
        (squad([(CONTEXT, [{"question": "?"}])]), r"article 1, paragraph 1, question 1: no 'id'"),
        (squad([(CONTEXT, [entry(7)])]), r"question 1: 'id' is a whole number, expected text"),
        (squad([(CONTEXT, [entry(question=None)])]), r"question q1: 'question' is null, expected text"),
        (squad([(CONTEXT, [entry(answers=[])])]), r"question q1: no answers; .* leave out"),
        (squad([(CONTEXT, [entry(answers=["Kampala"])])]), r"question q1: found text, expected an object with 'text'"),
        (squad([(CONTEXT, [entry(start=True)])]), r"'answer_start' is a truth value, expected a whole number"),
        (squad([(CONTEXT, [entry(start=11.0)])]), r"'answer_start' is a number with a fraction"),
        (squad([(CONTEXT, [entry(start=12)])]), r"q1: the answer 'Kampala' does not stand at 12 .* stands at 11; "),
        (squad([(CONTEXT, [entry(start=-18)])]), r"q1: the answer 'Kampala' does not stand at -18"),
        (squad([(CONTEXT, [entry(text="Entebbe")])]), r"q1: the answer 'Entebbe' .* stands nowhere in it"),
        (squad([(CONTEXT, [entry(text=" ", start=3)])]), r"q1: an empty answer"),
        (squad([(CONTEXT, [entry("a\nb", start=1)])]), r"question a b: the answer"),
        (squad([(CONTEXT, [entry()])], [(CONTEXT, [entry()])]), r"question q1: the id 'q1' comes twice"),
        (b'{"data": [{"paragraphs": [{"context": "a \\ud83d b", "qas": []}]}]}', r"'context' has \\ud83d alone"),
    ],
)
def test_bad_input_names_file_and_place_in_one_line(write, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read_squad(write(content))
    assert "\n" not in str(caught.value) and "file.json" in str(caught.value)


def test_a_missing_file_and_one_without_passages_are_named(tmp_path, write):
    with pytest.raises(DataError, match=r"none\.json: the file does not exist"):
        read_squad(tmp_path / "none.json")
    with pytest.raises(DataError, match=r"file\.json: no passage at all"):
        list(read_contexts(write({"data": []})))


def test_hub_rows_become_questions():
    row = {
        "id": "q1",
        "title": "T",
        "context": CONTEXT,
        "question": "Where?",
        "answers": {"text": ["Kampala", "in Kampala"], "answer_start": [11, 8]},
    }
    question = question_from_row(row, "squad: row 1")
    assert (question.place, question.id, question.article) == ("squad: row 1", "q1", 0)
    assert (question.answers, question.starts) == (("Kampala", "in Kampala"), (11, 8))
    with pytest.raises(DataError, match="squad: row 1: 2 answers but 1 starts"):
        question_from_row(row | {"answers": {"text": ["a", "b"], "answer_start": [1]}}, "squad: row 1")
    with pytest.raises(DataError, match="squad: row 1: no answers"):
        question_from_row(row | {"answers": {"text": [], "answer_start": []}}, "squad: row 1")
    with pytest.raises(DataError, match="squad: row 1: 'answers' is null"):
        question_from_row(row | {"answers": None}, "squad: row 1")
    with pytest.raises(DataError, match="squad: row 1: 'text' is null"):
        question_from_row(row | {"answers": {"text": [None], "answer_start": [1]}}, "squad: row 1")
    with pytest.raises(DataError, match="squad: row 2: the id 'q1' comes twice"):
        refuse_doubled_ids([question, question_from_row(row, "squad: row 2")])


def test_articles_are_divided_in_turn(write):
    articles = [[(CONTEXT, [entry(f"{number}a"), entry(f"{number}b")])] for number in range(9)]
    questions = read_squad(write(squad(*articles)))
    parts = {
        split: of_split(questions, ArticleSplits(train=2, dev=1, test=1), split) for split in ("train", "dev", "test")
    }
    assert {split: sorted({q.article for q in part}) for split, part in parts.items()} == {
        "train": [0, 1, 4, 5, 8],
        "dev": [2, 6],
        "test": [3, 7],
    }
    assert sum(map(len, parts.values())) == len(questions)
    assert of_split(questions, ArticleSplits(train=0, dev=0, test=3), "test") == questions
    assert of_split(questions, ArticleSplits(train=0, dev=0, test=3), "dev") == []
    with pytest.raises(DataError, match=r"file\.json: with 9 articles, none is left for test; .* 5, 4, 1 at a time"):
        of_split(questions, ArticleSplits(train=5, dev=4, test=1), "test")


@pytest.mark.shared
@pytest.mark.parametrize("code", XQUAD)
def test_real_files_are_read_and_divided_alike(shared_data, code):
    path, english = (shared_data / "xquad" / f"xquad.{name}.json" for name in (code, "en"))
    questions = read_squad(path)
    assert len(questions) == 1190
    assert all(question.context[s:].startswith(a) for question in questions for a, s in _answers(question))
    contexts = list(read_contexts(path))
    assert len(contexts) == 240 and set(contexts) == {question.context for question in questions}
    splits = ArticleSplits(train=8, dev=2, test=6)
    parts = {split: of_split(questions, splits, split) for split in ("train", "dev", "test")}
    assert sorted(q.id for part in parts.values() for q in part) == sorted(q.id for q in questions)
    assert not {q.context for q in parts["train"]} & {q.context for q in [*parts["dev"], *parts["test"]]}
    for split, part in parts.items():
        assert [q.id for q in part] == [q.id for q in of_split(read_squad(english), splits, split)]


def _answers(question):
    return zip(question.answers, question.starts, strict=True)
