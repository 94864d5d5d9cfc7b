"""Shows what the constructed languages are: one sentence in each, with gloss and entities, as a table and a figure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from madx.files import atomic_path
from madx.languages import Language
from madx.miniature.concepts import CLASS_OF, ENTITY_TYPES
from madx.miniature.language import ConstructedLanguage, Example, World
from madx.miniature.lexicon import ISOLATE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLOURS = {"PER": "#f6c177", "ORG": "#9ccfd8", "LOC": "#b8d89c"}
_WORDS_SHOWN = 13  # longer sentences do not fit on one line of the figure


def describe(seed: int, rows: Iterable[Language]) -> pd.DataFrame:
    """One row a language: code, name, family, script, word order, the same sentence in each, its gloss and tags,
    what it means, and how many of 100 words are the family's (empty for an isolate)."""
    import pandas as pd

    world, rows = World(seed), list(rows)
    number = telling_example(world, rows)
    table = []
    for row in rows:
        language = world.language(row)
        example = language.example(number)
        table.append(
            {
                "code": row.code,
                "name": row.name,
                "family": row.family,
                "script": row.script,
                "word order": language.typology.order,
                "sentence": " ".join(example.words),
                "gloss": " ".join(example.gloss),
                "tags": " ".join(example.tags),
                "translation": example.translation,
                "cognates with the family (%)": _cognates(language),
            }
        )
    return pd.DataFrame(table).astype({"cognates with the family (%)": "Int64"})


def draw(seed: int, rows: Iterable[Language], path: str | Path) -> None:
    """Draw the same sentence in every language, glossed, its entities coloured by type: `path`.pdf and `path`.png."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    world, rows = World(seed), list(rows)
    number = telling_example(world, rows)
    with rc_context({"font.family": "DejaVu Sans", "pdf.fonttype": 42}):  # it has every script that we write
        figure = Figure(figsize=(12, 0.9 + 0.62 * len(rows)), dpi=150)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 12), ylim=(len(rows) + 1.3, 0))
        axes.set_axis_off()
        for position, row in enumerate(rows):
            language = world.language(row)
            top = position + 1.35
            axes.text(0.2, top, f"{row.name} ({row.code})", weight="bold", size=9, va="baseline")
            kin = _cognates(language)
            family = row.family if kin is None else f"{row.family}, {kin} % cognates"
            axes.text(
                0.2,
                top + 0.36,
                f"{family} · {row.script} · {language.typology.order}",
                size=6.5,
                color="#666666",
                va="baseline",
            )
            _draw_sentence(axes, language.example(number), left=2.6, top=top)
        axes.text(0.2, 0.55, f"“{world.language(rows[0]).example(number).translation}”", size=10, style="italic")
        for position, kind in enumerate(ENTITY_TYPES):
            axes.text(10.2 + 0.6 * position, 0.55, kind, size=8, bbox=_background(kind))
        for suffix in ("pdf", "png"):
            with atomic_path(Path(f"{path}.{suffix}")) as temporary:
                figure.savefig(temporary, metadata={"CreationDate": None} if suffix == "pdf" else None)


def telling_example(world: World, rows: list[Language]) -> int:
    """The first example that has all entity types and fits on a line. Raises ValueError without rows."""
    if not rows:
        raise ValueError("no language to show; give at least one row of the language table")
    language, number = world.language(rows[0]), 0
    while True:
        example = language.example(number)
        if {tag[2:] for tag in example.tags} >= set(ENTITY_TYPES) and len(example.words) <= _WORDS_SHOWN:
            return number
        number += 1


def _cognates(language: ConstructedLanguage) -> int | None:
    if language.row.family == ISOLATE:
        return None
    return round(100 * len(language.lexicon.inherited) / len(CLASS_OF))


def _draw_sentence(axes: Axes, example: Example, left: float, top: float) -> None:
    """Words from left to right with their glosses below; the words of one entity share one background."""
    for word, gloss, tag in zip(example.words, example.gloss, example.tags, strict=True):
        written = axes.text(left, top, word, size=11, va="baseline")
        below = axes.text(left, top + 0.36, "" if gloss in ".," else gloss, size=6.5, color="#666666", va="baseline")
        width = max(width_of(axes, written), width_of(axes, below))
        if tag != "O":
            joined = 0.13 if tag.startswith("I-") else 0.0  # reaches back over the gap to the entity's word before
            axes.axvspan(left - 0.03 - joined, left + width + 0.03, *_rows(axes, top), color=COLOURS[tag[2:]], lw=0)
        left += width + 0.13


def width_of(axes: Axes, text) -> float:
    """Width of a text in the axes' own units (inches)."""
    return axes.transData.inverted().transform_bbox(text.get_window_extent()).width


def _rows(axes: Axes, top: float) -> tuple[float, float]:
    """The band of a sentence, as fractions of the axes' height."""
    bottom, upper = axes.get_ylim()
    return 1 - (top + 0.1 - upper) / (bottom - upper), 1 - (top - 0.3 - upper) / (bottom - upper)


def _background(kind: str) -> dict:
    return {"facecolor": COLOURS[kind], "edgecolor": "none", "boxstyle": "square,pad=0.25"}
