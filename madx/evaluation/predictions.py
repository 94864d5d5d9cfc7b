"""Predictions in CoNLL form: word, gold tag, predicted tag; a blank line after each sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from madx.data.windows import Windows
from madx.files import atomic_path


def write_conll(
    labelled: Mapping[str, Path], folder: Path, target: str, seed: int, windows: Windows, predicted: np.ndarray
) -> None:
    """Write folder/<target>.seed<seed>.conll for the test sentences of a target; predicted: (words,) tag ids.

    labelled: target -> its labelled test sentences (parquet).
    """
    import pyarrow.parquet as parquet

    sentences = parquet.read_table(labelled[target], columns=["tokens"])["tokens"].to_pylist()
    with atomic_path(folder / f"{target}.seed{seed}.conll") as temporary, open(temporary, "w", encoding="utf-8") as out:
        for number, tokens in enumerate(sentences):
            start = windows.gold_offsets[number]
            for position, token in enumerate(tokens, start=start):
                out.write(f"{token}\t{windows.tags[windows.gold[position]]}\t{windows.tags[predicted[position]]}\n")
            out.write("\n")
