"""CoNLL files of two columns: a token and its IOB tag a line, a blank line between sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from madx.data.errors import DataError
from madx.data.lines import read_lines

BLANKS = re.compile("[ \t]+")  # not every white space: a token may hold a no-break space
LANGUAGE_PREFIX = re.compile("[a-z-]{2,}:")


@dataclass(frozen=True)
class Word:
    """One line: where it stands ("file:line"), token and tag."""

    place: str
    token: str
    tag: str


def read_conll(path: Path, code: str) -> list[list[Word]]:
    """The sentences of a file, as written there.

    Columns are separated by tabs or blanks. If every token of the file starts with the same language code and a colon
    (as in WikiANN's dumps, "en:Token", whose code may be another than the study's), that prefix is removed. -DOCSTART-
    lines are skipped. Raises DataError naming file and line for a line that has not two columns, a file without
    sentences, or one that is not UTF-8.
    """
    sentences = list(_sentences(path))
    if not sentences:
        raise DataError(f"{path}:1: no sentences; expected a token and a tag a line, and blank lines between sentences")
    prefix = _common_prefix([word.token for sentence in sentences for word in sentence], code)
    return [[Word(word.place, word.token[len(prefix) :], word.tag) for word in sentence] for sentence in sentences]


def _common_prefix(tokens: list[str], code: str) -> str:
    """The `xx:` that every token starts with, or nothing; xx is the language's code or looks like one."""
    looks_like_one = LANGUAGE_PREFIX.match(tokens[0])
    for prefix in (f"{code}:", looks_like_one[0] if looks_like_one else ""):
        if prefix and all(token.startswith(prefix) for token in tokens):
            return prefix
    return ""


def _sentences(path: Path) -> Iterator[list[Word]]:
    sentence: list[Word] = []
    for number, line in read_lines(path):
        columns = _columns(line)
        if columns and columns[0] != "-DOCSTART-":
            if len(columns) != 2:
                found = f"{len(columns)} column{'s' * (len(columns) > 1)}"
                raise DataError(f"{path}:{number}: {found}, expected two: a token and its tag ({line.strip()[:40]!r})")
            sentence.append(Word(f"{path}:{number}", *columns))
        elif sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _columns(line: str) -> list[str]:
    """The columns of a line; none for a line that looks blank."""
    if not line.strip():
        return []
    return BLANKS.split(line.strip(" \t"))
