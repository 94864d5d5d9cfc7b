"""Lines of any file, in bounded memory."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madx.data import lines
from madx.data.errors import DataError
from madx.data.lines import read_lines, split_long


def read(tmp_path, content: bytes) -> list[tuple[int, str]]:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    return list(read_lines(path))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_ends_a_line(tmp_path, end):
    assert read(tmp_path, f"a{end}{end}b".encode()) == [(1, "a"), (2, ""), (3, "b")]


def test_byte_order_mark_at_the_start_is_dropped(tmp_path):
    assert read(tmp_path, "\ufeffJii 2\nb\n".encode()) == [(1, "Jii 2"), (2, "b")]


def test_characters_and_line_ends_survive_chunk_borders(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "CHUNK", 1)
    assert read(tmp_path, "ẹ̀rí\r\n한\r\ndone".encode()) == [(1, "ẹ̀rí"), (2, "한"), (3, "done")]


@pytest.mark.parametrize("chunk", [3, 1 << 18])
@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        (b"good\r\nbad \xff\n", 2, 10),
        ("é\né\n".encode() + b"\xe9 latin-1\n", 3, 6),
        (b"cut off \xe2\x82", 1, 8),
        ("UTF-16".encode("utf-16"), 1, 0),
    ],
)
def test_not_utf8_names_line_and_byte(tmp_path, monkeypatch, content, line, byte, chunk):
    monkeypatch.setattr(lines, "CHUNK", chunk)
    with pytest.raises(DataError, match=rf"text\.txt:{line}: not UTF-8 \(byte {byte} "):
        read(tmp_path, content)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.txt: the file does not exist"):
        list(read_lines(tmp_path / "none.txt"))
    with pytest.raises(DataError, match="cannot be read"):
        list(read_lines(tmp_path))


@given(st.text(alphabet="ab .!?\u3002\t", max_size=200))
def test_pieces_of_a_long_line_make_the_line(line):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LONGEST", 10)
        pieces = list(split_long(line))
    assert "".join(pieces) == line
    assert all(len(piece) <= 10 for piece in pieces)


def test_long_lines_are_cut_at_sentences_then_blanks(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST", 12)
    assert list(split_long("So it is. And so on")) == ["So it is. ", "And so on"]
    assert list(split_long("alpha beta gamma")) == ["alpha beta ", "gamma"]
    assert list(split_long("x" * 15)) == ["x" * 12, "xxx"]


MEMORY = """
import re, sys
from pathlib import Path
from madx.data.documents import clean
from madx.data.exclusion import Exclusion
from madx.data.lines import read_lines
exclusion = Exclusion.of([["one", "sentence", "of", "the", "evaluation", "data"]])

def peak():  # not ru_maxrss, which a process inherits from its parent
    return int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

characters, before = 0, peak()
for number, line in read_lines(sys.argv[1]):
    characters += sum(map(len, exclusion.cut(clean(line))))
print(characters, number, peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
def test_memory_does_not_grow_with_the_longest_line(tmp_path):
    """A file that is one line of 12 MB passes cleaning and exclusion in a few megabytes."""
    path = tmp_path / "line.txt"
    with open(path, "w", encoding="utf-8") as stream:
        for _ in range(12):
            stream.write("word and more. " * 66_667)
    done = subprocess.run([sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True)
    characters, number, grown = done.stdout.split()
    assert int(characters) > 11_900_000
    assert number == "1"
    assert float(grown) < 6
