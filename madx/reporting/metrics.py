"""Perplexity of the language adaptations, read from their metrics files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

KINDS = ("full", "lad", "lad-inv")  # of adaptation, in the order of tables
COLUMNS = ["base", "kind", "language", "step", "perplexity"]


def read_perplexities(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Perplexity on held-out text by step, from files .../<base>/<kind>/<language>/metrics.jsonl.

    Columns base, kind, language, step, perplexity; sorted; of a step that was measured again (after a resume) the last
    value counts. Raises ValueError naming file and line for a line that is no such record.
    """
    rows: dict[tuple, float] = {}
    for path in map(Path, paths):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                record = json.loads(line)
                if record["metric"] == "perplexity":
                    rows[(*path.parts[-4:-1], record["step"])] = float(record["value"])
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{path}:{number}: no metrics record; run this adaptation again") from None
    return pd.DataFrame([(*key, value) for key, value in sorted(rows.items())], columns=COLUMNS)
