"""The bar chart of `make bench`: real tokens a second of each side, by work and precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from benchmarks.speed.works import CPU

COLOURS = {"ours": "#0072B2", "peer": "#E69F00", "trainer": "#999999"}  # Okabe and Ito's, told apart by all
NAMES = {"ours": "this project", "peer": "adapters, plain loop", "trainer": "adapters, AdapterTrainer"}


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """One panel a work, one group of bars a precision; the ratio to the plain loop above ours."""
    works = list(dict.fromkeys(row["work"] for row in rows))
    figure, panels = plt.subplots(
        1, len(works), figsize=(3.2 * len(works) + 0.6, 3.0), squeeze=False, layout="constrained"
    )
    for panel, work in zip(panels[0], works, strict=True):
        of_work = [row for row in rows if row["work"] == work]
        for place, row in enumerate(of_work):
            sides = [side for side in COLOURS if side in row]
            for number, side in enumerate(sides):
                x = place + 0.27 * (number - (len(sides) - 1) / 2)
                panel.bar(x, row[side], 0.25, color=COLOURS[side], label=NAMES[side] if place == 0 else None)
                if side == "ours":
                    panel.annotate(f"{row['ratio']:.1f}×", (x, row[side]), ha="center", va="bottom", fontsize=8)
        panel.set_xticks(range(len(of_work)), [row["precision"] for row in of_work])
        panel.set_title(CPU[work].title, fontsize=9)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    panels[0][0].set_ylabel("real tokens a second", fontsize=8)
    figure.legend(
        *panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8, frameon=False
    )
    figure.suptitle(rows[0]["device"], fontsize=9)
    figure.savefig(path, dpi=150)
    plt.close(figure)
