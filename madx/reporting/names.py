"""Names of the tables and figures that a study produces, for rules to declare; free of pandas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.counterparts import has_counterparts

PUBLISHED = "config/published.csv"
# the figures of differences, by (method, the other method), as the paper numbers them
DIFFERENCES = {
    ("madx", "full-finetuning"): "figure3_madx_vs_full-finetuning",
    ("madx", "mlm-trg"): "figure4_madx_vs_mlm-trg",
    ("madx", "madx-no-inv"): "figure5_madx_vs_madx-no-inv",
}


@dataclass(frozen=True)
class Item:
    """A table or a figure.

    name: stem of its files; kind: what it shows, also the stem of its caption under workflow/report; section: of the
    page, a kind of task or one of the others in the page's template. task, base, method: what it is of, where not all
    of the study's; of a difference the method that is subtracted from MAD-X.
    """

    name: str
    kind: str
    section: str
    task: str | None = None
    base: str | None = None
    method: str | None = None


def tables(study: Study) -> tuple[Item, ...]:
    """Every table, in the order of the page; each is one for all bases."""
    return tuple(_tables(study))


def _tables(study: Study) -> Iterator[Item]:
    yield _plain("summary_by_category", "summary")
    if has_published(study):
        yield _plain("ours_beside_published", "summary")
    yield _plain("table1_languages", "languages")
    if study.miniature:
        yield _plain("miniature_languages", "languages")
    if has_miniature_tasks(study):
        yield _plain("miniature_tasks", "languages")
    for task in study.tasks_of("ner"):
        for kind in ("table2_by_source", "table2_by_target", *(["table5_zero_shot"] if study.table5_source else [])):
            yield _of_task(study, kind, task)
        yield from _significance(study, task)
        if study.scored_by_steps(task):
            yield _of_task(study, "figure6_sample_efficiency", task)
    for task in study.tasks_of("qa"):
        yield _of_task(study, "table3_xquad", task)
        yield from _significance(study, task)
    if study.tasks_of("qa"):
        yield _plain("qa_boundaries", "qa")
    if study.tasks_of("ccr"):
        yield _plain("table_xcopa", "ccr")
    for task in study.tasks_of("ccr"):
        yield from _significance(study, task)
    if has_adapters(study):
        yield _plain("table4_parameters", "parameters")


def _significance(study: Study, task: str) -> Iterator[Item]:
    if has_differences(study, task):
        yield Item(_stem("significance", task), "significance", study.tasks[task].kind, task)


def figures(study: Study) -> tuple[Item, ...]:
    """Every figure, in the order of the page; those of scores are one for each base."""
    return tuple(_figures(study))


def _figures(study: Study) -> Iterator[Item]:
    if has_published(study):
        yield _plain("ours_beside_published", "summary")
    if study.miniature:
        yield _plain("miniature_languages", "languages")
    if has_miniature_tasks(study):
        yield _plain("miniature_tasks", "languages")
    for kind in ("ner", "qa", "ccr"):
        for task in study.tasks_of(kind):
            for base in study.bases_of(task):
                yield from _ner_figures(study, task, base) if kind == "ner" else _one_source_figures(study, task, base)
    for base in study.bases:
        if any(of == base for of, _, _ in study.adaptations):
            yield Item(_stem("learning_curves", _base(study, base)), "learning_curves", "adaptation", base=base)


def _ner_figures(study: Study, task: str, base: str) -> Iterator[Item]:
    methods = study.methods(task, base)
    for (method, other), kind in DIFFERENCES.items():
        if {method, other} <= set(methods):
            yield _of_base(study, kind, task, base, method=other)
    if has_differences(study, task, base):
        yield _forest(study, task, base)
    if study.scored_by_steps(task, base):
        yield _of_base(study, "figure6_sample_efficiency", task, base)
    for method in methods:
        name = _stem(f"heatmap_{method}", _task(study, task), _base(study, base))
        yield Item(name, "heatmap", "ner", task, base, method)


def _one_source_figures(study: Study, task: str, base: str) -> Iterator[Item]:
    yield Item(_stem("scores", task, _base(study, base)), "scores", study.tasks[task].kind, task, base)
    if has_differences(study, task, base):
        yield _forest(study, task, base)


def _forest(study: Study, task: str, base: str) -> Item:
    return Item(_stem("forest", task, _base(study, base)), "forest", study.tasks[task].kind, task, base)


def _plain(name: str, section: str) -> Item:
    return Item(name, name, section)


def _of_task(study: Study, kind: str, task: str) -> Item:
    return Item(_stem(kind, _task(study, task)), kind, study.tasks[task].kind, task)


def _of_base(study: Study, kind: str, task: str, base: str, method: str | None = None) -> Item:
    return Item(_stem(kind, _task(study, task), _base(study, base)), kind, study.tasks[task].kind, task, base, method)


def _stem(*parts: str) -> str:
    return "_".join(filter(None, parts))


def _task(study: Study, task: str) -> str:
    """The task where the study has several of its kind: the usual single one has plain names."""
    return task if len(study.tasks_of(study.tasks[task].kind)) > 1 else ""


def _base(study: Study, base: str) -> str:
    """The base where the study has several."""
    return base if len(study.bases) > 1 else ""


# ------------------------------------------------------------ what a study has


def has_adapters(study: Study) -> bool:
    """Whether a method of the study adds parameters to the base."""
    return any(METHODS[method].trains == "adapter" for task in study.tasks for method in study.methods(task))


def has_differences(study: Study, task: str | None = None, base: str | None = None) -> bool:
    """Whether MAD-X can be compared with another method on the same base (in one task, with one base)."""
    return any(
        "madx" in methods and len(methods) > 1
        for name in ((task,) if task else study.tasks)
        for methods in (study.methods(name, of) for of in ((base,) if base else study.bases))
    )


def has_published(study: Study) -> bool:
    """Whether any published number has a counterpart in the study: same base, same data, same languages."""
    return has_counterparts(study, PUBLISHED)


def has_miniature_tasks(study: Study) -> bool:
    """Whether questions or causal choices are made in the constructed languages."""
    return any(
        study.data_source(task, code, split).source == "miniature"
        for task in (*study.tasks_of("qa"), *study.tasks_of("ccr"))
        for codes, splits in ((study.sources(task), ("train", "dev")), (study.targets(task), ("test",)))
        for code in codes
        for split in splits
    )


# ------------------------------------------------------------ names alone


def table_names(study: Study) -> tuple[str, ...]:
    """Stems under results/<study>/tables, in the order of the page."""
    return tuple(item.name for item in tables(study))


def figure_names(study: Study) -> tuple[str, ...]:
    """Stems under results/<study>/figures, in the order of the page."""
    return tuple(item.name for item in figures(study))


def report_caption(study: Study, name: str) -> str:
    """The file under workflow/report with the caption of a table or figure."""
    return next(f"{item.kind}.rst" for item in (*tables(study), *figures(study)) if item.name == name)
