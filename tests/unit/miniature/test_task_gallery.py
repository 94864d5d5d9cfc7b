"""The table and the figure that show questions and causal choices."""

from pathlib import Path

import pytest

from madx.languages import read_languages
from madx.miniature.concepts import QUESTION_WORDS
from madx.miniature.task_gallery import describe, draw

ROWS = read_languages(Path(__file__).parents[3] / "config/languages.tsv")
SHOWN = [ROWS[code] for code in ("qaa", "qad", "qah")]


def test_table_has_every_part_of_both_tasks_in_every_language():
    table = describe(1, SHOWN)
    parts = table.groupby("code")["part"].agg(list)
    assert set(map(tuple, parts)) == {
        ("context", "question", "answer", "premise", "question", "option 1", "option 2"),
    }
    assert (table.groupby(["task", "part"])["translation"].nunique() == 1).all()
    assert table["sentence"].nunique() == len(table)
    assert (table["sentence"].str.split().str.len() == table["gloss"].str.split().str.len()).all()


def test_answer_is_marked_in_its_context_and_one_option_is_right():
    table = describe(1, SHOWN)
    for _, rows in table.groupby("code"):
        sentence = {part: text for part, text in zip(rows["part"], rows["sentence"], strict=True)}
        answer = sentence["context"].split("*")[1]
        assert answer.lower() + " ." == sentence["answer"].lower()
        assert sum(sentence[f"option {number}"].startswith("*") for number in (1, 2)) == 1
        glosses = rows.loc[rows["part"] == "question", "gloss"].str.split("[- ]")
        assert all({*QUESTION_WORDS} & {*gloss} for gloss in glosses)


def test_figure_is_drawn_with_all_letters_and_nothing_outside_or_overlapping(tmp_path, recwarn, monkeypatch):
    from matplotlib.figure import Figure

    figures, save = [], Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **kw: (figures.append(self), save(self, *args, **kw)))
    draw(1, SHOWN, tmp_path / "tasks")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tasks.pdf", "tasks.png"]
    assert (tmp_path / "tasks.pdf").read_bytes().startswith(b"%PDF")
    assert not [str(warning.message) for warning in recwarn if "missing from font" in str(warning.message)]
    figure = figures[-1]
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    assert len(boxes) > 100
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_nothing_to_show_is_an_error():
    for show in (lambda: describe(1, []), lambda: draw(1, [], "nowhere")):
        with pytest.raises(ValueError, match="at least one row"):
            show()
