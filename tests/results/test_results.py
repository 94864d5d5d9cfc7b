"""What must hold of any finished study, whatever its numbers say."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from madx.evaluation.spans import scores_from_counts
from madx.files import file_digest
from madx.methods import METHODS


def test_every_run_has_every_target_and_seed(scores):
    main = scores[scores["metric"].isin(["f1", "accuracy"])]
    for name, rows in main.groupby(["base", "task", "method"]):
        cells = rows.groupby(["source", "target"])["seed"].agg(lambda s: tuple(sorted(s)))
        assert len(cells) == rows["source"].nunique() * rows["target"].nunique(), name
        assert cells.nunique() == 1, f"{name}: cells have different seeds"


def test_scores_lie_on_their_scale(scores):
    assert scores["value"].between(0, 100).all()
    assert (scores["n_examples"] > 0).all()


def test_everything_was_read_at_the_recorded_commits(results):
    records = [json.loads(path.read_text(encoding="utf-8")) for path in (results / "revisions").glob("*.json")]
    commits = {(record["kind"], record["id"]): record["commit"] for record in records}
    labelled = list((results / "labelled").glob("*/*/*.parquet"))
    assert labelled
    read = [json.loads(pq.read_schema(path).metadata[b"madx.source"]) for path in labelled]
    texts = (results / "corpora" / "text").glob("*.json")
    read += [json.loads(path.read_text(encoding="utf-8"))["source"] for path in texts]
    for source in read:
        if source["source"] == "hub" and not Path(source["id"]).is_dir():
            assert source["revision"] == commits["dataset", source["id"]], source
    for path in (results / "base").rglob("base.json"):
        origin = json.loads(path.read_text(encoding="utf-8"))["origin"]
        if "path" in origin and not Path(origin["path"]).is_dir():
            assert origin["commit"] == commits["model", origin["path"]], path


def test_scores_follow_from_the_counts_of_every_example(score_files):
    for path, run in score_files.items():
        counts = pd.read_parquet(path.with_suffix(".parquet"))
        of_runs = dict(list(counts.groupby(["target", "seed"], observed=True)))
        for row in run["scores"]:
            key, metric = (row["target"], row["seed"]), row["metric"]
            if metric in counts:  # a value for every example
                assert len(of_runs[key]) == row["n_examples"], (path, key)
                expected = of_runs[key][metric].mean()
            elif metric == "f1":
                spans = of_runs[key][["tp", "fp", "fn"]].to_numpy() if key in of_runs else np.zeros((1, 3))
                expected = scores_from_counts(spans)[2]
            else:
                continue
            assert row["value"] == pytest.approx(expected, abs=1e-6), (path, key, metric)


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
        if METHODS[method].trains == "model":
            continue
        folders = list((results / "runs" / base / run["task"] / method / source).glob("seed*/adapter.json"))
        assert folders, (run["task"], method, source)
        if kind := METHODS[method].adaptation:
            targets = sorted({score["target"] for score in run["scores"]})
            folders += [results / "adaptations" / base / kind / target / "adapter.json" for target in targets]
        for path in folders:
            assert json.loads(path.read_text(encoding="utf-8"))["base"]["fingerprint"] == fingerprint, path
            assert all(np.isfinite(t).all() for t in load_file(path.with_name("adapter.safetensors")).values()), path


def test_scores_are_of_parts_trained_on_the_source_and_on_the_right_model(results, score_files):
    for path, run in score_files.items():
        base, task, source, method = run["base"], run["task"], run["source"], METHODS[run["method"]]
        data = file_digest(results / "labelled" / base / task / source / "training.npz")
        scored = {(score["target"], score["seed"]) for score in run["scores"]}
        parts = [(target, part) for part in run["provenance"]["trained"] for target in part["targets"]]
        assert sorted((target, part["seed"]) for target, part in parts) == sorted(scored), path
        for target, part in parts:
            adapted_to = {"source": source, "target": target}.get(method.adapted_to)
            model = results / "adaptations" / base / method.adaptation / adapted_to if adapted_to else None
            of_base = json.loads(((model or results / "base" / base) / "base.json").read_text(encoding="utf-8"))
            assert part["base"]["fingerprint"] == of_base["fingerprint"], (path, target)
            under = method.adapted_to == "both"
            folder = results / "adaptations" / base / str(method.adaptation) / source
            adapter = file_digest(folder / "adapter.safetensors") if under else None
            assert (part["data"], part["adaptation"]) == (data, adapter), (path, target, part["seed"])


def test_targets_were_scored_with_their_own_adapters(results, score_files):
    for path, run in score_files.items():
        kind = METHODS[run["method"]].adaptation if METHODS[run["method"]].adapted_to == "both" else None
        targets = {score["target"] for score in run["scores"]} if kind else set()
        folder = results / "adaptations" / run["base"] / str(kind)
        own = {target: file_digest(folder / target / "adapter.safetensors") for target in targets}
        assert run["provenance"]["adaptations"] == own, path


def test_figure_6_is_of_the_adapters_of_each_step(results):
    for path in (results / "sample_efficiency").glob("*/*/*.json"):
        run = json.loads(path.read_text(encoding="utf-8"))
        for target, steps in run["provenance"]["adaptations"].items():
            folder = results / "adaptations" / run["base"] / METHODS["madx"].adaptation / target
            files = {int(kept.name.removeprefix("step")): kept for kept in (folder / "steps").glob("step*")}
            last = json.loads((folder / "adapter.json").read_text(encoding="utf-8"))["steps"]
            for step, digest in steps.items():
                kept = folder if int(step) == last else files[int(step)]
                assert digest == file_digest(kept / "adapter.safetensors"), (path, target, step)


def test_second_stages_went_on_from_the_parts_that_were_scored(score_files):
    parts = {
        (run["base"], run["task"], run["method"], run["source"], target, part["seed"]): part
        for run in score_files.values()
        for part in run["provenance"]["trained"]
        for target in part["targets"]
    }
    scored = [part["weights"] for part in parts.values()]
    for run, part in parts.items():
        assert part["first_stage"] is None or part["first_stage"] in scored, run


def test_parts_that_are_still_there_are_those_that_were_scored(results, score_files):
    for run in score_files.values():
        folder = results / "runs" / run["base"] / run["task"] / run["method"] / run["source"]
        for part in run["provenance"]["trained"]:
            of_target = part["targets"][0] if METHODS[run["method"]].trains_per_target else ""
            for name, digest in part["weights"].items():
                file = folder / of_target / f"seed{part['seed']}" / name
                assert not file.exists() or file_digest(file) == digest, file


def test_every_score_has_its_provenance(score_files):
    for path, run in score_files.items():
        assert {"configuration", "code", "git", "versions", "data"} <= run["provenance"].keys(), path
