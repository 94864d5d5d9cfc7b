"""Evaluation sentences inside adaptation text: found, measured, and cut out.

Tokenised sentences and running text differ in blanks, quotation marks, case and Unicode forms, so both are compared
by their *key*: the letters and digits alone, compatibility-decomposed (NFKD) and case-folded. Accents and vowel signs
that are separate marks after decomposition do not count, which errs on the side of finding too much. (On MasakhaNER's
news texts, keys with punctuation left in miss one sentence in five of Nigerian Pidgin, whose quotation marks differ;
keys of letters and digits find all.)

A sentence of at least SHORTEST letters and digits is cut out wherever it stands. A shorter one ("Sports", "on Friday
:") is removed only where it is a whole document, since it would punch holes everywhere else. A sentence that is broken
over two documents is not found.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

SHORTEST = 16  # letters and digits


class _Fold(dict):
    """A str.translate table that is filled as characters are met: character -> its part of the key."""

    def __missing__(self, codepoint: int) -> str:
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", chr(codepoint)).casefold())
        self[codepoint] = key = "".join(c for c in folded if c.isalnum())
        return key


_FOLD = _Fold()


def key_of(text: str) -> str:
    """What is compared: the text's letters and digits, decomposed and case-folded."""
    return text.translate(_FOLD)


@dataclass
class Exclusion:
    """Evaluation sentences of one language, and what was met of them in the documents so far.

    Memory grows with the sentences, not with the text; time is one look-up per letter of the text.
    """

    sentences: int = 0
    whole: set[str] = field(default_factory=set)
    by_start: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    found: set[str] = field(default_factory=set)
    occurrences: int = 0
    characters: int = 0
    characters_read: int = 0

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]]) -> Exclusion:
        """From tokenised sentences; sentences without letters and digits cannot be compared and are left out."""
        exclusion = cls()
        for tokens in sentences:
            exclusion.sentences += 1
            key = key_of("".join(tokens))
            if key and key not in exclusion.whole:
                exclusion.whole.add(key)
                if len(key) >= SHORTEST:
                    exclusion.by_start[key[:SHORTEST]].append(key)
        return exclusion

    def cut(self, document: str) -> list[str]:
        """The parts of a document that remain: itself if it holds no evaluation sentence.

        Remaining parts are documents of their own, so that no sentence arises from joining them; parts without a
        letter or digit are dropped.
        """
        self.characters_read += len(document)
        key = key_of(document)
        if key in self.whole and len(key) < SHORTEST:
            self.found.add(key)
            self.occurrences += 1
            self.characters += len(document)
            return []
        spans = self._spans(key)
        if not spans:
            return [document]
        parts = [part for part in _outside(document, spans) if key_of(part)]
        self.characters += len(document) - sum(map(len, parts))
        return parts

    def _spans(self, key: str) -> list[tuple[int, int]]:
        """Where sentences stand in a key: (start, end), sorted, overlaps merged."""
        spans: list[tuple[int, int]] = []
        starts = self.by_start
        for start in [i for i in range(len(key) - SHORTEST + 1) if key[i : i + SHORTEST] in starts]:
            for sentence in starts[key[start : start + SHORTEST]]:
                if not key.startswith(sentence, start):
                    continue
                self.found.add(sentence)
                self.occurrences += 1
                end = start + len(sentence)
                if spans and start < spans[-1][1]:
                    spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
                else:
                    spans.append((start, end))
        return spans

    def report(self, removed: bool) -> dict[str, int | float | bool]:
        """The figures; `characters` were cut out if `removed`, else they would have been."""
        share = len(self.found) / len(self.whole) if self.whole else 0.0
        return {
            "removed": removed,
            "evaluation_sentences": self.sentences,
            "distinct": len(self.whole),
            "short": sum(len(key) < SHORTEST for key in self.whole),
            "found": len(self.found),
            "found_short": sum(len(key) < SHORTEST for key in self.found),
            "found_share": round(share, 4),
            "occurrences": self.occurrences,
            "characters": self.characters,
            "characters_share": round(self.characters / self.characters_read, 4) if self.characters_read else 0.0,
        }


def _outside(document: str, spans: list[tuple[int, int]]) -> Iterator[str]:
    """The text around spans of the document's key; punctuation that touches a span goes with it."""
    owners = [position for position, character in enumerate(document) for _ in _FOLD[ord(character)]]
    done = 0
    for start, end in spans:
        first, last = owners[start], owners[end - 1] + 1
        while first > done and not document[first - 1].isspace() and not _FOLD[ord(document[first - 1])]:
            first -= 1
        while last < len(document) and not document[last].isspace() and not _FOLD[ord(document[last])]:
            last += 1
        yield document[done:first].strip()
        done = last
    yield document[done:].strip()
