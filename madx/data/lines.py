"""Lines of text files in bounded memory: any line ends, a byte-order mark, lines of any length, strict UTF-8."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from madx.data.errors import DataError

CHUNK = 1 << 18  # bytes read at a time
LONGEST = 100_000  # characters of a piece; a longer line comes in several
# of Latin, CJK, Devanagari, Burmese and Arabic script
SENTENCE_ENDS = (". ", "! ", "? ", "\u3002", "\uff01", "\uff1f", "\u0964 ", "\u104b", "\u061f ")


def read_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, line without its end) of a UTF-8 file; LF, CR LF and a lone CR end lines.

    A byte-order mark at the start is dropped. A line of more than LONGEST characters comes in several pieces with the
    same number, so that memory is bounded whatever the file holds. Raises DataError naming file, line and byte for a
    missing file or bytes that are not UTF-8.
    """
    number = 1
    rest = ""
    for text in _decoded(Path(path)):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            for piece in split_long(line):
                yield number, piece
            number += 1
        *pieces, rest = split_long(rest)
        for piece in pieces:
            yield number, piece
    if rest:
        yield number, rest


def split_long(line: str) -> Iterator[str]:
    """Cut a line into pieces of at most LONGEST characters whose concatenation is the line.

    Cuts fall after the last sentence end of a piece's second half, else after its last blank, else where it is full.
    """
    start = 0
    while len(line) - start > LONGEST:
        window = line[start : start + LONGEST]
        cut = max(window.rfind(end) + len(end) for end in SENTENCE_ENDS)
        if cut <= LONGEST // 2:
            cut = _after_last_blank(window) or LONGEST
        yield line[start : start + cut]
        start += cut
    yield line[start:]


def _after_last_blank(window: str) -> int:
    """Where the last word of a window starts; 0 if it is one word, its length if it ends in a blank."""
    return len(window) if window[-1].isspace() else len(window) - len(window.rsplit(None, 1)[-1])


def _decoded(path: Path) -> Iterator[str]:
    """The text of a file chunk by chunk, every line end an LF."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    line, position, first = 1, 0, True
    with _opened(path) as stream:
        while True:
            chunk = stream.read(CHUNK)
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line += newlines.decode(error.object[: error.start].decode("utf-8"), final=True).count("\n")
                byte = position - waiting + error.start
                raise DataError(f"{path}:{line}: not UTF-8 (byte {byte} of the file); save it as UTF-8") from None
            position += len(chunk)
            text = newlines.decode(text, final=not chunk)
            if first and text:
                text, first = text.removeprefix("\ufeff"), False
            line += text.count("\n")
            yield text
            if not chunk:
                return


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise DataError(f"{path}: the file does not exist; check data_root and the path in the configuration") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
