"""One table with its caption, written as CSV (full numbers), Markdown and LaTeX (booktabs)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from madx.files import atomic_path

DASH = "–"
WIDE = 90  # characters in a row beyond which a LaTeX table is scaled to the width of the text
LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "–": "--",
        "−": "$-$",
        "±": r"$\pm$",
        "✓": r"$\checkmark$",
        "×": r"$\times$",
        "≥": r"$\geq$",
    }
)


@dataclass(frozen=True)
class Table:
    """A table in two forms: `data` with numbers (the CSV file) and `shown` with strings, as people read it.

    best: (row, column) positions in `shown` that are set in bold.
    groups: (heading, number of columns) over the columns of `shown`, all columns covered; empty headings are allowed.
    rules: rows of `shown` above which LaTeX draws a line.
    """

    name: str
    caption: str
    data: pd.DataFrame
    shown: pd.DataFrame
    best: frozenset[tuple[int, int]] = frozenset()
    groups: tuple[tuple[str, int], ...] = ()
    rules: tuple[int, ...] = ()
    align: str = ""

    def markdown(self) -> str:
        """The caption, then the table in GitHub's Markdown."""
        align = ["left" if a == "l" else "right" for a in self._align()]
        cells = [
            [f"**{cell}**" if (i, j) in self.best else cell.replace("|", r"\|") for j, cell in enumerate(row)]
            for i, row in enumerate(self.shown.itertuples(index=False))
        ]
        frame = pd.DataFrame(cells, columns=self.shown.columns)
        return f"{self.caption}\n\n{frame.to_markdown(index=False, colalign=align, disable_numparse=True)}\n"

    def latex(self) -> str:
        """A booktabs table with caption and label; wide tables are scaled to the width of the text."""
        lines = [
            rf"\begin{{tabular}}{{@{{}}{self._align()}@{{}}}}",
            r"\toprule",
            *self._group_lines(),
        ]
        lines += [_latex_row(self.shown.columns), r"\midrule"]
        for i, row in enumerate(self.shown.itertuples(index=False)):
            if i in self.rules:
                lines.append(r"\midrule")
            lines.append(_latex_row(row, {j for k, j in self.best if k == i}))
        lines += [r"\bottomrule", r"\end{tabular}"]
        wide = self._width() > WIDE
        if wide:
            lines = [r"\resizebox{\textwidth}{!}{%", *lines, "}"]
        environment = "table*" if wide else "table"
        packages = (
            ["booktabs"] + (["graphicx"] if wide else []) + (["amssymb"] if "✓" in self.shown.to_string() else [])
        )
        return "\n".join(
            [
                f"% needs: {', '.join(packages)}",
                rf"\begin{{{environment}}}",
                r"\centering",
                rf"\caption{{{escape_latex(self.caption)}}}",
                rf"\label{{tab:{self.name}}}",
                *lines,
                rf"\end{{{environment}}}",
                "",
            ]
        )

    def _width(self) -> int:
        """Characters of the longest cells of all columns, blanks between columns included."""
        return sum(max(len(heading), *map(len, self.shown[heading])) + 2 for heading in self.shown)

    def _align(self) -> str:
        return self.align or "l" + "r" * (len(self.shown.columns) - 1)

    def _group_lines(self) -> list[str]:
        """Headings over groups of columns with a trimmed line under each."""
        if not self.groups:
            return []
        cells, lines, start = [], [], 1
        for heading, width in self.groups:
            cells.append(
                rf"\multicolumn{{{width}}}{{c}}{{{escape_latex(heading)}}}" if heading else " & " * (width - 1)
            )
            if heading:
                lines.append(rf"\cmidrule(lr){{{start}-{start + width - 1}}}")
            start += width
        return [" & ".join(cells) + r" \\", " ".join(lines)]


def write_table(table: Table, folder: str | Path) -> None:
    """Write <folder>/<name>.csv, .md and .tex; equal tables give equal bytes."""
    folder = Path(folder)
    with atomic_path(folder / f"{table.name}.csv") as temporary:
        table.data.to_csv(temporary, index=False, float_format="%.4f", lineterminator="\n")
    for ending, text in ((".md", table.markdown()), (".tex", table.latex())):
        with atomic_path(folder / f"{table.name}{ending}") as temporary:
            temporary.write_text(text, encoding="utf-8")


def number(value: float, decimals: int = 1) -> str:
    """A number as shown in tables; a dash where there is none."""
    return DASH if math.isnan(value) else f"{value:.{decimals}f}"


def signed(value: float, decimals: int = 1) -> str:
    """A difference as shown in tables, with its sign (zero has none)."""
    if math.isnan(value):
        return DASH
    text = f"{value:+.{decimals}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def with_deviation(mean: str, deviation: float) -> str:
    """A mean with its deviation over seeds; a dash for the deviation of one seed, one dash for no value at all."""
    return mean if mean == DASH else f"{mean} ± {number(deviation)}"


def escape_latex(text: str) -> str:
    return text.translate(LATEX)


def _latex_row(cells: Iterable[str], bold: set[int] | frozenset[int] = frozenset()) -> str:
    texts = [escape_latex(cell) for cell in cells]
    return " & ".join(rf"\textbf{{{text}}}" if j in bold else text for j, text in enumerate(texts)) + r" \\"
