"""Questions about passages: SQuAD v1.1's JSON, SQuAD's and XQuAD's layout on the hub, or constructed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from madx.config import Study
from madx.config_tasks import QaTask
from madx.config_types import HubSource, LocalSource, MiniatureData, Source
from madx.data.hub import open_hub
from madx.data.local import local_path
from madx.data.questions import QuestionWindows, make_question_windows
from madx.data.squad import Question, of_split, question_from_row, read_squad, refuse_doubled_ids
from madx.data.tokenization import open_tokenizer as open_tokenizer

COLUMNS = {"id": "text", "context": "text", "question": "text", "answers": "texts", "starts": "numbers"}
HUB_COLUMNS = ("id", "context", "question", "answers")
SENTENCE_END = re.compile(r"(?<=[.!?。！？؟।])\s*")


def read(study: Study, task: str, source: Source, code: str, split: str) -> list[Question]:
    """The questions of a language's split, each with its passage and gold answers."""
    if isinstance(source, LocalSource):
        questions = read_squad(local_path(study, source, language=code, split=split))
        splits = study.tasks[task].article_splits
        return questions if splits is None else of_split(questions, splits, split)
    if isinstance(source, HubSource):
        place = f"{source.id} ({code}, {source.splits[split]})"
        hub_rows = open_hub(source, code, source.splits[split]).rows(HUB_COLUMNS)
        questions = [question_from_row(row, f"{place}: row {number}") for number, row in enumerate(hub_rows, start=1)]
        refuse_doubled_ids(questions)
        return questions
    return list(_miniature_questions(study, source, code, split))


def rows(questions: Sequence[Question], settings: QaTask) -> list[dict[str, Any]]:
    """The columns of each question."""
    return [{name: getattr(question, name) for name in COLUMNS} for question in questions]


def texts(questions: Sequence[Question]) -> Iterator[list[str]]:
    """The words of every sentence of the passages, and of the questions."""
    for passage in dict.fromkeys(question.context for question in questions):
        for sentence in SENTENCE_END.split(passage):
            yield sentence.split()
    for question in questions:
        yield question.question.split()


def tokenize(settings: QaTask, tokenizer: Any, table: dict[str, list], path: Path) -> QuestionWindows:
    """Windows of sub-words over stored passages, each with its question."""
    columns = zip(*(table[name] for name in COLUMNS), strict=True)
    questions = [
        Question(f"{path}: question {id_}", id_, 0, context, question, tuple(answers), tuple(starts))
        for id_, context, question, answers, starts in columns
    ]
    return make_question_windows(tokenizer, questions, settings.max_length, settings.stride)


def _miniature_questions(study: Study, source: MiniatureData, code: str, split: str) -> Iterator[Question]:
    from madx.miniature import World

    language = World(study.miniature.seed).language(study.language_table()[code])
    size = study.by_category(getattr(source, split), code)
    for number, (context, question, answer, start) in enumerate(language.questions(size, split), start=1):
        place = f"the miniature's language {code}, {split} question {number}"
        yield Question(place, f"{code}-{split}-{number}", number - 1, context, question, (answer,), (start,))
