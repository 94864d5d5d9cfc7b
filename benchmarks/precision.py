r"""Whether the precision of the computation changes what a study finds: method means of two runs of the same study.

    .venv/bin/madx study
    sed -e 's/^study:.*/study: miniature-bfloat16/' -e 's/precision: float32/precision: bfloat16/' config/config.yaml \
        > config/bfloat16.yaml
    .venv/bin/madx study --configfile config/bfloat16.yaml
    .venv/bin/python -m benchmarks.precision results/miniature/scores.parquet results/miniature-bfloat16/scores.parquet

Means are over all pairs of source and target, for each seed; compared are their means over seeds.
"""

from __future__ import annotations

import sys

import pandas as pd

METRIC = "f1"
KEYS = ["base", "task", "method", "pairs"]


def compare(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """A row for each base, task, method and kind of pair: both means and deviations over seeds, and their difference.

    one, other: rows of scores.parquet. `within`: the difference is smaller than the first's standard deviation. Raises
    ValueError where they do not score the same runs.
    """
    found = []
    for scores in (one, other):
        scores = scores[scores["metric"] == METRIC]
        kind = (scores["source"] == scores["target"]).map({True: "in-language", False: "transfer"})
        found.append(scores.assign(pairs=kind).groupby([*KEYS, "seed", "source", "target"])["value"].mean())
    if found[0].empty or not found[0].index.equals(found[1].index):
        raise ValueError(f"the two do not score the same runs by {METRIC}")
    found = [of.groupby([*KEYS, "seed"]).mean().groupby(KEYS).agg(["mean", "std"]) for of in found]
    table = pd.concat([found[0].add_suffix("_one"), found[1].add_suffix("_other")], axis=1)
    table["difference"] = table["mean_other"] - table["mean_one"]
    table["within"] = table["difference"].abs() < table["std_one"]
    return table.reset_index()


def main(one: str, other: str) -> None:
    """Print the comparison as Markdown."""
    table = compare(pd.read_parquet(one), pd.read_parquet(other))
    print("| task | method | pairs | first | second | difference | below the first's deviation |")
    print("| --- | --- | --- | ---: | ---: | ---: | --- |")
    for row in table.itertuples():
        means = f"{row.mean_one:.1f} ± {row.std_one:.1f} | {row.mean_other:.1f} ± {row.std_other:.1f}"
        verdict = "yes" if row.within else "no"
        print(f"| {row.task} | {row.method} | {row.pairs} | {means} | {row.difference:+.2f} | {verdict} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
