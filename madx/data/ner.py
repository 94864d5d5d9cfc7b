"""Sentences with named entities: CoNLL files, WikiANN's layout on the hub, or constructed; one label set for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from madx.config import Study
from madx.config_tasks import NerTask
from madx.config_types import HubSource, LocalSource, MiniatureData, Source
from madx.data.conll import Word, read_conll
from madx.data.errors import DataError
from madx.data.hub import open_hub
from madx.data.local import local_path
from madx.data.tokenization import open_word_tokenizer
from madx.data.windows import Windows, make_windows, tag_names

COLUMNS = {"tokens": "texts", "tags": "texts"}
Sentence = list[Word]
open_tokenizer = open_word_tokenizer


def read(study: Study, task: str, source: Source, code: str, split: str) -> list[Sentence]:
    """The sentences of a language's split with the tags of the source."""
    if isinstance(source, LocalSource):
        return read_conll(local_path(study, source, language=code, split=split), code)
    if isinstance(source, HubSource):
        return list(_hub_sentences(source, code, split))
    return list(_miniature_sentences(study, source, code, split))


def rows(sentences: Sequence[Sentence], settings: NerTask) -> list[dict[str, Any]]:
    """Tokens and tags in the task's label set.

    Types in map_tags become the type (or O) given there; any other type outside the labels is an error. I- without B-
    stays as it is: seqeval's conventions decide what it means. DataError names the file and line of a bad tag.
    """
    return [
        {"tokens": [word.token for word in words], "tags": [_mapped(word, settings) for word in words]}
        for words in sentences
    ]


def texts(sentences: Sequence[Sentence]) -> Iterator[list[str]]:
    """The words of each sentence."""
    for words in sentences:
        yield [word.token for word in words]


def tokenize(settings: NerTask, tokenizer: Any, table: dict[str, list], path: Path) -> Windows:
    """Windows of sub-words over stored sentences."""
    tags = tag_names(settings.labels)
    ids = {tag: number for number, tag in enumerate(tags)}
    try:
        tag_ids = [[ids[tag] for tag in sentence] for sentence in table["tags"]]
    except KeyError as error:
        raise DataError(f"{path}: tag {error} is not in the label set {', '.join(settings.labels)}") from None
    return make_windows(tokenizer, table["tokens"], tag_ids, settings.max_length, tags)


def _mapped(word: Word, task: NerTask) -> str:
    """A word's tag in the study's label set."""
    if word.tag == "O":
        return "O"
    position, _, kind = word.tag.partition("-")
    if position not in ("B", "I") or not kind:
        raise DataError(f"{word.place}: {word.tag!r} is no IOB tag; expected O, B-TYPE or I-TYPE")
    kind = task.map_tags.get(kind, kind)
    if kind == "O":
        return "O"
    if kind not in task.labels:
        raise DataError(
            f"{word.place}: the type of tag {word.tag!r} is not among the labels ({', '.join(task.labels)}); "
            f"add it to the task's labels, or to its map_tags (for example {kind}: O)"
        )
    return f"{position}-{kind}"


def _hub_sentences(source: HubSource, code: str, split: str) -> Iterator[list[Word]]:
    """Rows in WikiANN's layout: `tokens`, and `ner_tags` as class labels (or as strings)."""
    place = f"{source.id} ({code}, {source.splits[split]})"
    hub_split = open_hub(source, code, source.splits[split])
    rows = hub_split.rows(["tokens", "ner_tags"])
    feature = hub_split.features.get("ner_tags")
    names = getattr(getattr(feature, "feature", None), "names", None)
    for number, row in enumerate(rows, start=1):
        tokens, tags = row["tokens"], row["ner_tags"]
        here = f"{place}: row {number}"
        if len(tokens) != len(tags):
            raise DataError(f"{here}: {len(tokens)} tokens but {len(tags)} tags")
        if names is None and not all(isinstance(tag, str) for tag in tags):
            raise DataError(f"{here}: ner_tags are numbers without names; the data set must declare class labels")
        if names is not None:
            if outside := [tag for tag in tags if not 0 <= tag < len(names)]:
                raise DataError(f"{here}: ner_tags has {outside[0]}, but the class labels are 0 to {len(names) - 1}")
            tags = [names[tag] for tag in tags]
        if tokens:
            yield [Word(here, token, tag) for token, tag in zip(tokens, tags, strict=True)]


def _miniature_sentences(study: Study, source: MiniatureData, code: str, split: str) -> Iterator[list[Word]]:
    from madx.miniature import World

    language = World(study.miniature.seed).language(study.language_table()[code])
    size = study.by_category(getattr(source, split), code)
    for number, (tokens, tags) in enumerate(language.ner(size, split), start=1):
        here = f"the miniature's language {code}, {split} sentence {number}"
        yield [Word(here, token, tag) for token, tag in zip(tokens, tags, strict=True)]
