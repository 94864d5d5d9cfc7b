"""The table and the figure that show the constructed languages."""

from pathlib import Path

import pytest

from madx.languages import read_languages
from madx.miniature.gallery import describe, draw

ROWS = read_languages(Path(__file__).parents[3] / "config/languages.tsv")
SHOWN = [ROWS[code] for code in ("qaa", "qad", "qah", "qap")]


def test_table_has_a_row_a_language_with_all_entity_types():
    table = describe(1, SHOWN)
    assert list(table["code"]) == ["qaa", "qad", "qah", "qap"]
    assert table["translation"].nunique() == 1 and table["sentence"].nunique() == 4
    for column in ("sentence", "gloss"):
        assert (table[column].str.split().str.len() == table["tags"].str.split().str.len()).all()
    assert all({"B-PER", "B-ORG", "B-LOC"} <= set(tags.split()) for tags in table["tags"])
    assert list(table["cognates with the family (%)"].isna()) == [False, False, True, True]


def test_figure_is_drawn_as_pdf_and_png_without_missing_letters(tmp_path, recwarn):
    draw(1, SHOWN, tmp_path / "languages")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["languages.pdf", "languages.png"]
    assert (tmp_path / "languages.pdf").read_bytes().startswith(b"%PDF")
    assert not [str(warning.message) for warning in recwarn if "missing from font" in str(warning.message)]


def test_nothing_to_show_is_an_error():
    with pytest.raises(ValueError, match="at least one row"):
        describe(1, [])
