"""The page of a study: results/<study>/README.md with all its tables, figures, settings and versions."""

from __future__ import annotations

from pathlib import Path

import jinja2
import yaml

from madx.config import MadeBase, Study
from madx.files import atomic_path
from madx.methods import METHODS
from madx.provenance import study_settings
from madx.reporting import facts
from madx.reporting.captions import figure_captions
from madx.reporting.names import figures, tables


class PageError(ValueError):
    """A part of the page is missing; the message is one line for the user."""


def write_page(study: Study, folder: str | Path) -> None:
    """Write <folder>/README.md from the tables, figures, scores, reports and metrics in a study's folder.

    Equal files give equal bytes: no date, no absolute path. Raises PageError naming a table or figure that is missing.
    """
    with atomic_path(Path(folder) / "README.md") as temporary:
        temporary.write_text(render_page(study, Path(folder)), encoding="utf-8")


def render_page(study: Study, folder: Path) -> str:
    """The page as Markdown."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("madx.reporting"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, made of our own tables and names that the configuration restricts
    )
    captions = figure_captions(study)
    for name in captions:
        _require(folder / "figures" / f"{name}.png")
    text, adaptations, times = (
        facts.text_table(study, folder),
        facts.adaptation_table(study, folder),
        facts.time_table(folder),
    )
    return environment.get_template("page.md.jinja").render(
        study=study,
        methods=[name for name in METHODS if any(name in study.methods(task) for task in study.tasks)],
        metrics=_metrics(study),
        table_items=tables(study),
        figure_items=figures(study),
        made=[name for name, base in study.bases.items() if isinstance(base, MadeBase)],
        tables={item.name: _read(folder / "tables" / f"{item.name}.md").strip() for item in tables(study)},
        captions=captions,
        provenance=facts.provenance(study, folder),
        configuration=yaml.safe_dump(study_settings(study), sort_keys=False, allow_unicode=True, width=100),
        text=None if text is None else facts.markdown(text),
        adaptations=None if adaptations is None else facts.markdown(adaptations, ["language"]),
        times=None if times is None else facts.markdown(times),
    )


METRIC_TEXTS = {
    "ner": "NER: F1 of entities (seqeval) on test sentences.",
    "qa": "QA: F1 of words and exact match (EM) with any of the gold answers, by SQuAD v1.1's rules.",
    "ccr": "CCR (causal commonsense reasoning): accuracy.",
}


def _metrics(study: Study) -> str:
    """What the scores are, one sentence for each kind of task."""
    return " ".join(text for kind, text in METRIC_TEXTS.items() if study.tasks_of(kind))


def _require(path: Path) -> None:
    if not path.is_file():
        raise PageError(f"{path}: this part of the page is missing; make it first (target `tables` or `figures`)")


def _read(path: Path) -> str:
    _require(path)
    return path.read_text(encoding="utf-8")
