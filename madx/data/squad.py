"""Questions about passages in the format of SQuAD v1.1: files of articles, and rows of hub data sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madx.data import SPLITS
from madx.data.errors import DataError
from madx.data.lines import read_lines

if TYPE_CHECKING:
    from madx.config_tasks import ArticleSplits

KINDS = {dict: "an object", list: "a list", str: "text", int: "a whole number"}


@dataclass(frozen=True)
class Question:
    """A question about a passage, and its gold answers.

    place: for error messages ("file.json: question <id>"). article: number of the passage's article in its file, from
    0. starts: of each answer, the number of its first character in the context, from 0.
    """

    place: str
    id: str
    article: int
    context: str
    question: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]


def read_squad(path: str | Path) -> list[Question]:
    """The questions of a file in SQuAD v1.1's JSON, in its order.

    UTF-8 with or without a byte-order mark. Raises DataError naming file and place (line for what is no JSON; else
    article, paragraph and question, counted from 1, or the question's id) for anything that is missing or of another
    type, an answer that does not stand where the file says, an id that comes twice, and a file without questions.
    """
    questions = []
    for place, article, paragraph in _paragraphs(path):
        context = _text(paragraph, "context", place)
        for number, entry in enumerate(_value(paragraph, "qas", list, place), start=1):
            key = _text(entry, "id", f"{place}, question {number}")
            here = f"{path}: question {_in_one_line(key)}"
            answers = _value(entry, "answers", list, here)
            pairs = [(_text(a, "text", here), _value(a, "answer_start", int, here)) for a in answers]
            questions.append(_checked(here, key, article, context, _text(entry, "question", here), pairs))
    if not questions:
        raise DataError(f"{path}: no question at all; expected SQuAD v1.1 (data, paragraphs, qas)")
    refuse_doubled_ids(questions)
    return questions


def question_from_row(row: Any, place: str) -> Question:
    """A row of a hub data set in the layout of rajpurkar/squad and google/xquad, which does not number the articles.

    Columns id, context, question, answers: {text, answer_start}, two lists. Raises DataError as read_squad does.
    """
    answers = _value(row, "answers", dict, place)
    texts, starts = _value(answers, "text", list, place), _value(answers, "answer_start", list, place)
    if len(texts) != len(starts):
        raise DataError(f"{place}: {len(texts)} answers but {len(starts)} starts; expected one start an answer")
    entries = [{"text": text, "answer_start": start} for text, start in zip(texts, starts, strict=True)]
    pairs = [(_text(entry, "text", place), _value(entry, "answer_start", int, place)) for entry in entries]
    key, context, question = (_text(row, column, place) for column in ("id", "context", "question"))
    return _checked(place, key, 0, context, question, pairs)


def refuse_doubled_ids(questions: Sequence[Question]) -> None:
    """DataError naming the first question whose id another one has."""
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise DataError(f"{question.place}: the id {question.id[:60]!r} comes twice; give every question its own")
        seen.add(question.id)


def of_split(questions: Sequence[Question], splits: ArticleSplits, split: str) -> list[Question]:
    """The questions of one part ("train", "dev" or "test") of a file that is divided by article.

    Of every train + dev + test consecutive articles the first `train` are for training, the next `dev` for choosing
    checkpoints, the rest for scores. No article is in two parts; files in parallel (XQuAD's) are divided alike, so that
    no test passage was seen in another language. Raises DataError if the part should have articles but has none.
    """
    sizes = [getattr(splits, name) for name in SPLITS]
    number = SPLITS.index(split)
    first, size = sum(sizes[:number]), sizes[number]
    chosen = [q for q in questions if size and first <= q.article % sum(sizes) < first + size]
    if questions and size and not chosen:
        file = questions[0].place.rpartition(": ")[0]
        raise DataError(
            f"{file}: with {questions[-1].article + 1} articles, none is left for {split}; "
            f"article_splits asks for {', '.join(map(str, sizes))} at a time ({', '.join(SPLITS)}): lower these numbers"
        )
    return chosen


def read_contexts(path: str | Path) -> Iterator[str]:
    """The passages of a file in SQuAD's JSON, each once, in its order; questions and answers are not looked at.

    Raises DataError as read_squad does, and for a file without passages.
    """
    seen: set[str] = set()
    for place, _, paragraph in _paragraphs(path):
        context = _text(paragraph, "context", place)
        if context not in seen:
            seen.add(context)
            yield context
    if not seen:
        raise DataError(f"{path}: no passage at all; expected SQuAD v1.1 (data, paragraphs, context)")


def _paragraphs(path: str | Path) -> Iterator[tuple[str, int, Any]]:
    """(place, number of the article from 0, paragraph) of a file."""
    for article, entry in enumerate(_value(_parsed(path), "data", list, str(path))):
        place = f"{path}: article {article + 1}"
        for number, paragraph in enumerate(_value(entry, "paragraphs", list, place), start=1):
            yield f"{place}, paragraph {number}", article, paragraph


def _parsed(path: str | Path) -> Any:
    parts, last = [], 1
    for number, line in read_lines(path):
        parts += ["\n" * (number - last), line]
        last = number
    try:
        return json.loads("".join(parts))
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}"
        raise DataError(f"{where}: not JSON ({error.msg}, column {error.colno}); was the file cut off?") from None
    except (RecursionError, ValueError) as error:  # nested too deeply; a number of thousands of digits
        raise DataError(f"{path}: not JSON that can be read ({error}); expected SQuAD v1.1") from None


def _checked(
    place: str, key: str, article: int, context: str, question: str, answers: Sequence[tuple[str, int]]
) -> Question:
    if not answers:
        raise DataError(f"{place}: no answers; SQuAD v1.1 has one or more: leave out what has none (as SQuAD v2 has)")
    for text, start in answers:
        if not text.strip():
            raise DataError(f"{place}: an empty answer; leave it out")
        if start < 0 or not context.startswith(text, start):
            found = context.find(text)
            elsewhere = f"it first stands at {found}" if found >= 0 else "it stands nowhere in it"
            raise DataError(
                f"{place}: the answer {text[:40]!r} does not stand at {start} in the passage, {elsewhere}; "
                "answer_start counts characters (not bytes) from 0"
            )
    return Question(
        place,
        key,
        article,
        context,
        question,
        tuple(text for text, _ in answers),
        tuple(start for _, start in answers),
    )


def _value(entry: Any, key: str, kind: type, place: str) -> Any:
    """entry[key], checked to be there and of the type."""
    if not isinstance(entry, dict):
        raise DataError(f"{place}: found {_kind_of(entry)}, expected an object with {key!r}")
    if key not in entry:
        found = ", ".join(_in_one_line(str(name)) for name in list(entry)[:8]) or "nothing"
        raise DataError(f"{place}: no {key!r}, which SQuAD v1.1 has here; found {found}")
    value = entry[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f"{place}: {key!r} is {_kind_of(value)}, expected {KINDS[kind]}")
    return value


def _text(entry: Any, key: str, place: str) -> str:
    value = _value(entry, key, str, place)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(value[error.start]):04x}"
        raise DataError(f"{place}: {key!r} has {half} alone, half a character; write the character itself") from None
    return value


def _kind_of(value: Any) -> str:
    known = {**KINDS, bool: "a truth value", float: "a number with a fraction", type(None): "null"}
    return known.get(type(value), type(value).__name__)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())[:60]
