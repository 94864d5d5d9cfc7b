"""What stands under the figures on a study's page."""

from __future__ import annotations

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.names import DIFFERENCES, curve_figure_names, methods_in_order, stem

FRAMED = "Framed cells: source and target are the same language."


def figure_captions(study: Study) -> dict[str, str]:
    """Caption of each figure by its stem, for every figure that `names.figure_names` announces."""
    captions = {"miniature_languages": "The same sentence in every constructed language, glossed, entities coloured."}
    for base in study.bases:
        for (method, other), name in DIFFERENCES.items():
            if {method, other} <= set(study.methods):
                captions[stem(study, name, base)] = (
                    f"{METHODS[method].label} minus {METHODS[other].label} on {base}, in NER F1 points (means over "
                    f"seeds). Rows are sources, columns targets; blue where {METHODS[method].label} is better. Colours "
                    f"are centred at zero; an arrow on the scale says that a few cells lie beyond it. {FRAMED}"
                )
        for method in methods_in_order(study):
            captions[stem(study, f"heatmap_{method}", base)] = (
                f"{METHODS[method].label} on {base}: NER F1, mean over {_seeds(study, method)}. Rows are sources, "
                f"columns targets; the colours of all such figures are on one scale. {FRAMED}"
            )
    for name in curve_figure_names(study):
        captions[name] = "Perplexity on held-out text while a language's adapters are trained by MLM; lower is better."
    return captions


def _seeds(study: Study, method: str) -> str:
    count = len(study.methods[method].seeds)
    return f"{count} seeds" if count > 1 else "one seed"
