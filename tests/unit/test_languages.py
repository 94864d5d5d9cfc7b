"""The table of languages, and what is wrong with one that cannot be read."""

from pathlib import Path

import pytest
import yaml

from madx.languages import CODE, COLUMNS, LanguageError, nearest, read_languages

ROOT = Path(__file__).parents[2]
HEADER = "\t".join(COLUMNS)


def table(tmp_path, *lines: str) -> Path:
    path = tmp_path / "languages.tsv"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_rows_come_back_in_order(tmp_path):
    path = table(tmp_path, HEADER, "zz\tZed\tIsolate\tLatin\t5k", "", "aa\tAay\tIsolate\tGeorgian\t")
    languages = read_languages(path)
    assert list(languages) == ["zz", "aa"]
    assert (languages["zz"].name, languages["zz"].wikipedia_articles) == ("Zed", "5k")
    assert (languages["aa"].script, languages["aa"].wikipedia_articles) == ("Georgian", "")


def test_committed_table_has_the_papers_languages():
    settings = yaml.safe_load((ROOT / "config/paper.yaml").read_text(encoding="utf-8"))
    languages = read_languages(ROOT / "config/languages.tsv")
    assert {code for codes in settings["languages"].values() for code in codes} <= languages.keys()
    wanted = settings["tasks"]["ner"]["sources"]
    assert len(wanted) == 16
    assert len({languages[code].family for code in wanted}) == 11  # section 5 counts them


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["code\tname"], r":1: columns are \['code', 'name'\], expected"),
        ([], r":1: columns are \[\], expected"),
        ([HEADER, "aa\tAay\tIsolate\tLatin"], ":2: 4 columns, expected 5 separated by tabs"),
        ([HEADER, "aa\tAay\tIsolate\tLatin\t", "aa\tAgain\tIsolate\tLatin\t"], ":3: language 'aa' stands here twice"),
        ([HEADER, "../aa\tAay\tIsolate\tLatin\t"], ":2: '../aa' is no language code"),
        ([HEADER, "AA\tAay\tIsolate\tLatin\t"], ":2: 'AA' is no language code"),
    ],
)
def test_bad_table_is_one_line_with_file_and_line(tmp_path, lines, message):
    path = table(tmp_path, *lines)
    with pytest.raises(LanguageError, match=message) as error:
        read_languages(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_missing_table_and_wrong_encoding(tmp_path):
    with pytest.raises(LanguageError, match="does not exist"):
        read_languages(tmp_path / "none.tsv")
    (tmp_path / "latin1.tsv").write_bytes(HEADER.encode() + b"\nis\t\xcdslenska\t\t\t\n")
    with pytest.raises(LanguageError, match="not UTF-8"):
        read_languages(tmp_path / "latin1.tsv")


@pytest.mark.parametrize("code", ["..", "a/b", "a b", "", "-a", "a-", "a--b", "{x}", "Ab"])
def test_codes_that_could_leave_their_folder_are_none(code):
    assert not CODE.fullmatch(code)


def test_nearest_name_is_a_hint_or_nothing():
    assert nearest("madx-no-in", ["madx", "madx-no-inv"]) == "; did you mean 'madx-no-inv'?"
    assert nearest("zzzzzz", ["madx", "madx-no-inv"]) == ""
