"""What the paper's printed numbers say about each other, recomputed from config/published.csv.

Each function takes the published values (madx.reporting.published.read_published) and returns numbers alone; the
sentences around them are in madx.reporting.errata_page. Values are F1, EM or accuracy on 0-100, differences are points.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pandas as pd
import torch
from torch.nn.functional import layer_norm

from madx.adapters.adapter_set import AdapterShape, count_parameters
from madx.adapters.stack import STACKS
from madx.methods import METHODS

BASE = "xlm-roberta-base"
# Table 1; the dashed line of Table 2 stands between the two
COVERED = ("en", "ja", "zh", "ar", "jv", "sw", "is", "my")
UNSEEN = ("qu", "cdo", "ilo", "xmf", "mi", "mhr", "tk", "gn")
LANGUAGES = COVERED + UNSEEN
SOURCE = "en"  # of Table 5
NOMINAL_SIZE = 270_000_000  # of XLM-R base, in Table 4
SIZE = 277_453_056  # its weights and biases, without the MLM head and the pooler
# sections 4.3 and 5.2: bottlenecks of 384 (language), 192 (each of F and G) and 48 (task) in 12 layers of width 768
LANGUAGE = AdapterShape(layers=12, hidden_size=768, bottleneck_size=384)
INVERTIBLE = AdapterShape(layers=12, hidden_size=768, bottleneck_size=384, invertible_bottleneck_size=192)
TASK = AdapterShape(layers=12, hidden_size=768, bottleneck_size=48)
ADDED = {"madx": (INVERTIBLE, TASK), "madx-no-inv": (LANGUAGE, TASK), "madx-no-lad-inv": (TASK,)}


def table2_against_table5(published: pd.DataFrame) -> pd.DataFrame:
    """By method: Table 2's column `en`, and the mean over the 16 targets of Table 5, whose source is English.

    Columns printed (NaN: not seen), from_table5, difference; index method.
    """
    table2, table5 = _by_source(published), _from_english(published)
    rows = {
        method: {"printed": table2.get((method, SOURCE), math.nan), "from_table5": values.mean()}
        for method, values in table5.items()
    }
    frame = _in_order(pd.DataFrame.from_dict(rows, orient="index"))
    return frame.assign(difference=frame["from_table5"] - frame["printed"])


def table2_against_figure4(published: pd.DataFrame) -> pd.DataFrame:
    """By language: Table 2's MAD-X minus MLM-TRG, and the means of Figure 4's row (source) and column (target).

    Columns table2, row, column; index language. A row or column with an illegible cell has no mean (NaN).
    """
    cells = _figure4(published)
    return pd.DataFrame(
        {
            "table2": difference_by_source(published, "madx", "mlm-trg"),
            "row": cells.mean(axis=1, skipna=False),
            "column": cells.mean(axis=0, skipna=False),
        }
    )


def difference_by_source(published: pd.DataFrame, method: str, other: str) -> pd.Series:
    """By source: a method's cell of Table 2 minus another's."""
    table2 = _by_source(published)
    return pd.Series({code: table2[method, code] - table2[other, code] for code in LANGUAGES})


def table2_averages(published: pd.DataFrame) -> pd.DataFrame:
    """By method with all 16 cells: Table 2's printed average, and the mean of its cells. Columns printed, mean."""
    table2 = _by_source(published)
    rows = {}
    for method in METHODS:
        cells = [table2.get((method, code), math.nan) for code in LANGUAGES]
        if (method, "mean") in table2 and not any(map(math.isnan, cells)):
            rows[method] = {"printed": table2[method, "mean"], "mean": sum(cells) / len(cells)}
    return pd.DataFrame.from_dict(rows, orient="index")


def table5_averages(published: pd.DataFrame) -> pd.DataFrame:
    """By (base, method): Table 5's printed average, and the means of its cells without and with English.

    Columns printed, without_english, with_english.
    """
    rows = {}
    for key, cells in _item(published, "table5", base=None).groupby(["base", "method"], sort=False):
        values = cells.set_index("target")["value"]
        rows[key] = {
            "printed": values["mean-without-en"],
            "without_english": values[[code for code in LANGUAGES if code != SOURCE]].mean(),
            "with_english": values[list(LANGUAGES)].mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def table3_averages(published: pd.DataFrame) -> pd.DataFrame:
    """By (method, metric): Table 3's printed average, and the mean of its 11 cells, English among them.

    Columns printed, mean, difference (printed minus mean).
    """
    rows = {}
    for key, cells in _item(published, "table3").groupby(["method", "metric"], sort=False):
        values = cells.set_index("target")["value"]
        rows[key] = {"printed": values["mean-of-11"], "mean": values.drop("mean-of-11").mean()}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.assign(difference=frame["printed"] - frame["mean"])


def table4_counts(published: pd.DataFrame) -> pd.DataFrame:
    """By method: parameters counted from the sizes in section 5.2, beside Table 4's millions and per cent.

    Columns weights, weights_and_biases, millions and percent (of a nominal 270 million; weights only), and the two
    printed numbers. The adapters of one language and of one task are counted, without the task's head.
    """
    printed = _item(published, "table4").set_index(["method", "metric"])["value"]
    rows = {}
    for method, shapes in ADDED.items():
        weights = sum(_count(shape, biases=False) for shape in shapes)
        rows[method] = {
            "weights": weights,
            "weights_and_biases": sum(_count(shape, biases=True) for shape in shapes),
            "millions": weights / 1_000_000,
            "printed_millions": printed[method, "added_params_millions"],
            "percent": 100 * weights / NOMINAL_SIZE,
            "printed_percent": printed[method, "percent_of_base"],
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def xcopa_average(published: pd.DataFrame) -> dict[str, Any]:
    """The published average of MAD-X on XCOPA (`printed`), the `mean` of the cells, and the `cells` by language."""
    values = _item(published, "table_xcopa").query("method == 'madx'").set_index("target")["value"]
    cells = values.drop("mean-without-en")
    return {"printed": values["mean-without-en"], "mean": cells.mean(), "cells": dict(cells)}


def gains(published: pd.DataFrame, method: str, other: str) -> dict[str, tuple[str, ...]]:
    """Languages for which a method's F1 is above another's: `sources` in Table 2, `targets` from English in Table 5."""
    by_source, table5 = difference_by_source(published, method, other), _from_english(published)
    return {
        "sources": tuple(code for code in LANGUAGES if by_source[code] > 0),
        "targets": tuple(code for code in LANGUAGES if table5.loc[code, method] > table5.loc[code, other]),
    }


def figure4_scale(published: pd.DataFrame) -> pd.DataFrame:
    """By target, from English: Figure 4's cell, and what MAD-X and MLM-TRG of Table 5 give as points and per cent."""
    table5 = _from_english(published)
    points = table5["madx"] - table5["mlm-trg"]
    return pd.DataFrame(
        {"figure4": _figure4(published).loc[SOURCE], "points": points, "percent": 100 * points / table5["mlm-trg"]}
    )


def unseen_languages(published: pd.DataFrame) -> pd.DataFrame:
    """By method: the mean F1 of the 8 unseen languages as sources (Table 2) and as targets from English (Table 5).

    Columns as_sources (NaN where a cell was not seen), as_targets; index method.
    """
    table2, table5 = _by_source(published), _from_english(published)
    rows = {
        method: {
            "as_sources": sum(table2.get((method, code), math.nan) for code in UNSEEN) / len(UNSEEN),
            "as_targets": table5.loc[list(UNSEEN), method].mean(),
        }
        for method in table5
    }
    return _in_order(pd.DataFrame.from_dict(rows, orient="index"))


def placements() -> pd.DataFrame:
    """A worked example of equation 2 and of what the released code computes, in one layer of width 4.

    Columns paper, adapterhub; rows LA (language adapter), task_input (what D multiplies), residual (what is added),
    TA (task adapter) and output (of the layer); each cell is a list of four numbers. Layer norm without scale and
    shift; D and U of the language adapter, then of the task adapter, as written below.
    """
    x, r = torch.tensor([1.0, 0.0, -1.0, 2.0]), torch.tensor([0.5, 1.0, -0.5, 0.0])
    language = _bottleneck([[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, -1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0, 0]])
    task = _bottleneck([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, -1.0]], [[0.0, 1.0], [2.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    columns = {}
    for name, stack in STACKS.items():
        inputs, summed = [], []

        def norm(values, summed=summed):
            summed.append(values)
            return layer_norm(values, values.shape)

        def with_input_kept(values, inputs=inputs):
            inputs.append(values)
            return task(values)

        stack(norm, [language], x, r)
        language_output = summed[-1] - x  # the last sum under a layer norm is that of the last adapter and x
        output = stack(norm, [language, with_input_kept], x, r)
        task_output = summed[-1] - x
        columns[name] = {
            "LA": language_output.tolist(),
            "task_input": inputs[0].tolist(),
            "residual": (task_output - task(inputs[0])).tolist(),
            "TA": task_output.tolist(),
            "output": output.tolist(),
        }
    return pd.DataFrame(columns)


_count = cache(count_parameters)  # builds the modules


def _bottleneck(down: list[list[float]], up: list[list[float]]):
    """U·relu(D·h) for given D (bottleneck, width) and U (width, bottleneck)."""
    return lambda hidden: torch.tensor(up) @ torch.relu(torch.tensor(down) @ hidden)


def _item(published: pd.DataFrame, item: str, base: str | None = BASE) -> pd.DataFrame:
    rows = published[published["item"] == item]
    return rows if base is None else rows[rows["base"] == base]


def _by_source(published: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Table 2: value by (method, source)."""
    rows = _item(published, "table2")
    return dict(zip(zip(rows["method"], rows["source"], strict=True), rows["value"], strict=True))


def _from_english(published: pd.DataFrame) -> pd.DataFrame:
    """Table 5: targets by methods."""
    rows = _item(published, "table5")
    rows = rows[(rows["source"] == SOURCE) & rows["target"].isin(LANGUAGES)]
    return rows.pivot(index="target", columns="method", values="value").loc[list(LANGUAGES)]


def _figure4(published: pd.DataFrame) -> pd.DataFrame:
    """Figure 4: sources by targets, NaN where a cell was illegible."""
    cells = _item(published, "figure4").pivot(index="source", columns="target", values="value")
    return cells.reindex(index=LANGUAGES, columns=LANGUAGES)


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reindex([method for method in METHODS if method in frame.index])
