"""Scores are joined completely or not at all."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from madx.reporting.scores import ScoreError, collect_scores, expected_runs, mean_and_deviation, score_array
from tests.unit.reporting.conftest import BASE


def write_files(folder, scores) -> list:
    paths = []
    for (base, method, task, source), rows in scores.groupby(["base", "method", "task", "source"]):
        path = folder / base / task / method / f"{source}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        cells = rows[["target", "seed", "metric", "value", "n_examples"]].to_dict("records")
        path.write_text(json.dumps({"base": base, "method": method, "task": task, "source": source, "scores": cells}))
        paths.append(path)
    return paths


def test_joined_scores_equal_the_files_in_any_order_to_the_byte(study, scores, tmp_path):
    paths = write_files(tmp_path, scores)
    collect_scores(study, paths, tmp_path / "a.parquet")
    collect_scores(study, reversed(paths), tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    key = ["base", "method", "task", "source", "target", "seed", "metric"]
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "a.parquet").sort_values(key, ignore_index=True),
        scores.sort_values(key, ignore_index=True),
    )


def test_expected_runs_are_methods_by_sources_by_targets_by_seeds(study, whole):
    assert len(expected_runs(study)) == 4 * 8 * 8 * 5
    ner = (5 * 5 + 1) * 64 + 2 * 5 * 64  # six methods with the first base, two with the second; mlm-trg has one seed
    assert len(expected_runs(whole)) == ner + 2 * (3 * 3 + 1) * 8 + 3 * 2 * (2 * 3 + 1) * 8


def test_scores_of_all_tasks_are_joined(whole, whole_scores, tmp_path):
    joined = collect_scores(whole, write_files(tmp_path, whole_scores), tmp_path / "scores.parquet")
    assert len(joined) == len(whole_scores)
    assert set(joined[joined["task"] == "qa"]["metric"]) == {"f1", "em"}
    assert set(joined[joined["task"] == "ccr"]["metric"]) == {"accuracy"}


@pytest.mark.parametrize(
    ("task", "method", "metric"), [("qa", "mlm-trg", "em"), ("ccr-copa", "madx", "accuracy"), ("ner", "mlm-src", "f1")]
)
def test_a_metric_that_a_run_lacks_is_named(whole, whole_scores, tmp_path, task, method, metric):
    rows = whole_scores
    of_run = (rows["task"] == task) & (rows["method"] == method) & (rows["base"] == BASE) & (rows["target"] == "qad")
    lacking = rows[~(of_run & (rows["metric"] == metric) & (rows["source"] == "qaa") & (rows["seed"] == 0))]
    message = f"no {metric} for base {BASE}, method {method}, task {task}, source qaa, target qad, seed 0;"
    with pytest.raises(ScoreError, match=message):
        collect_scores(whole, write_files(tmp_path, lacking), tmp_path / "scores.parquet")
    with pytest.raises(ScoreError, match=f"no {metric} for .* target qad, seed 0 in the scores"):
        score_array(whole, lacking, BASE, method, task, metric)


def test_further_metrics_may_stand_beside_those_of_the_task(study, scores, tmp_path):
    more = scores.assign(metric="f1_PER", n_examples=7)
    joined = collect_scores(study, write_files(tmp_path, pd.concat([scores, more])), tmp_path / "scores.parquet")
    assert len(joined) == 2 * len(scores)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.drop(s.index[7]), "no f1 for base miniature-base, method full-finetuning.*seed 2"),
        (lambda s: s[s["target"] != "qaf"], "no f1 for base miniature-base, method .*, target qaf, seed 0"),
        (lambda s: s[s["method"] != "madx-no-inv"], "no f1 for base miniature-base, method madx-no-inv, task ner"),
        (lambda s: s[(s["method"] != "madx") | (s["source"] != "qah")], "method madx, task ner, source qah"),
        (lambda s: pd.concat([s, s.iloc[[3]]]), "seed 3, metric f1 stands twice"),
        (lambda s: s.assign(seed=s["seed"].where(s.index != 9, 17)), "seed 17 is not part of study 'miniature'"),
        (lambda s: s.assign(value=s["value"].where(s.index != 9, 0.0) - 1e-9), "expected a number on 0-100"),
        (lambda s: s.assign(value=s["value"].where(s.index != 9)), "f1 is nan, expected a number"),
        (lambda s: s.assign(n_examples=s["n_examples"].where(s.index != 9, 51)), "from 50 and from 51 examples"),
    ],
)
def test_incomplete_or_foreign_scores_stop_and_leave_nothing(study, scores, tmp_path, change, message):
    paths = write_files(tmp_path, change(scores.reset_index(drop=True)))
    with pytest.raises(ScoreError, match=message):
        collect_scores(study, paths, tmp_path / "out" / "scores.parquet")
    assert not list((tmp_path / "out").glob("*"))


def test_array_keeps_the_study_s_order(study, scores):
    array = score_array(study, scores.sample(frac=1, random_state=1), BASE, "madx", "ner")
    row = scores[(scores.method == "madx") & (scores.source == "qab") & (scores.target == "qah") & (scores.seed == 3)]
    assert array.shape == (5, 8, 8)
    assert array[3, 1, 7] == row["value"].item()


def test_array_of_another_metric(whole, whole_scores):
    f1, em = (score_array(whole, whole_scores, BASE, "madx", "qa", metric) for metric in (None, "em"))
    rows = whole_scores.set_index(["task", "base", "method", "target", "seed", "metric"])["value"].sort_index()
    assert (f1[1, 0, 2], em[1, 0, 2]) == tuple(rows["qa", BASE, "madx", "qac", 1][["f1", "em"]])


def test_deviation_of_one_seed_is_no_number():
    import numpy as np

    mean, deviation = mean_and_deviation(np.array([[1.0, 2.0]]))
    assert mean.tolist() == [1.0, 2.0] and np.isnan(deviation).all()
