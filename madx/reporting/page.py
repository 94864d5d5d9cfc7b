"""The page of a study: results/<study>/README.md with all its tables, figures, settings and versions."""

from __future__ import annotations

from pathlib import Path

import jinja2
import yaml

from madx.config import MadeBase, Study
from madx.files import atomic_path
from madx.provenance import study_settings
from madx.reporting import facts
from madx.reporting.captions import figure_captions
from madx.reporting.names import figure_names, table_names


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
    text, adaptations, times = (
        facts.text_table(study, folder),
        facts.adaptation_table(study, folder),
        facts.time_table(folder),
    )
    return environment.get_template("page.md.jinja").render(
        study=study,
        made=[name for name, base in study.bases.items() if isinstance(base, MadeBase)],
        tables={name: _read(folder / "tables" / f"{name}.md").strip() for name in table_names(study)},
        figures={name: captions[name] for name in figure_names(study) if _exists(folder / "figures" / f"{name}.png")},
        provenance=facts.provenance(study, facts.score_paths(study, folder)),
        configuration=yaml.safe_dump(study_settings(study), sort_keys=False, allow_unicode=True, width=100),
        text=None if text is None else facts.markdown(text),
        adaptations=None if adaptations is None else facts.markdown(adaptations, ["language"]),
        times=None if times is None else facts.markdown(times),
    )


def _exists(path: Path) -> bool:
    if not path.is_file():
        raise PageError(f"{path}: this part of the page is missing; make it first (target `tables` or `figures`)")
    return True


def _read(path: Path) -> str:
    _exists(path)
    return path.read_text(encoding="utf-8")
