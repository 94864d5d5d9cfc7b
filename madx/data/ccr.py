"""Premises and options to choose from: COPA's, XCOPA's and Social IQa's JSON lines or hub layout, or constructed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from madx.config import Study
from madx.config_tasks import CcrTask
from madx.config_types import HubSource, LocalSource, MiniatureData, Source
from madx.data.choices import ChoiceSequences, make_choice_sequences
from madx.data.copa import Choice, choice_from_row, read_choices
from madx.data.hub import open_hub
from madx.data.local import local_path
from madx.data.tokenization import open_tokenizer as open_tokenizer

COLUMNS = {"id": "text", "premise": "text", "question": "text", "options": "texts", "label": "number"}
COPA_COLUMNS = ("premise", "choice1", "choice2", "question", "label")
SIQA_COLUMNS = ("context", "question", "answerA", "answerB", "answerC", "label")


def read(study: Study, task: str, source: Source, code: str, split: str) -> list[Choice]:
    """The examples of a language's split."""
    if isinstance(source, LocalSource):
        return read_choices(local_path(study, source, language=code, split=split))
    if isinstance(source, HubSource):
        place = f"{source.id} ({code}, {source.splits[split]})"
        hub_split = open_hub(source, code, source.splits[split])
        columns = SIQA_COLUMNS if "answerA" in hub_split.features else COPA_COLUMNS
        columns += ("idx",) if "idx" in hub_split.features else ()
        hub_rows = enumerate(hub_split.rows(columns), start=1)
        return [choice_from_row(row, f"{place}: row {number}") for number, row in hub_rows]
    return list(_miniature_choices(study, source, code, split))


def rows(choices: Sequence[Choice], settings: CcrTask) -> list[dict[str, Any]]:
    """The columns of each example."""
    return [{name: getattr(choice, name) for name in COLUMNS} for choice in choices]


def texts(choices: Sequence[Choice]) -> Iterator[list[str]]:
    """The words of every premise and option."""
    for choice in choices:
        for text in (choice.premise, *choice.options):
            yield text.split()


def tokenize(settings: CcrTask, tokenizer: Any, table: dict[str, list], path: Path) -> ChoiceSequences:
    """Pairs of premise and option as sub-words."""
    columns = zip(*(table[name] for name in COLUMNS), strict=True)
    choices = [
        Choice(f"{path}: example {id_}", id_, premise, question, tuple(options), label)
        for id_, premise, question, options, label in columns
    ]
    return make_choice_sequences(tokenizer, choices, settings.max_length, settings.question_words)


def _miniature_choices(study: Study, source: MiniatureData, code: str, split: str) -> Iterator[Choice]:
    from madx.miniature import World

    language = World(study.miniature.seed).language(study.language_table()[code])
    size = study.by_category(getattr(source, split), code)
    for number, (premise, question, options, label) in enumerate(
        language.choices(size, split, source.choices), start=1
    ):
        place = f"the miniature's language {code}, {split} example {number}"
        yield Choice(place, f"{code}-{split}-{number}", premise, question, tuple(options), label)
