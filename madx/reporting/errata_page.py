"""docs/errata.md: where the paper's printed numbers contradict its text or each other, with the numbers that show it.

`python -m madx.reporting.errata_page` writes the page from config/published.csv.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import pandas as pd

from madx.files import atomic_path
from madx.methods import METHODS
from madx.reporting import errata as numbers
from madx.reporting.facts import markdown
from madx.reporting.published import read_published
from madx.reporting.table import DASH, number, signed

PUBLISHED, PAGE = Path("config/published.csv"), Path("docs/errata.md")
CELL = 0.05 + 1e-9  # what rounding to one decimal changes at most
INTRODUCTION = """\
# Errata of the paper

What is said here of MAD-X (Pfeiffer et al. 2020, arXiv 2005.00052, version 1; XCOPA: the EMNLP version) follows from
its own printed numbers, as they stand in `config/published.csv`. Each section says what is printed, what follows from
the numbers, and what this study prints. The numbers are recomputed by `madx/reporting/errata.py`; this page is written
by `python -m madx.reporting.errata_page`, and a test fails where page and numbers differ. None of this touches the
method: most points are about labels, and matter to whoever wants to compare with the paper.

A printed value is rounded to one decimal, so it says its true value to ±0.05; the mean of such values is as exact as
that, and differs from its own printed, rounded value by 0.1 at most. A dash stands for a number that was not seen.
"""
RIGHT = "## Checked and right\n\n"
NOT_RECOMPUTED = """\
## Not from the numbers

- Section 5.2 has one run of MLM-TRG for each pair of languages, appendices A and B five runs of every score. This study
  takes section 5.2's word, and prints a dash where one run leaves no deviation.
- Section 6.1 speaks of Figure 4 and names Figure 3's right half as the place to look.
- A plain model of the released code with a masked-language-modelling head never applies the invertible adapter's
  inverse in front of the output embedding (seen in `adapters` 1.3.0); its `…AdapterModel` classes do, as section 4.3
  says, and these are what the parity tests compare with.
- XQuAD is scored by SQuAD v1.1's rules, which compare the words between blanks. Thai and Chinese are written without,
  so that F1 lies closer to exact match there than in the other columns of Table 3; this study does the same.
- WikiANN's sentences come from Wikipedia, so the paper's language adapters have seen the test sentences, without
  labels. This study counts such sentences and can leave them out (`corpora.exclude_evaluation_text`, config/README.md).
"""


class ErrataError(ValueError):
    """Published values that do not bear out what the page says of them; the message is one line for the user."""


@dataclass(frozen=True)
class Erratum:
    """One section of the page.

    printed, follows, here: what the paper prints, what its numbers show, what this study prints. evidence: those
    numbers as strings. holds: whether the published values still show it.
    """

    title: str
    printed: str
    follows: str
    here: str
    evidence: pd.DataFrame
    holds: bool

    def markdown(self) -> str:
        said = {"Printed": self.printed, "What follows": self.follows, "Here": self.here}
        paragraphs = "\n\n".join(_wrapped(f"**{word}.** {text}") for word, text in said.items())
        return f"## {self.title}\n\n{paragraphs}\n\n{markdown(self.evidence, ['base', 'metric'])}\n"


def find_errata(published: pd.DataFrame) -> list[Erratum]:
    """Every erratum with its recomputed numbers, in the order of the page."""
    return [
        _columns_by_table5(published),
        _columns_by_figure4(published),
        _counts_of_sources(published),
        _claims_about_unseen_targets(published),
        _table5_average(published),
        _table3_average(published),
        _table4_counts(published),
        _xcopa_average(published),
        _relative_improvement(published),
        _released_code(),
    ]


def errata_page(published: pd.DataFrame) -> str:
    """The page as Markdown. Raises ErrataError naming a section that the published values do not bear out."""
    sections = find_errata(published)
    for section in sections:
        if not section.holds:
            raise ErrataError(
                f"the published values no longer show {section.title!r}; compare them with the paper, or change the "
                "section in madx/reporting/errata_page.py"
            )
    table2 = numbers.table2_averages(published)
    if not _near(table2["printed"], table2["mean"]):
        raise ErrataError("the averages of Table 2 do not follow from its cells; the page says that they do")
    averages = (f"{METHODS[m].label} {number(v, 2)} (printed {number(p)})" for m, p, v in table2.itertuples())
    right = RIGHT + _wrapped(
        f"Table 2's averages are the means of their rows' 16 cells: {_list(averages)}; MLM-SRC's row was not seen "
        "whole. All averages of Tables 3 and 5 but the one above follow from their cells."
    )
    return "\n".join([INTRODUCTION, *(section.markdown() for section in sections), f"{right}\n", NOT_RECOMPUTED])


def write_errata_page(published: str | Path = PUBLISHED, page: str | Path = PAGE) -> None:
    """Write the page from a file of published values."""
    with atomic_path(page) as temporary:
        temporary.write_text(errata_page(read_published(published)), encoding="utf-8")


def _columns_by_table5(published: pd.DataFrame) -> Erratum:
    found = numbers.table2_against_table5(published)
    seen = found.dropna()
    return Erratum(
        title="Table 2's columns are sources: the English column",
        printed="Table 2's caption and section 6.1 say that each column is a target language, averaged over 16 "
        "sources.",
        follows="Table 5 has every target's F1 with English as the source. Its mean over all 16 targets, English "
        f"itself included, is Table 2's column `en` for each of the {len(seen)} methods whose cell was seen. So a "
        "column of Table 2 is a source, and a cell its mean over 16 targets.",
        here="Table 2 twice, each direction with its name: `table2_by_source`, as published and with the published "
        "numbers beside it, and `table2_by_target`, as the caption has it, without them.",
        evidence=_by_method(
            found,
            {"Table 2, column en": ("printed", 1), "mean of Table 5": ("from_table5", 2)},
            difference="difference",
        ),
        holds=len(seen) > 1 and bool((seen["difference"].abs() < 2 * CELL).all()),
    )


def _columns_by_figure4(published: pd.DataFrame) -> Erratum:
    found = numbers.table2_against_figure4(published)
    rows, columns = found.dropna(subset="row"), found.dropna(subset="column")
    invertible = numbers.difference_by_source(published, "madx", "madx-no-inv")
    off_rows = (rows["row"] - rows["table2"]).abs()
    off_columns = (columns["column"] - columns["table2"]).abs()
    return Erratum(
        title="Table 2's columns are sources: every other column",
        printed="The same caption; Figure 4 shows MAD-X minus MLM-TRG for each pair, sources as rows, targets as "
        "columns.",
        follows=f"For each of the {len(rows)} rows of Figure 4 that are wholly legible, the row's mean is Table 2's "
        f"MAD-X minus its MLM-TRG, to {off_rows.max():.2f} points. The columns' means are not: for the {len(columns)} "
        f"legible ones they are off by {off_columns.mean():.1f} points on average, and by {off_columns.max():.1f} at "
        "most. "
        "Section 7 agrees: it names Maori as the one low-resource source for which invertible adapters cost F1, and "
        f"Maori's is the column of Table 2 in which MAD-X loses most to MAD-X – INV ({signed(invertible['mi'])}).",
        here="As above. The heat maps print the means of their rows and columns, so that the two tables can be read "
        "off.",
        evidence=pd.DataFrame(
            {
                "language": found.index,
                "Table 2: MAD-X minus MLM-TRG": found["table2"].map(signed),
                "mean of Figure 4's row (source)": found["row"].map(lambda value: signed(value, 2)),
                "mean of Figure 4's column (target)": found["column"].map(lambda value: signed(value, 2)),
            }
        ),
        # a difference of two printed values is exact to twice a value's rounding
        holds=len(rows) > 1
        and bool((off_rows < 3 * CELL).all())
        and bool((off_columns > 3 * CELL).any())
        and invertible.idxmin() == "mi",
    )


def _counts_of_sources(published: pd.DataFrame) -> Erratum:
    pairs = {
        ("mlm-trg", "full-finetuning"): "9/16",
        ("madx", "madx-no-inv"): "13/16",
        ("madx", "mlm-trg"): DASH,
        ("madx", "full-finetuning"): DASH,
    }
    found = {pair: numbers.gains(published, *pair) for pair in pairs}
    by_source = {pair: f"{len(codes['sources'])}/16" for pair, codes in found.items()}
    invertible = found["madx", "madx-no-inv"]
    without = [code for code in numbers.LANGUAGES if code not in invertible["sources"]]
    return Erratum(
        title="“9/16” and “13/16” count sources",
        printed="Section 6.1 has MLM-TRG gain over XLM-R on 9 of 16 target languages, and MAD-X over MAD-X – INV on "
        "13.",
        follows="Both counts are of Table 2's columns, which are sources. As sources the invertible adapters do not "
        f"help for {_list(without)}. Counts of targets need the figures of all pairs; from English alone (Table 5) "
        "they are other numbers, as the last column shows.",
        here="Wins are counted per source and per target, each under its own heading.",
        evidence=pd.DataFrame(
            [
                (
                    f"{METHODS[method].label} over {METHODS[other].label}",
                    said,
                    by_source[method, other],
                    f"{len(found[method, other]['targets'])}/16",
                )
                for (method, other), said in pairs.items()
            ],
            columns=["gain of", "in the text", "sources (Table 2)", "targets from English (Table 5)"],
        ),
        holds=all(by_source[pair] == said for pair, said in pairs.items() if said != DASH),
    )


def _claims_about_unseen_targets(published: pd.DataFrame) -> Erratum:
    found = numbers.unseen_languages(published)
    sources, targets = found["as_sources"], found["as_targets"]
    adaptation = targets["mlm-trg"] - targets["full-finetuning"]
    adapters = targets["madx-no-lad-inv"] - targets["full-finetuning"]
    return Erratum(
        title="What is said of unseen targets holds for unseen sources",
        printed="Section 6.1 reads Table 2's right half as unseen targets: there the gains of MLM-TRG vanish, and a "
        "task adapter alone falls well behind full fine-tuning.",
        follows="As sources, yes: "
        f"{signed(sources['mlm-trg'] - sources['full-finetuning'])} points for MLM-TRG and "
        f"{signed(sources['madx-no-lad-inv'] - sources['full-finetuning'])} for the task adapter alone. As targets "
        f"from English, where Table 5 can tell, no: MLM-TRG gains {adaptation:.1f} points over full fine-tuning on "
        f"the eight unseen languages, and the task adapter alone is level with it ({signed(adapters)}). There MLM-TRG "
        f"is also {targets['mlm-trg'] - targets['madx']:.1f} points above MAD-X, whose better average in Table 5 "
        "comes from covered targets.",
        here="Summaries by category of the target, over all sources, in-language and in transfer, and each method's "
        "difference from MAD-X with its interval.",
        evidence=_by_method(
            found,
            {
                "8 unseen languages as sources (Table 2)": ("as_sources", 1),
                "as targets from English (Table 5)": ("as_targets", 1),
            },
        ),
        holds=bool(
            sources["mlm-trg"] < sources["full-finetuning"]
            and adaptation > 1
            and abs(adapters) < 2 * CELL
            and sources["full-finetuning"] - sources["madx-no-lad-inv"] > 1
            and targets["mlm-trg"] > targets["madx"]
        ),
    )


def _table5_average(published: pd.DataFrame) -> Erratum:
    found = numbers.table5_averages(published)
    higher = found["with_english"] - found["without_english"]
    return Erratum(
        title="Table 5's average leaves English out, Table 3's includes it",
        printed="Both tables transfer from English and have a column `avg`; neither says over what.",
        follows="Table 5's averages are means over the 15 other targets; with English they would be "
        f"{higher.min():.1f} to {higher.max():.1f} points higher. Table 3's are means over all 11 languages, English "
        "included (next section).",
        here="The heading of the zero-shot table says what is left out. Beside a published average stands ours over "
        "the same languages.",
        evidence=pd.DataFrame(
            [
                (METHODS[method].label, base, number(printed), number(without, 2), number(including, 2))
                for (base, method), printed, without, including in found.itertuples()
            ],
            columns=["method", "base", "printed avg", "mean of 15", "mean of 16"],
        ),
        holds=_near(found["printed"], found["without_english"]) and bool((higher > 2 * CELL).all()),
    )


def _table3_average(published: pd.DataFrame) -> Erratum:
    found = numbers.table3_averages(published)
    wrong = found.loc[("madx-no-inv", "f1")]
    ours = found.loc[("madx", "f1")]
    others = found.drop(index=("madx-no-inv", "f1"))
    return Erratum(
        title="Table 3: the F1 average of MAD-X – INV",
        printed=f"{number(wrong['printed'])} F1 on average over the 11 languages of XQuAD.",
        follows=f"Its eleven F1 scores average {number(wrong['mean'], 2)}. Its EM average is right, and so are all "
        f"other averages of the table. MAD-X is thus {number(ours['mean'] - wrong['mean'])} points ahead of MAD-X – "
        f"INV, not {number(ours['printed'] - wrong['printed'])}.",
        here="Averages are taken from the cells. The published average stands beside ours as it is printed.",
        evidence=pd.DataFrame(
            [
                (METHODS[method].label, {"f1": "F1", "em": "EM"}[metric], *row)
                for (method, metric), row in zip(
                    found.index,
                    zip(
                        found["printed"].map(number),
                        found["mean"].map(lambda value: number(value, 2)),
                        found["difference"].map(lambda value: signed(value, 2)),
                        strict=True,
                    ),
                    strict=True,
                )
            ],
            columns=["method", "metric", "printed avg", "mean of 11", "printed minus mean"],
        ),
        holds=abs(wrong["difference"]) > 1 and _near(others["printed"], others["mean"]),
    )


def _table4_counts(published: pd.DataFrame) -> Erratum:
    found = numbers.table4_counts(published)
    whole, task = found.loc["madx"], found.loc["madx-no-lad-inv"]
    per_language = int(whole["weights"] - task["weights"])
    cut_and_rounded = [
        (_cut(row[of]) == row[f"printed_{of}"], round(row[of], 2) == row[f"printed_{of}"])
        for _, row in found.iterrows()
        for of in ("millions", "percent")
    ]
    return Erratum(
        title="Table 4 counts weight matrices, and cuts",
        printed=f"{whole['printed_millions']} million parameters for MAD-X, {whole['printed_percent']} % of a base of "
        "270 million, added for every language.",
        follows=f"With the sizes of section 5.2 the weight matrices have {int(whole['weights']):,} entries; with "
        f"biases there are {int(whole['weights_and_biases']):,} parameters. Counts and percentages are cut after two "
        f"decimals, not rounded: {sum(not rounded for _, rounded in cut_and_rounded)} of the {len(cut_and_rounded)} "
        f"numbers would differ if rounded. Of its own parameters (weights and biases, {numbers.SIZE:,}) MAD-X adds "
        f"{100 * whole['weights_and_biases'] / numbers.SIZE:.2f} %. The count includes the task adapter, which all "
        f"languages share: one more language costs {per_language:,} weights, "
        f"{100 * per_language / numbers.NOMINAL_SIZE:.2f} % of 270 million.",
        here="Both counts, made from the modules, in per cent of the base's own size.",
        evidence=pd.DataFrame(
            [
                (
                    METHODS[method].label,
                    f"{int(row['weights']):,}",
                    f"{int(row['weights_and_biases']):,}",
                    number(row["printed_millions"], 2),
                    number(row["percent"], 4),
                    number(row["printed_percent"], 2),
                )
                for method, row in found.iterrows()
            ],
            columns=["method", "weights", "with biases", "printed, millions", "% of 270 million", "printed, %"],
        ),
        holds=all(cut for cut, _ in cut_and_rounded) and not all(rounded for _, rounded in cut_and_rounded),
    )


def _xcopa_average(published: pd.DataFrame) -> Erratum:
    found = numbers.xcopa_average(published)
    return Erratum(
        title="XCOPA's published average is over 11 languages",
        printed=f"{number(found['printed'], 2)} accuracy for MAD-X on XLM-R base in XCOPA's list of results.",
        follows=f"The mean over its {len(found['cells'])} languages is {number(found['mean'], 3)}. English is not "
        "among them, although the EMNLP version speaks of 12 languages.",
        here="The average beside it is over the same languages; English COPA has a column of its own.",
        evidence=pd.DataFrame(
            [(*map(number, found["cells"].values()), number(found["printed"], 2), number(found["mean"], 3))],
            columns=[*found["cells"], "printed avg", "mean"],
        ),
        holds=abs(found["printed"] - found["mean"]) < 0.005 + 1e-9 and "en" not in found["cells"],
    )


def _relative_improvement(published: pd.DataFrame) -> Erratum:
    found = numbers.figure4_scale(published)
    off_points, off_percent = ((found["figure4"] - found[of]).abs() for of in ("points", "percent"))
    worst = off_percent.idxmax()
    return Erratum(
        title="“Relative F1 improvement” is a difference in points",
        printed="Figures 3 to 5 are captioned as relative improvements in F1.",
        follows="Figure 4's row for English can be taken from Table 5: MAD-X minus MLM-TRG in points gives each cell "
        f"to {off_points.max():.1f}. In per cent of MLM-TRG the cells would be others, by up to "
        f"{off_percent.max():.0f} (to {worst}: {signed(found.loc[worst, 'percent'])} %, printed "
        f"{signed(found.loc[worst, 'figure4'])}).",
        here="These figures say “minus” and “F1 points”.",
        evidence=pd.DataFrame(
            {
                "target, from en": found.index,
                "Figure 4": found["figure4"].map(signed),
                "difference in points (Table 5)": found["points"].map(signed),
                "in per cent": found["percent"].map(signed),
            }
        ),
        # the cell and both values of Table 5 are rounded
        holds=bool((off_points < 3 * CELL).all()) and bool((off_percent > 1).any()),
    )


def _released_code() -> Erratum:
    found = numbers.placements()
    same = found.loc["LA", "paper"] == found.loc["LA", "adapterhub"]
    labels = {
        "LA": "LA, the language adapter's output",
        "task_input": "what the task adapter reads",
        "residual": "what is added to it",
        "TA": "TA, the task adapter's output",
        "output": "the layer's output",
    }
    return Erratum(
        title="The released code does not compute equation 2",
        printed="Equation 2: the task adapter reads the language adapter's output, and the feed-forward block's "
        "output r is added, TA = U·relu(D·LA) + r. Footnote 2 found this residual better than the language adapter's "
        "output.",
        follows="In the `adapters` library (1.3.0), and so for the adapters published with it, an adapter on top of "
        "another reads a layer norm and adds the other's output: TA = U·relu(D·LayerNorm(LA + x)) + LA, with x the "
        "feed-forward block's input. For a language adapter alone the two are the same; with a task adapter on top "
        "they are different functions, as in one layer of width 4 with x = (1, 0, −1, 2) and r = (0.5, 1, −0.5, 0) "
        "(`madx.reporting.errata.placements` has the weights).",
        here="The setting `adapters.stack` has both, `paper` (the default) and `adapterhub` (for published adapters); "
        "it is recorded with every score.",
        evidence=pd.DataFrame(
            [
                (labels[name], *("(" + ", ".join(_minus(v) for v in values) + ")" for values in row))
                for name, row in found.iterrows()
            ],
            columns=["", "equation 2 (`paper`)", "released code (`adapterhub`)"],
        ),
        holds=same and found.loc["output", "paper"] != found.loc["output", "adapterhub"],
    )


def _by_method(frame: pd.DataFrame, columns: dict[str, tuple[str, int]], difference: str | None = None) -> pd.DataFrame:
    """Strings of some columns (heading: (name, decimals)), methods by their labels, and perhaps a signed difference."""
    shown = {"method": [METHODS[method].label for method in frame.index]}
    for heading, (name, decimals) in columns.items():
        shown[heading] = [number(value, decimals) for value in frame[name]]
    if difference:
        shown["difference"] = [signed(value, 2) for value in frame[difference]]
    return pd.DataFrame(shown)


def _near(printed: pd.Series, mean: pd.Series) -> bool:
    """Whether printed averages are what follows from cells, both being rounded."""
    return bool(((printed - mean).abs() < 2 * CELL).all())


def _cut(value: float) -> float:
    """A number cut after two decimals."""
    return math.floor(100 * value) / 100


def _minus(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _wrapped(text: str) -> str:
    return fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _list(words) -> str:
    return ", ".join(words)


if __name__ == "__main__":
    write_errata_page()
