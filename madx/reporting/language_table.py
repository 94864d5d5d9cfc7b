"""Table 1: the languages of a study; and, for constructed ones, a sentence in each."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from madx.config import Study
from madx.miniature import gallery, task_gallery
from madx.reporting.table import DASH, Table

TEXT_COLUMNS = 6  # code, language, family, script, category, covered


def table1_languages(study: Study, sizes: Mapping[str, Mapping[str, int]] | None = None) -> Table:
    """The languages by category.

    sizes: further columns, language code -> {column heading: whole number}, for example {"en": {"NER train": 20000}};
    a language without a number gets a dash.
    """
    sizes = sizes or {}
    headings = list(dict.fromkeys(heading for row in sizes.values() for heading in row))
    data, shown, rules = [], [], []
    for code, language in study.language_table().items():
        category = study.category(code)
        if data and data[-1]["category"] != category:
            rules.append(len(data))
        covered = code in study.covered
        words = {
            "code": code,
            "language": language.name,
            "family": language.family,
            "script": language.script,
        }
        counts = [sizes.get(code, {}).get(heading) for heading in headings]
        articles = {"Wikipedia articles": language.wikipedia_articles}
        data.append(
            {
                **words,
                "category": category,
                "covered": "yes" if covered else "no",
                **articles,
                **dict(zip(headings, counts, strict=True)),
            }
        )
        shown.append(
            {
                **words,
                "category": category,
                "covered": "✓" if covered else "",
                **{heading: text or DASH for heading, text in articles.items()},
                **{h: DASH if count is None else f"{count:,}" for h, count in zip(headings, counts, strict=True)},
            }
        )
    frame, strings = pd.DataFrame(data), pd.DataFrame(shown)
    for heading in headings:
        frame[heading] = frame[heading].astype("Int64")
    if not frame["Wikipedia articles"].any():
        frame, strings = (table.drop(columns="Wikipedia articles") for table in (frame, strings))
    return Table(
        name="table1_languages",
        caption="Table 1: the languages. ✓ marks those that the base's pretraining covers.",
        data=frame,
        shown=strings,
        rules=tuple(rules),
        align="l" * TEXT_COLUMNS + "r" * (len(strings.columns) - TEXT_COLUMNS),
    )


def miniature_languages(study: Study) -> Table:
    """The same sentence in every constructed language of the study, with gloss and tags."""
    frame = gallery.describe(study.miniature.seed, study.language_table().values())
    meanings = frame["translation"].drop_duplicates().tolist()
    shown = frame[["code", "name", "word order", "cognates with the family (%)", "sentence", "gloss", "tags"]]
    return Table(
        name="miniature_languages",
        caption="The constructed languages: one sentence in each, word by word, with its tags. "
        f"It means: {'; '.join(meanings)}",
        data=frame,
        shown=shown.astype("string").fillna(DASH).astype(object),
        align="lllrlll",
    )


def miniature_tasks(study: Study) -> Table:
    """A question and a causal choice in constructed languages, with gloss and translation."""
    frame = task_gallery.describe(study.miniature.seed, task_gallery.shown(study.language_table().values()))
    return Table(
        name="miniature_tasks",
        caption="A question about a passage and a causal choice in constructed languages, word by word. The words of "
        "the answer, and the right option, stand between * and *.",
        data=frame,
        shown=frame.astype("string").fillna(DASH).astype(object),
        align="l" * len(frame.columns),
    )
