"""Examples of causal commonsense reasoning: two kinds of fields, and one line about whatever is wrong."""

import json

import datasets
import pyarrow.parquet
import pytest

from madx.data.copa import Choice, choice_from_row, choice_texts, read_choices
from madx.data.errors import DataError
from madx.data.lines import LONGEST

COPA = {"premise": "It rained.", "choice1": "Wet.", "choice2": "Dry.", "question": "effect", "label": 0, "idx": 7}
SIQA = {
    "context": "Ada won.",
    "question": "How does Ada feel?",
    "answerA": "sad",
    "answerB": "glad",
    "answerC": "cold",
    "label": "2",
}
LANGUAGES = ("et", "ht", "id", "it", "qu", "sw", "ta", "tr", "vi")


@pytest.fixture
def write(tmp_path):
    def write(*rows):
        """Rows are objects, or lines as they are."""
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return tmp_path / "x.jsonl"

    return write


def test_fields_of_copa_and_xcopa(write):
    path = write(COPA, COPA | {"question": "cause", "label": 1, "idx": "b", "changed": False})
    assert read_choices(path) == [
        Choice(f"{path}:1", "7", "It rained.", "effect", ("Wet.", "Dry."), 0),
        Choice(f"{path}:2", "b", "It rained.", "cause", ("Wet.", "Dry."), 1),
    ]


@pytest.mark.parametrize(("label", "number"), [("1", 0), ("2", 1), ("3", 2), ("3\n", 2)])
def test_fields_of_social_iqa(write, label, number):
    path = write(SIQA | {"label": label})
    assert read_choices(path) == [
        Choice(f"{path}:1", f"{path}:1", "Ada won.", "How does Ada feel?", ("sad", "glad", "cold"), number)
    ]


def test_marks_blank_lines_and_white_space(tmp_path):
    text = json.dumps(COPA | {"premise": "\tIt \u00a0rained. "})
    path = tmp_path / "x.jsonl"
    path.write_bytes(f"\ufeff\r\n{text}\r\n \t\r\n\ufeff{text}\n\n".encode())
    choices = read_choices(path)
    assert [choice.place for choice in choices] == [f"{path}:2", f"{path}:4"]
    assert {choice.premise for choice in choices} == {"It rained."}


def test_a_line_that_is_read_in_pieces_is_whole(write):
    long = "word " * (LONGEST // 2)
    (choice,) = read_choices(write(COPA | {"premise": long}))
    assert choice.premise == long.strip()


def test_a_hub_row_has_the_same_fields():
    row = COPA | {"changed": False}
    assert choice_from_row(row, "aps/super_glue (en, train): row 3") == Choice(
        "aps/super_glue (en, train): row 3", "7", "It rained.", "effect", ("Wet.", "Dry."), 0
    )


@pytest.mark.parametrize("row", [COPA, SIQA])
def test_rows_of_parquet_files(tmp_path, row):
    """As the hub has them: COPA's label is a class label, Social IQa's text."""
    table = datasets.Dataset.from_dict({name: [value] for name, value in row.items()})
    if row is COPA:
        table = table.cast_column("label", datasets.ClassLabel(names=["choice1", "choice2"]))
    table.to_parquet(tmp_path / "x.parquet")
    (stored,) = pyarrow.parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert choice_from_row(stored, "row 1") == choice_from_row(row, "row 1")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"premise": ', r"not JSON \(Expecting value\); expected one object a line"),
        ("[" * 100_000, r"not JSON \(RecursionError\)"),
        ("9" * 5000, "not JSON"),
        ("[" + json.dumps(COPA) + "]", "an array, expected an object; write one example a line"),
        ('"text"', "text, expected an object"),
        ({}, "it has no fields; expected premise, choice1, choice2 or context, answerA, answerB, answerC"),
        ({"text\n": "a", "label": 0}, r"its fields are 'text\\n', 'label'; expected premise"),
        (COPA | {"premise": 3}, "premise is a number, expected text"),
        (COPA | {"choice2": None}, "choice2 is null, expected text"),
        (COPA | {"choice1": ["Wet."]}, "choice1 is an array, expected text"),
        (COPA | {"choice1": " \t"}, "choice1 is empty; give its text, or remove the example"),
        (SIQA | {"question": ""}, "question is empty"),
        ('{"premise": "a \\ud83d", "question": "cause"}', r"premise has half a character \(\\ud83d\); write both"),
        (COPA | {"question": "Cause"}, 'question is \'Cause\'; expected "cause" or "effect"'),
        (COPA | {"idx": 1.5}, "idx is a number, expected a whole number or text"),
        (COPA | {"idx": True}, "idx is true or false"),
        (COPA | {"label": 2}, "label is 2; expected 0 or 1, the right one of the options"),
        (COPA | {"label": "0"}, "label is '0'; expected 0 or 1"),
        (COPA | {"label": True}, "label is true or false; expected 0 or 1"),
        (COPA | {"label": 1.0}, "label is a number; expected 0 or 1"),
        (COPA | {"label": [0]}, "label is an array; expected 0 or 1"),
        (COPA | {"label": -1}, r"label is -1, it is hidden; use a part whose labels are given \(such as dev\)"),
        (COPA | {"label": None}, "label is null, it is hidden"),
        (SIQA | {"label": ""}, 'label is "", it is hidden'),
        (SIQA | {"label": 1}, 'label is 1; expected "1" or "2" or "3"'),
        (SIQA | {"label": "0"}, 'label is \'0\'; expected "1" or "2" or "3"'),
    ],
)
def test_bad_examples_name_file_and_line(write, row, message):
    with pytest.raises(DataError, match=rf"x\.jsonl:3: {message}") as caught:
        read_choices(write(COPA, "", row))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("row", [COPA, SIQA], ids=["COPA", "Social IQa"])
def test_a_missing_field_is_named(write, row):
    for name in set(row) - {"idx"}:
        with pytest.raises(DataError, match=rf"x\.jsonl:1: no field '{name}'; add it"):
            read_choices(write({key: value for key, value in row.items() if key != name}))


@pytest.mark.parametrize("read", [read_choices, lambda path: list(choice_texts(path))])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"x\.jsonl:1: no examples"),
        (b"\xef\xbb\xbf\n \r\n", r"x\.jsonl:1: no examples"),
        (json.dumps(COPA).encode() + b'\n{"premise": "M\xfcnchen"}', r"x\.jsonl:2: not UTF-8"),
        (None, r"x\.jsonl: the file does not exist"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, read, content, message):
    if content is not None:
        (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "x.jsonl")


def test_texts_are_distinct_and_need_no_labels(write):
    path = write(COPA | {"label": -1}, COPA | {"choice2": "It  rained."}, {"context": "New.", **SIQA})
    assert list(choice_texts(path)) == ["It rained.", "Wet.", "Dry.", "Ada won.", "sad", "glad", "cold"]


def test_texts_of_a_bad_file_name_the_line(write):
    with pytest.raises(DataError, match=r"x\.jsonl:2: no field 'choice1'"):
        list(choice_texts(write(COPA, {"premise": "a"})))


# ---------------------------------------------------------------- real data


@pytest.mark.shared
@pytest.mark.parametrize("code", ["en", *LANGUAGES])
def test_real_files_are_read_completely(shared_data, code):
    folder = shared_data / "copa" if code == "en" else shared_data / "xcopa" / code
    sizes = {"val": 100, "test": 500} | ({"train": 400} if code == "en" else {})
    for split, size in sizes.items():
        path = folder / f"{split}.{code}.jsonl"
        choices = read_choices(path)
        assert len(choices) == len({choice.id for choice in choices}) == size
        assert {len(choice.options) for choice in choices} == {2}
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8-sig").splitlines()]
        for choice, row in zip(choices, rows, strict=True):
            assert choice.premise.split() == row["premise"].split()
            assert choice.options[choice.label].split() == row[("choice1", "choice2")[row["label"]]].split()
        texts = list(choice_texts(path))
        assert len(texts) == len(set(texts))
        assert set(texts) == {text for choice in choices for text in (choice.premise, *choice.options)}


@pytest.mark.shared
def test_questions_of_xcopa_that_differ_from_the_english_originals(shared_data):
    """What the module's docstring says of them."""
    english = read_choices(shared_data / "copa" / "test.en.jsonl")
    differing = {}
    for code in LANGUAGES:
        choices = read_choices(shared_data / "xcopa" / code / f"test.{code}.jsonl")
        assert [choice.label for choice in choices] == [choice.label for choice in english]
        pairs = zip(choices, english, strict=True)
        differing[code] = sum(choice.question != original.question for choice, original in pairs)
    assert {code: count for code, count in differing.items() if count} == {"tr": 51, "sw": 37, "it": 4, "id": 4}
    turkish = read_choices(shared_data / "xcopa" / "tr" / "val.tr.jsonl")
    assert {choice.question for choice in turkish} == {"effect"}
