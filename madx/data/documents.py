"""Unlabelled documents of a language, cleaned, from the study's text source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from madx.config import Study
from madx.config_types import HubSource, LocalSource
from madx.data.errors import DataError
from madx.data.hub import open_hub
from madx.data.lines import read_lines, split_long
from madx.data.local import local_path

# Control characters that are no white space, and byte-order marks inside a text (left by joining files)
UNWANTED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff]")


def read_documents(study: Study, code: str) -> Iterator[str]:
    """The language's documents, one line each, in the source's order and in bounded memory.

    A document is a line of a local file, a paragraph (line) of a hub article's `text`, or a document of the miniature.
    Of a local file of labelled data it is a passage (.json: SQuAD's) or a premise or option (.jsonl: COPA's, Social
    IQa's), since some languages have no other text.
    Cleaning: control characters are removed, white space of any kind becomes one blank, empty documents are dropped;
    letters, accents, and invisible marks that carry meaning (joiners, direction) stay as people wrote them: no
    Unicode normalisation, which is the tokenizer's business. A line over `lines.LONGEST` characters gives several
    documents. Raises DataError naming file and line for a missing, empty or not UTF-8 file; for a hub data set that
    cannot be had it says what to download.
    """
    source = study.text_source(code)
    if isinstance(source, LocalSource):
        path = local_path(study, source, language=code)
        return _nonempty(_local_lines(path), str(path))
    if isinstance(source, HubSource):
        return _nonempty(_hub_lines(source, code), f"{source.id} ({code})")
    return _nonempty(_miniature_lines(study, code), f"the miniature's language {code}")


def clean(line: str) -> str:
    """One line without control characters, its white space collapsed to single blanks."""
    return " ".join(UNWANTED.sub("", line).split())


def _nonempty(lines: Iterable[str], name: str) -> Iterator[str]:
    found = False
    for line in lines:
        if document := clean(line):
            found = True
            yield document
    if not found:
        raise DataError(f"{name}:1: no text; a language needs some to be adapted to")


def _local_lines(path: Path) -> Iterator[str]:
    """Texts of a file by the ending of its name."""
    if path.suffix == ".json":
        from madx.data.squad import read_contexts

        return _pieces(read_contexts(path))
    if path.suffix == ".jsonl":
        from madx.data.copa import choice_texts

        return _pieces(choice_texts(path))
    return (line for _, line in read_lines(path))


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    return (piece for text in texts for piece in split_long(text))


def _hub_lines(source: HubSource, code: str) -> Iterator[str]:
    for row in open_hub(source, code, "train").rows(["text"]):
        for line in row["text"].splitlines():
            yield from split_long(line)


def _miniature_lines(study: Study, code: str) -> Iterator[str]:
    from madx.miniature import World

    source = study.text_source(code)
    language = World(study.miniature.seed).language(study.language_table()[code])
    return language.text(study.by_category(source.sentences, code), source.questions)
