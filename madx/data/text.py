"""A language's adaptation text: cleaned documents without the evaluation sentences, one a line."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from madx.config import Study
from madx.data.documents import read_documents
from madx.data.errors import DataError
from madx.data.exclusion import Exclusion
from madx.data.labelled import evaluation_texts
from madx.data.sources import describe_source
from madx.files import atomic_path, write_json

log = logging.getLogger(__name__)
PROGRESS = 50_000_000  # characters between two lines of the log


def prepare_text(study: Study, code: str, text_path: Path, report_path: Path) -> dict[str, Any]:
    """Write the text that a language is adapted on, and a report (JSON) about it.

    The dev and test sentences of the language's labelled data, of all tasks, are cut out if
    corpora.exclude_evaluation_text, and in any case measured in the documents that were read; labels do not matter.
    Reading stops at corpora.max_characters of kept text (line ends not counted). Returns the report: documents,
    characters, bytes, sha256 of the text, source, exclusion (see Exclusion.report). Raises DataError as read_documents
    and read_labelled do, and where nothing remains; nothing is written then.
    """
    exclusion = Exclusion.of(evaluation_texts(study, code))
    removing = study.corpora.exclude_evaluation_text
    checksum = hashlib.sha256()
    documents = characters = size = 0
    progress = PROGRESS
    with atomic_path(text_path) as temporary:
        with open(temporary, "wb") as stream:
            for document in _kept(study, code, exclusion, removing):
                line = (document + "\n").encode("utf-8")
                stream.write(line)
                checksum.update(line)
                documents += 1
                characters += len(document)
                size += len(line)
                if characters >= progress:
                    log.info("%s: %d million characters, %d documents", code, characters // 1_000_000, documents)
                    progress += PROGRESS
        if not documents:
            raise DataError(f"{text_path}: no text of {code!r} remains without the dev and test sentences")
    report = {
        "language": code,
        "source": describe_source(study, study.text_source(code), code),
        "documents": documents,
        "characters": characters,
        "bytes": size,
        "sha256": checksum.hexdigest(),
        "exclusion": exclusion.report(removing),
    }
    write_json(report_path, report)
    _log_summary(code, report)
    return report


def _kept(study: Study, code: str, exclusion: Exclusion, removing: bool) -> Iterator[str]:
    """Documents up to the limit in characters; the last one is shortened to fit."""
    room = study.corpora.max_characters
    for document in read_documents(study, code):
        parts = exclusion.cut(document)
        for part in parts if removing else [document]:
            if room is not None and len(part) >= room:
                if shortened := part[:room].strip():
                    yield shortened
                return
            yield part
            room = None if room is None else room - len(part)


def _log_summary(code: str, report: dict[str, Any]) -> None:
    exclusion = report["exclusion"]
    log.info(
        "%s: %d documents, %d characters; of %d distinct dev and test sentences %d are in the text (%d occurrences, "
        "%.1f %% of its characters): %s",
        code,
        report["documents"],
        report["characters"],
        exclusion["distinct"],
        exclusion["found"],
        exclusion["occurrences"],
        100 * exclusion["characters_share"],
        f"{exclusion['found']} sentences removed"
        if exclusion["removed"]
        else "left in (exclude_evaluation_text is off)",
    )
