"""The scores of single examples, as evaluation writes them beside the scores of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from madx.files import read_json
from madx.reporting.scores import ScoreError

COUNTS = ("tp", "fp", "fn")
TOLERANCE = 1e-6  # points, between a score and the one recomputed from its examples


def read_examples(
    scores_path: Path, metric: str, targets: Sequence[str], seeds: Sequence[int], counted: bool
) -> dict[str, np.ndarray]:
    """What one method, trained on one source, made of the test examples: target -> (examples, seeds, parts).

    The parts are tp, fp and fn, summed over entity types, or one value on 0-100; seeds in the order asked for. Equal
    positions are the same example for every method, source and seed. Read from the Parquet file beside a score file
    (JSON), which says how many examples each target has.

    counted: the examples have counts of spans, and rows without any are left out of the file. Raises ScoreError naming
    the file for a run that is missing and for scores that do not follow from their examples.
    """
    parquet_path = scores_path.with_suffix(".parquet")
    for path in (scores_path, parquet_path):
        if not path.exists():
            raise ScoreError(f"{path}: does not exist; evaluate this method and source again")
    known = {(row["target"], row["seed"]): row for row in read_json(scores_path)["scores"] if row["metric"] == metric}
    for run in ((target, seed) for target in targets for seed in seeds):
        if run not in known:
            raise ScoreError(f"{scores_path}: no {metric} for target {run[0]}, seed {run[1]}; evaluate again")
    parts = COUNTS if counted else (metric,)
    frame = pd.read_parquet(parquet_path)
    if missing := {"target", "seed", "example", *parts} - set(frame.columns):
        raise ScoreError(f"{parquet_path}: no column {', '.join(sorted(missing))}; evaluate again")
    target_of = pd.Categorical(frame["target"].astype(str), categories=list(targets)).codes
    seed_of = pd.Index(seeds).get_indexer(frame["seed"])
    values = {}
    for position, target in enumerate(targets):
        rows = (target_of == position) & (seed_of >= 0)
        size = _size(scores_path, target, [known[target, seed]["n_examples"] for seed in seeds])
        example = frame["example"].to_numpy()[rows]
        if len(example) and not 0 <= example.min() <= example.max() < size:
            raise ScoreError(f"{parquet_path}: target {target} has examples beyond the {size} that were scored")
        cells = example.astype(np.int64) * len(seeds) + seed_of[rows]
        sums = [np.bincount(cells, frame[part].to_numpy()[rows], size * len(seeds)) for part in parts]
        values[target] = np.stack(sums, axis=-1).reshape(size, len(seeds), len(parts))
        given = [known[target, seed]["value"] for seed in seeds]
        for seed, wanted, found in zip(seeds, given, score(values[target].sum(axis=0), size), strict=True):
            if not abs(found - wanted) <= TOLERANCE:
                raise ScoreError(
                    f"{scores_path}: {metric} of target {target}, seed {seed} is {wanted:.4f}, but its examples in"
                    f" {parquet_path.name} give {found:.4f}; evaluate again"
                )
    return values


def score(sums: np.ndarray, examples: int) -> np.ndarray:
    """Sums over examples (..., parts) -> scores (...) on 0-100: a mean, or micro F1 from counts (0 where undefined)."""
    if sums.shape[-1] == 1:
        return sums[..., 0] / examples
    tp, fp, fn = np.moveaxis(sums, -1, 0)
    all_spans = 2 * tp + fp + fn  # of the gold and of the predictions
    return np.divide(200 * tp, all_spans, out=np.zeros_like(tp), where=all_spans > 0)


def _size(path: Path, target: str, sizes: Sequence[int]) -> int:
    if len(set(sizes)) > 1:
        raise ScoreError(f"{path}: target {target} has scores from {min(sizes)} and from {max(sizes)} examples")
    return int(sizes[0])
