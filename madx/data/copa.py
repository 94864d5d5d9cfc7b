"""Causal commonsense reasoning: a premise, a question, options and the right one, in COPA's or Social IQa's fields.

XCOPA's questions are read as they stand, but not all are right: against the English originals, "cause" and "effect" are
swapped in 51 of the 500 Turkish test examples, 37 of the Swahili and 4 of the Italian and Indonesian ones, and
Turkish has no "cause" among its 100 of val (the repository cambridgeltl/xcopa has the same). Labels agree everywhere.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from madx.data.errors import DataError
from madx.data.lines import read_lines

CAUSAL_QUESTIONS = ("cause", "effect")
HIDDEN = (-1, "-1", "", None)  # what stands for the label of a test part that is kept back


@dataclass(frozen=True)
class Choice:
    """An example; place ("file:line", or a data set's row) is for errors, label the right option's number from 0."""

    place: str
    id: str
    premise: str
    question: str
    options: tuple[str, ...]
    label: int


@dataclass(frozen=True)
class _Fields:
    """What a kind of data set calls its fields, and the labels of its options in order."""

    premise: str
    options: tuple[str, ...]
    labels: tuple[int, ...] | tuple[str, ...]
    questions: tuple[str, ...] | None  # None: any text


COPA = _Fields("premise", ("choice1", "choice2"), (0, 1), CAUSAL_QUESTIONS)
SOCIAL_IQA = _Fields("context", ("answerA", "answerB", "answerC"), ("1", "2", "3"), None)


def read_choices(path: Path) -> list[Choice]:
    """The examples of a file of JSON lines, in order; blank lines and byte-order marks are skipped.

    Fields are COPA's and XCOPA's (premise, choice1, choice2, question: "cause" or "effect", label: 0 or 1, and idx)
    or Social IQa's (context, question, answerA to answerC, label: "1" to "3"); others are ignored. Raises DataError
    naming the file and line of anything else, of an empty text and of a hidden label, and for a file without examples.
    """
    return [choice_from_row(row, place) for place, row in _rows(path)]


def choice_from_row(row: Mapping[str, Any], place: str) -> Choice:
    """An example from its fields, as read_choices has them; place names the row in errors.

    White space in texts becomes single blanks. The id is idx, or the place where a row has no idx.
    """
    fields = _fields_of(row, place)
    question = _text(row, "question", place)
    if fields.questions and question not in fields.questions:
        raise DataError(f"{place}: question is {question!r:.40}; expected {_either(fields.questions)}")
    return Choice(
        place=place,
        id=_id(row, place),
        premise=_text(row, fields.premise, place),
        question=question,
        options=tuple(_text(row, option, place) for option in fields.options),
        label=_label(row, fields, place),
    )


def choice_texts(path: Path) -> Iterator[str]:
    """Premises and options of such a file as lines of text, each distinct one once; labels are not needed.

    Raises DataError as read_choices does.
    """
    seen = set()
    for place, row in _rows(path):
        fields = _fields_of(row, place)
        for name in (fields.premise, *fields.options):
            text = _text(row, name, place)
            if text not in seen:
                seen.add(text)
                yield text


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The place and the object of every line that is not blank."""
    row = None
    for number, pieces in itertools.groupby(read_lines(path), key=itemgetter(0)):
        line = "".join(piece for _, piece in pieces).lstrip("\ufeff").strip()
        if not line:
            continue
        place = f"{path}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", type(error).__name__)
            raise DataError(f"{place}: not JSON ({reason}); expected one object a line ({line!r:.40})") from None
        if not isinstance(row, dict):
            raise DataError(f"{place}: {_kind(row)}, expected an object; write one example a line, without an array")
        yield place, row
    if row is None:
        raise DataError(f"{path}:1: no examples; expected one JSON object a line")


def _fields_of(row: Mapping[str, Any], place: str) -> _Fields:
    """The kind whose premise or options the row has."""
    for fields in (COPA, SOCIAL_IQA):
        if not row.keys().isdisjoint((fields.premise, *fields.options)):
            return fields
    expected = " or ".join(", ".join((f.premise, *f.options)) for f in (COPA, SOCIAL_IQA))
    raise DataError(f"{place}: {_names(row)}; expected {expected}, with question and label")


def _text(row: Mapping[str, Any], name: str, place: str) -> str:
    """A field with single blanks for white space."""
    if name not in row:
        raise DataError(f"{place}: no field {name!r}; add it ({_names(row)})")
    value = row[name]
    if not isinstance(value, str):
        raise DataError(f"{place}: {name} is {_kind(value)}, expected text")
    text = " ".join(value.split())
    if not text:
        raise DataError(f"{place}: {name} is empty; give its text, or remove the example")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        half = f"\\u{ord(text[error.start]):04x}"
        raise DataError(f"{place}: {name} has half a character ({half}); write both surrogates, or UTF-8") from None
    return text


def _id(row: Mapping[str, Any], place: str) -> str:
    """idx as text, or the place of a row without it."""
    value = row.get("idx", place)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise DataError(f"{place}: idx is {_kind(value)}, expected a whole number or text")
    return str(value)


def _label(row: Mapping[str, Any], fields: _Fields, place: str) -> int:
    """The number of the right option, from 0."""
    labels = fields.labels
    if "label" not in row:
        raise DataError(f"{place}: no field 'label'; add it ({_either(labels)}: the right one of the options)")
    value = row["label"]
    if isinstance(value, str):
        value = value.strip()  # some copies of Social IQa have "1\n" (huggingface/datasets#1633)
    if value in HIDDEN:
        raise DataError(
            f"{place}: label is {json.dumps(value)}, it is hidden; use a part whose labels are given (such as dev)"
        )
    for number, label in enumerate(labels):
        if value == label and type(value) is type(label):  # true is no 1
            return number
    found = f"{value!r:.40}" if isinstance(value, int | str) and not isinstance(value, bool) else _kind(value)
    raise DataError(f"{place}: label is {found}; expected {_either(labels)}, the right one of the options")


def _names(row: Mapping[str, Any]) -> str:
    """The first of a row's field names."""
    return f"its fields are {', '.join(map(repr, row))!s:.80}" if row else "it has no fields"


def _either(values: tuple[Any, ...]) -> str:
    """Values as JSON has them: "cause" or "effect"."""
    return " or ".join(json.dumps(value) for value in values)


def _kind(value: Any) -> str:
    """What a JSON value is, in words."""
    kinds = {bool: "true or false", str: "text", dict: "an object", list: "an array", type(None): "null"}
    return kinds.get(type(value), "a number")
