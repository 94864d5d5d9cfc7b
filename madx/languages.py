"""The table of languages (config/languages.tsv): code, name, family, script and number of Wikipedia articles.

Whether a language is covered by the base's pretraining, and how much text it has, is a fact of a study and not of the
language, so the category stands in the study's configuration.
"""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

CATEGORIES = (
    "high-resource covered",
    "low-resource covered",
    "low-resource unseen",
    "truly low-resource unseen",
)
COLUMNS = ("code", "name", "family", "script", "wikipedia_articles")
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class LanguageError(ValueError):
    """A language table that cannot be read, or a code that it lacks."""


@dataclass(frozen=True)
class Language:
    """One row of the table; `wikipedia_articles` is the paper's rounded figure (Table 1), empty where none exists."""

    code: str
    name: str
    family: str
    script: str
    wikipedia_articles: str


def read_languages(path: str | Path) -> dict[str, Language]:
    """Read the language table.

    Raises LanguageError naming file and line for a missing file, a wrong header, a bad or repeated code.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LanguageError(f"{path}: the language table does not exist") from None
    except UnicodeDecodeError as error:
        raise LanguageError(f"{path}: not UTF-8 (byte {error.start}); save the table as UTF-8") from None
    rows = csv.reader(text.splitlines(), delimiter="\t")
    header = tuple(next(rows, ()))
    if header != COLUMNS:
        raise LanguageError(f"{path}:1: columns are {list(header)}, expected {list(COLUMNS)} separated by tabs")
    languages: dict[str, Language] = {}
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise LanguageError(f"{path}:{number}: {len(row)} columns, expected {len(COLUMNS)} separated by tabs")
        language = Language(*(cell.strip() for cell in row))
        if not CODE.fullmatch(language.code):
            raise LanguageError(
                f"{path}:{number}: {language.code!r} is no language code; use small letters, digits and single hyphens"
            )
        if language.code in languages:
            raise LanguageError(f"{path}:{number}: language {language.code!r} stands here twice")
        languages[language.code] = language
    return languages


def nearest(name: str, known) -> str:
    """A hint '; did you mean ...?' with the closest known name, or an empty string."""
    matches = difflib.get_close_matches(name, [str(k) for k in known], n=1, cutoff=0.5)
    return f"; did you mean {matches[0]!r}?" if matches else ""
