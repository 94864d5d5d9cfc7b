"""What both sides of `make bench` are given, and that documents say what was measured."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import precision
from benchmarks.speed import works
from benchmarks.speed.__main__ import operations_per_token, table
from benchmarks.speed.windows import windows
from benchmarks.speed.works import WORKS
from madx.planning import plan

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
KEYS = {"work", "precision", "device", "ours", "peer", "unit", "ratio", "share_of_limit", "memory_ratio", "runs"}


def test_sentences_are_as_long_as_wikiann_s_and_batches_in_random_order_mostly_padding():
    lengths = works.sentence_lengths(20_000)
    assert lengths.mean() == pytest.approx(21, abs=0.3)
    batches = np.random.default_rng(0).permutation(lengths).reshape(-1, 16)
    assert 1 - batches.mean() / batches.max(axis=1).mean() == pytest.approx(0.57, abs=0.02)


def test_our_side_reads_the_sentences_of_the_peer_s():
    sentences = works.sentences(50)
    data = windows(sentences)
    for number, (ids, tags) in enumerate(sentences):
        (row,) = data.padded(data.input_ids, np.array([number]), -1)
        assert row.tolist() == ids.tolist()
        start, end = data.gold_offsets[number : number + 2]
        assert data.gold[start:end].tolist() == tags[tags >= 0].tolist()


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_every_work_has_sizes_and_operations(device):
    assert WORKS == plan.WORKS
    for name in WORKS:
        assert operations_per_token(works.work_on(device, name)) > 1e8


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_committed_results_are_whole_and_stand_in_the_readme(device):
    path = RESULTS / f"{device}.json"
    if not path.is_file():
        pytest.skip(f"nothing was measured on a {device} yet")
    rows = json.loads(path.read_text(encoding="utf-8"))
    assert {(row["work"], row["precision"]) for row in rows} == {(w, p) for w in WORKS for p in ("float32", "bfloat16")}
    for row in rows:
        assert row.keys() >= KEYS
        assert len(row["runs"]) >= 3
    assert table(rows) in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


def test_precisions_are_compared_by_the_spread_of_seeds():
    rows = [
        ("b", "ner", "madx", "qaa", target, seed, "f1", 10.0 + seed) for target in ("qaa", "qab") for seed in (0, 2)
    ]
    columns = ["base", "task", "method", "source", "target", "seed", "metric", "value"]
    one = pd.DataFrame(rows, columns=columns)
    near, far = (one.assign(value=one["value"] + shift) for shift in (1.4, -1.5))  # the deviation is 1.41
    assert precision.compare(one, near)["within"].tolist() == [True, True]
    table = precision.compare(one, far)
    assert table["within"].tolist() == [False, False]
    assert table["pairs"].tolist() == ["in-language", "transfer"]
    assert table["difference"].tolist() == [-1.5, -1.5]
    for other in (one[one["seed"] == 0], one.assign(metric="accuracy"), one.assign(method="madx-no-inv")):
        with pytest.raises(ValueError, match="the two do not score the same runs"):
            precision.compare(one, other)


def test_bad_arguments_of_the_benchmark_are_refused():
    for arguments in (["--work", "cooking"], ["--precision", "float16"], ["--device", "tpu"], ["--runs", "0"]):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.speed", *arguments], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert "Invalid value" in done.stderr
