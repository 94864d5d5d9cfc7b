"""Shows the other tasks in the constructed languages: a passage with a question, a premise with its options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from madx.files import atomic_path
from madx.languages import Language
from madx.miniature.concepts import QUESTION_WORDS
from madx.miniature.gallery import width_of
from madx.miniature.language import ChoiceExample, ConstructedLanguage, Example, QuestionExample, World

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ASKED, ANSWER = "#9ccfd8", "#f6c177"
_QUESTION_WORDS, _CHOICE_WORDS = 24, 27  # longer examples make a crowded figure
_WIDTH, _LEFT = 12.0, 2.75  # inches: of the figure, and where the words begin
_LETTERS = 95  # on a line of the translation


@dataclass(frozen=True)
class Part:
    """A line of an example: what it is, its sentences, the words to mark; `right`: whether it is the right option."""

    name: str
    sentences: tuple[Example, ...]
    marked: frozenset[int] = frozenset()
    right: bool = False

    @property
    def words(self) -> list[str]:
        return [word for sentence in self.sentences for word in sentence.words]

    @property
    def gloss(self) -> list[str]:
        return [gloss for sentence in self.sentences for gloss in sentence.gloss]

    @property
    def translation(self) -> str:
        return " ".join(sentence.translation for sentence in self.sentences)


def shown(rows: Iterable[Language]) -> list[Language]:
    """The first, the middle and the last of a study's languages: more examples than that nobody reads."""
    rows = list(rows)
    return [rows[place] for place in sorted({0, len(rows) // 2, len(rows) - 1})]


def describe(seed: int, rows: Iterable[Language]) -> pd.DataFrame:
    """One row for each part of each task in each language: code, name, task, part, sentence, gloss, translation.

    The words of the answer, and the right option, stand between * and *.
    """
    import pandas as pd

    languages = _languages(seed, rows)
    table = []
    for task, shown in _examples(languages):
        for language, parts in zip(languages, shown, strict=True):
            for part in parts:
                words = [
                    f"*{word}*" if place in part.marked and part.name == "context" else word
                    for place, word in enumerate(part.words)
                ]
                sentence = " ".join(words).replace("* *", " ")
                table.append(
                    {
                        "code": language.row.code,
                        "name": language.row.name,
                        "task": task,
                        "part": part.name,
                        "sentence": f"*{sentence}*" if part.right else sentence,
                        "gloss": " ".join(part.gloss),
                        "translation": part.translation,
                    }
                )
    return pd.DataFrame(table)


def draw(seed: int, rows: Iterable[Language], path: str | Path) -> None:
    """Draw one question and one causal choice in every language, glossed: `path`.pdf and `path`.png.

    The question word and the answer are coloured, the right option has a tick.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    languages = _languages(seed, rows)
    with rc_context({"font.family": "DejaVu Sans", "pdf.fonttype": 42}):  # it has every script that we write
        figure = Figure(figsize=(_WIDTH, 1), dpi=150)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(1, 0))
        axes.set_axis_off()
        top = 0.45
        for task, shown in _examples(languages):
            top = _draw_task(axes, task, languages, shown, top)
        height = top - 0.25
        axes.set_ylim(height, 0)
        figure.set_size_inches(_WIDTH, height)
        for suffix in ("pdf", "png"):
            with atomic_path(Path(f"{path}.{suffix}")) as temporary:
                figure.savefig(temporary, metadata={"CreationDate": None} if suffix == "pdf" else None)


def _languages(seed: int, rows: Iterable[Language]) -> list[ConstructedLanguage]:
    world = World(seed)
    languages = [world.language(row) for row in rows]
    if not languages:
        raise ValueError("no language to show; give at least one row of the language table")
    return languages


def _examples(languages: list[ConstructedLanguage]) -> Iterator[tuple[str, list[list[Part]]]]:
    """Each task with the parts of its example in every language: the first example that is short and tells much."""
    first = languages[0]
    number = next(number for number in count() if _tells_question(first.example_question(number)))
    yield "Question answering", [_question_parts(language.example_question(number)) for language in languages]
    number = next(number for number in count() if _tells_choice(first.example_choice(number)))
    yield "Causal choice", [_choice_parts(language.example_choice(number)) for language in languages]


def _tells_question(example: QuestionExample) -> bool:
    """Whether it is short and asks for an entity."""
    length = sum(len(sentence.words) for sentence in example.context)
    return length <= _QUESTION_WORDS and any(tag != "O" for tag in example.answer.tags)


def _tells_choice(example: ChoiceExample) -> bool:
    """Whether it is short and all clauses share a person."""
    clauses = [example.premise, *example.options]
    people = [
        {gloss for gloss, tag in zip(clause.gloss, clause.tags, strict=True) if tag.endswith("PER")}
        for clause in clauses
    ]
    return sum(len(clause.words) for clause in clauses) <= _CHOICE_WORDS and bool(set.intersection(*people))


def _question_parts(example: QuestionExample) -> list[Part]:
    before = sum(len(sentence.words) for sentence in example.context[: example.asked])
    answer = frozenset(range(before + example.place.start, before + example.place.stop))
    return [
        Part("context", tuple(example.context), answer),
        _asking(example.question),
        Part("answer", (example.answer,)),
    ]


def _choice_parts(example: ChoiceExample) -> list[Part]:
    return [
        Part("premise", (example.premise,)),
        _asking(example.question),
        *(
            Part(f"option {place + 1}", (option,), right=place == example.label)
            for place, option in enumerate(example.options)
        ),
    ]


def _asking(question: Example) -> Part:
    asked = {place for place, gloss in enumerate(question.gloss) if not {*QUESTION_WORDS}.isdisjoint(gloss.split("-"))}
    return Part("question", (question,), frozenset(asked))


# ---------------------------------------------------------------- the figure


def _draw_task(
    axes: Axes, task: str, languages: list[ConstructedLanguage], shown: list[list[Part]], top: float
) -> float:
    """A heading, what the example means, and the example in every language; returns where the next task begins."""
    axes.text(0.2, top, task, weight="bold", size=12, va="baseline")
    if task == "Question answering":
        for left, name, colour in ((_WIDTH - 2.6, "question word", ASKED), (_WIDTH - 1.05, "answer", ANSWER)):
            axes.text(left, top, name, size=8, bbox={"facecolor": colour, "edgecolor": "none", "boxstyle": "square"})
    top += 0.33
    for part in shown[0]:
        _draw_name(axes, part, top)
        for line in wrap(part.translation, _LETTERS):
            axes.text(_LEFT, top, line, size=9.5, style="italic", va="baseline")
            top += 0.24
    top += 0.22
    for language, parts in zip(languages, shown, strict=True):
        row = language.row
        axes.text(0.2, top, f"{row.name} ({row.code})", weight="bold", size=9, va="baseline")
        about = f"{row.script} · {language.typology.order}"
        axes.text(0.2, top + 0.19, about, size=6.5, color="#666666", va="baseline")
        for part in parts:
            _draw_name(axes, part, top)
            top = _draw_words(axes, part, top) + 0.44
        top += 0.12
    return top + 0.3


def _draw_name(axes: Axes, part: Part, top: float) -> None:
    axes.text(_LEFT - 0.15, top, part.name + (" ✓" if part.right else ""), size=8, color="#666666", ha="right")


def _draw_words(axes: Axes, part: Part, top: float) -> float:
    """Words from left to right with their glosses below, on as many lines as it takes; returns where the last is."""
    from matplotlib.patches import Rectangle

    left, colour = _LEFT, ANSWER if part.name == "context" else ASKED
    for place, (word, gloss) in enumerate(zip(part.words, part.gloss, strict=True)):
        written = axes.text(left, top, word, size=10.5, va="baseline")
        below = axes.text(left, top + 0.19, gloss if gloss.isalpha() or "-" in gloss else "", size=6.5, va="baseline")
        below.set_color("#666666")
        width = max(width_of(axes, written), width_of(axes, below))
        if left + width > _WIDTH - 0.2:
            left, top = _LEFT, top + 0.44
            written.set_position((left, top))
            below.set_position((left, top + 0.19))
        if place in part.marked:
            joined = 0.12 if place - 1 in part.marked and left > _LEFT else 0.0
            box = (left - 0.03 - joined, top - 0.15)
            axes.add_patch(Rectangle(box, width + 0.06 + joined, 0.38, color=colour, lw=0, zorder=0))
        left += width + 0.12
    return top
