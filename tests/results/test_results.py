"""What must hold of any finished study, whatever its numbers say."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from madx.evaluation.spans import scores_from_counts
from madx.files import file_digest
from madx.methods import METHODS


def test_every_run_has_every_target_and_seed(scores):
    grid = scores[scores["metric"] == "f1"].groupby(["base", "task", "method"])
    for name, rows in grid:
        cells = rows.groupby(["source", "target"])["seed"].agg(lambda s: tuple(sorted(s)))
        assert len(cells) == rows["source"].nunique() * rows["target"].nunique(), name
        assert cells.nunique() == 1, f"{name}: cells have different seeds"


def test_scores_lie_on_their_scale(scores):
    assert scores["value"].between(0, 100).all()
    assert (scores["n_examples"] > 0).all()


def test_scores_follow_from_the_sentence_counts(score_files):
    for path, run in score_files.items():
        counts = pd.read_parquet(path.with_suffix(".parquet"))
        sums = counts.groupby(["target", "seed"], observed=True)[["tp", "fp", "fn"]].sum()
        for row in run["scores"]:
            if row["metric"] == "f1":
                key = (row["target"], row["seed"])
                expected = scores_from_counts(sums.loc[key].to_numpy()) if key in sums.index else (0.0, 0.0, 0.0)
                assert row["value"] == pytest.approx(expected[2], abs=1e-6), (path, key)


def test_targets_are_scored_on_the_same_examples_by_every_method(scores):
    assert (scores.groupby(["task", "target", "metric"])["n_examples"].nunique() == 1).all()


def test_bases_are_unchanged(results):
    for description in (results / "base").glob("*/base.json"):
        base = json.loads(description.read_text(encoding="utf-8"))
        assert file_digest(description.parent / "model" / "model.safetensors") == base["fingerprint"]


def test_adapters_are_finite_and_of_this_base(results, score_files):
    for run in score_files.values():
        base, method, source = run["base"], run["method"], run["source"]
        fingerprint = json.loads((results / "base" / base / "base.json").read_text(encoding="utf-8"))["fingerprint"]
        folders = list((results / "runs" / base / run["task"] / method / source).glob("seed*/adapter.json"))
        if kind := METHODS[method].adaptation:
            targets = sorted({score["target"] for score in run["scores"]})
            folders += [results / "adaptations" / base / kind / target / "adapter.json" for target in targets]
        for path in folders:
            assert json.loads(path.read_text(encoding="utf-8"))["base"]["fingerprint"] == fingerprint, path
            assert all(np.isfinite(t).all() for t in load_file(path.with_name("adapter.safetensors")).values()), path


def test_scores_are_of_parts_trained_on_the_source_with_its_adapter(results, score_files):
    for path, run in score_files.items():
        base, source, kind = run["base"], run["source"], METHODS[run["method"]].adaptation
        data = file_digest(results / "labelled" / base / run["task"] / f"{source}.npz")
        adapter = kind and file_digest(results / "adaptations" / base / kind / source / "adapter.safetensors")
        trained = {part["seed"]: part for part in run["provenance"]["trained"]}
        assert trained.keys() == {score["seed"] for score in run["scores"]}, path
        for seed, part in trained.items():
            assert (part["data"], part["adaptation"]) == (data, adapter), (path, seed)
            for name, digest in part["weights"].items():
                file = results / "runs" / base / run["task"] / run["method"] / source / f"seed{seed}" / name
                assert not file.exists() or file_digest(file) == digest, file


def test_every_score_has_its_provenance(score_files):
    for path, run in score_files.items():
        assert {"configuration", "code", "git", "versions", "data"} <= run["provenance"].keys(), path
