"""Table 4: how many parameters each method adds to the base."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from madx.config import Study
from madx.methods import METHODS
from madx.reporting.published import citation, published_rows
from madx.reporting.table import Table, number, signed

MILLION = 1_000_000


def parameter_table(
    study: Study,
    rows: Iterable[Mapping[str, str | int]],
    published: pd.DataFrame | None = None,
) -> Table:
    """Counts by method, weights only (as the paper counts) and with biases, also in per cent of the base.

    rows: mappings (or DataFrame.to_dict("records")) with base, method (a known method or any other text, shown as it
    is), weights, weights_and_biases and base_parameters, all whole numbers counted from the modules.
    """
    data, shown, rules, cited = [], [], [], []
    for row in rows:
        base, method, total = row["base"], row["method"], row["base_parameters"]
        percent = 100 * row["weights"] / total
        if data and data[-1]["base"] != base:
            rules.append(len(data))
        paper = {}
        for metric in ("added_params_millions", "percent_of_base"):
            seen = published_rows(study, published, base, "table4", metric)
            cited.append(seen)
            paper[metric] = dict(zip(seen["method"], seen["value"], strict=True)).get(method, math.nan)
        millions = row["weights"] / MILLION
        data.append(
            {
                "base": base,
                "method": method,
                "weights": row["weights"],
                "percent_of_base": percent,
                "weights_and_biases": row["weights_and_biases"],
                "percent_of_base_with_biases": 100 * row["weights_and_biases"] / total,
                "base_parameters": total,
                "paper_millions": paper["added_params_millions"],
                "difference_millions": millions - paper["added_params_millions"],
                "paper_percent": paper["percent_of_base"],
                "difference_percent": percent - paper["percent_of_base"],
            }
        )
        shown.append(
            {
                "base": base,
                "method": METHODS[method].label if method in METHODS else method,
                "weights": f"{row['weights']:,}",
                "% of base": number(percent, 2),
                "with biases": f"{row['weights_and_biases']:,}",
                "% of base, with biases": number(data[-1]["percent_of_base_with_biases"], 2),
                "paper, millions": number(paper["added_params_millions"], 2),
                "difference, millions": signed(data[-1]["difference_millions"], 2),
                "paper, %": number(paper["percent_of_base"], 2),
                "difference, %": signed(data[-1]["difference_percent"], 2),
            }
        )
    frame, strings = pd.DataFrame(data), pd.DataFrame(shown)
    seen = pd.concat(cited)
    note = ""
    if seen.empty:  # without a published base its columns would say nothing
        frame = frame.drop(columns=[column for column in frame if column.startswith(("paper", "difference"))])
        strings = strings.drop(columns=[column for column in strings if column.startswith(("paper", "difference"))])
    else:
        note = f"{citation(seen)} The paper cuts its counts and takes per cent of a nominal 270 million."
    sizes = ", ".join(
        f"{base} {total:,}" for base, total in frame.groupby("base", sort=False)["base_parameters"].first().items()
    )
    return Table(
        name="table4_parameters",
        caption="Table 4: parameters that a method adds to the base for one language and one task, weight matrices "
        f"only (as in the paper) and with biases, and in per cent of the base's own ({sizes}).{note}",
        data=frame,
        shown=strings if strings["base"].nunique() > 1 else strings.drop(columns="base"),
        rules=tuple(rules),
        align=("ll" if strings["base"].nunique() > 1 else "l") + "r" * (len(strings.columns) - 2),
    )
