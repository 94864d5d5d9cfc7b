"""Names of the tables and figures that a study produces, for rules to declare; free of pandas."""

from __future__ import annotations

from madx.config import Study
from madx.methods import METHODS

# the figures of differences, by (method, the other method), as the paper numbers them
DIFFERENCES = {
    ("madx", "full-finetuning"): "figure3_madx_vs_full-finetuning",
    ("madx", "madx-no-inv"): "figure5_madx_vs_madx-no-inv",
}


def methods_in_order(study: Study) -> tuple[str, ...]:
    """The study's methods in the row order of the paper's tables."""
    return tuple(name for name in METHODS if name in study.methods)


def stem(study: Study, name: str, base: str) -> str:
    """File name without ending: with several bases each has its own files."""
    return name if len(study.bases) == 1 else f"{name}_{base}"


def table_names(study: Study) -> tuple[str, ...]:
    """Stems under results/<study>/tables, in the order of the page."""
    return (
        "table1_languages",
        *(["miniature_languages"] if study.miniature else []),
        *(stem(study, name, base) for base in study.bases for name in _tables_of_a_base(study)),
        *(["table4_parameters"] if has_adapters(study) else []),
    )


def _tables_of_a_base(study: Study) -> tuple[str, ...]:
    differences = ["differences_by_category"] if has_differences(study) else []
    return ("table2_by_source", "table2_by_target", "table5_zero_shot", "summary_by_category", *differences)


def has_adapters(study: Study) -> bool:
    """Whether a method of the study adds parameters to the base."""
    return any(METHODS[name].trains == "adapter" for name in study.methods)


def has_differences(study: Study) -> bool:
    """Whether MAD-X can be compared with another method."""
    return "madx" in study.methods and len(study.methods) > 1


def score_figure_names(study: Study) -> tuple[str, ...]:
    """Stems of the figures that are drawn from scores, in the order of the page."""
    return tuple(stem(study, name, base) for base in study.bases for name in _score_figures_of_a_base(study))


def _score_figures_of_a_base(study: Study) -> tuple[str, ...]:
    differences = (name for pair, name in DIFFERENCES.items() if set(pair) <= set(study.methods))
    return (*differences, *(f"heatmap_{method}" for method in methods_in_order(study)))


def curve_figure_names(study: Study) -> tuple[str, ...]:
    """Stems of the figures that are drawn from the adaptations' metrics."""
    if not study.adaptation_kinds:
        return ()
    return tuple(stem(study, "learning_curves", base) for base in study.bases)


def figure_names(study: Study) -> tuple[str, ...]:
    """Stems under results/<study>/figures, in the order of the page.

    `miniature_languages` is drawn by madx.miniature.gallery.
    """
    gallery = ["miniature_languages"] if study.miniature else []
    return (*gallery, *score_figure_names(study), *curve_figure_names(study))


def report_caption(study: Study, name: str) -> str:
    """The file under workflow/report with the caption of a table or figure."""
    of_a_base = (*_tables_of_a_base(study), *_score_figures_of_a_base(study), "learning_curves")
    name = {stem(study, plain, base): plain for plain in of_a_base for base in study.bases}.get(name, name)
    return "heatmap.rst" if name.startswith("heatmap_") else f"{name}.rst"
