"""What stands under the figures on a study's page."""

from __future__ import annotations

from collections.abc import Callable

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.labels import main_metric, measure
from madx.reporting.names import DIFFERENCES, Item, figures

FRAMED = "Framed cells: source and target are the same language."
# the paper's figures of each method's scores
HEATMAPS = {
    "full-finetuning": 7,
    "mlm-src": 8,
    "mlm-trg": 9,
    "madx-no-lad-inv": 10,
    "madx-no-inv": 11,
    "madx": 12,
}


def figure_captions(study: Study) -> dict[str, str]:
    """Caption of each figure by its stem, for every figure that `names.figures` announces."""
    return {item.name: CAPTIONS[item.kind](study, item) for item in figures(study)}


def _difference(study: Study, item: Item) -> str:
    number = item.kind.removeprefix("figure").partition("_")[0]
    madx, other = METHODS["madx"].label, METHODS[item.method].label
    return (
        f"Figure {number}: {madx} minus {other} on {item.base}, in {measure(study, item.task)} points (means over "
        f"seeds). Rows are sources, columns targets; blue where {madx} is better. Colours are centred at zero; an "
        f"arrow on the scale says that a few cells lie beyond it. {FRAMED}"
    )


def _heatmap(study: Study, item: Item) -> str:
    return (
        f"Figure {HEATMAPS[item.method]}: {METHODS[item.method].label} on {item.base}, {measure(study, item.task)}, "
        f"mean over {_seeds(study, item.task, item.method)}. Rows are sources, columns targets; the colours of all "
        f"such figures are on one scale. {FRAMED}"
    )


def _scores(study: Study, item: Item) -> str:
    guessing = {"accuracy": " Dotted: what guessing gives."}
    sources = study.sources(item.task)
    several = f" (mean over the sources {', '.join(sources)})" if len(sources) > 1 else f" from the source {sources[0]}"
    return (
        f"{measure(study, item.task)} on {item.base}{several} by target: mean and standard deviation over "
        f"{_all_seeds(study, item)}.{guessing.get(main_metric(study, item.task), '')}"
    )


def _sample_efficiency(study: Study, item: Item) -> str:
    return (
        f"Figure 6: {measure(study, item.task)} of {METHODS['madx'].label} on {item.base} from the source "
        f"{study.table5_source}, by steps of MLM adaptation of the target's adapters, all from one training run. Line "
        f"and band: mean ± standard deviation over {_seeds(study, item.task, 'madx')}."
    )


def _forest(study: Study, item: Item) -> str:
    settings = study.tasks[item.task].methods
    single = [METHODS[m].label for m in study.methods(item.task, item.base) if len(settings[m].seeds) == 1]
    alone = f" † one seed ({', '.join(single)}): only the test examples were resampled." if single else ""
    return (
        f"{METHODS['madx'].label} minus each other method on {item.base}, in {measure(study, item.task)} points, from "
        "all sources, with 95 % intervals of a hierarchical bootstrap over seeds and test examples. Diamonds are means "
        "over the targets below them; filled marks have an interval that excludes zero (nothing is corrected for "
        f"multiple comparisons).{alone}"
    )


CAPTIONS: dict[str, Callable[[Study, Item], str]] = {
    **dict.fromkeys(DIFFERENCES.values(), _difference),
    "heatmap": _heatmap,
    "scores": _scores,
    "figure6_sample_efficiency": _sample_efficiency,
    "forest": _forest,
    "ours_beside_published": lambda study, item: (
        "Ours against the published number of the same base, method, task and language; on the diagonal both are equal."
    ),
    "learning_curves": lambda study, item: (
        f"Perplexity on held-out text while {item.base} is adapted to a language by MLM; lower is better."
    ),
    "miniature_languages": lambda study, item: (
        "The same sentence in every constructed language, glossed, entities coloured."
    ),
    "miniature_tasks": lambda study, item: "One example of each task in every constructed language, with its answer.",
}


def _seeds(study: Study, task: str, method: str) -> str:
    count = len(study.tasks[task].methods[method].seeds)
    return f"{count} seeds" if count > 1 else "one seed"


def _all_seeds(study: Study, item: Item) -> str:
    """Seeds of all methods of a figure: 3 seeds, MLM-TRG one seed."""
    counts = {method: _seeds(study, item.task, method) for method in study.methods(item.task, item.base)}
    usual = max(counts.values(), key=list(counts.values()).count)
    others = [f"{METHODS[method].label} {count}" for method, count in counts.items() if count != usual]
    return ", ".join([usual, *others])
