"""The mirror in MLflow: complete, exactly once, and never in the way."""

import json
import logging
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from madx.config import Study, load_study
from madx.tracking import Synced, sync_study, tracking_uri
from madx.tracking.records import read_records
from tests.unit.reporting.conftest import make_whole_study

BASE = "miniature-base"
TARGETS = {"qaa": 90.0, "qac": 60.0, "qae": 40.0, "qag": 20.0}
PROVENANCE = {
    "configuration": "c0",
    "code": "d0",
    "git": {"commit": "abc", "dirty": False},
    "versions": {"torch": "2.13"},
    "machine": {"device": "cpu", "precision": "bfloat16", "threads": 1},
    "data": {"qaa": "e0"},
}


@pytest.fixture(scope="module")
def study() -> Study:
    """The default study with its NER task alone."""
    study = load_study("config/config.yaml")
    return study.model_copy(update={"tasks": {"ner": study.tasks["ner"]}})


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def metrics(*lines: tuple[int | None, int, str, float]) -> str:
    rows = [
        {"step": step, "steps": 500, "seed": seed, "metric": name, "value": value, "time": 1.7e9 + step}
        for seed, step, name, value in lines
    ]
    return "".join(json.dumps(row) + "\n" for row in rows)


def write_scores(results: Path, of_target: dict[str, float]) -> None:
    scores = [
        {"target": target, "seed": seed, "metric": metric, "value": value + seed, "n_examples": 300}
        for target, value in of_target.items()
        for seed in (0, 1)
        for metric in ("f1", "f1_PER")
    ]
    content = {"base": BASE, "method": "madx", "task": "ner", "source": "qaa", "scores": scores}
    write(results / f"scores/{BASE}/ner/madx/qaa.json", json.dumps({**content, "provenance": PROVENANCE}))


@pytest.fixture
def results(tmp_path) -> Path:
    """A results folder with one adaptation, one (method, source) of two seeds and one seed without scores."""
    results = tmp_path / "results" / "miniature"
    adaptation = results / f"adaptations/{BASE}/lad-inv/qaa"
    write(adaptation / "metrics.jsonl", metrics(*[(0, step, "loss", 9 - step / 100) for step in range(0, 500, 100)]))
    write(adaptation / "adapter.json", json.dumps({"provenance": PROVENANCE}))
    write(results / f"corpora/{BASE}/qaa.bin", "blocks")
    for split in ("train", "dev", "test"):
        write(results / f"labelled/ner/qaa/{split}.parquet", split)
    write(results / f"runs/{BASE}/ner/full-finetuning/qaa/seed3.metrics.jsonl", metrics((3, 9, "loss", 1.0)))
    training = metrics(*[(seed, step, "dev_f1", seed + step / 10) for step in (10, 20) for seed in (0, 1)])
    write(results / f"runs/{BASE}/ner/madx/qaa/metrics.jsonl", training + metrics((None, 20, "tokens_per_second", 7.0)))
    write_scores(results, TARGETS)
    write(results / "tables/table5_zero_shot.md", "| table |")
    write(results / "figures/heatmap_madx.png", "picture")
    write(results / "README.md", "# Results")
    return results


def runs_by_path(study: Study, results: Path) -> dict:
    """Active runs by the path of their files; a path that is there twice is an error."""
    client = MlflowClient(tracking_uri(study, results))
    runs = client.search_runs([client.get_experiment_by_name(study.study).experiment_id])
    by_path = {run.data.tags["madx.run"]: run for run in runs}
    assert len(by_path) == len(runs), "a run is there twice"
    return by_path


def test_every_run_is_mirrored_once_and_changes_are_followed(study, results):
    """One test, since a new database takes seconds: first sync, second, changed score, interrupted sync."""
    client = MlflowClient(tracking_uri(study, results))

    assert sync_study(study, results) == Synced(created=5)
    runs = runs_by_path(study, results)
    place, unscored = f"runs/{BASE}/ner/madx/qaa", f"runs/{BASE}/ner/full-finetuning/qaa/seed3"
    assert set(runs) == {".", f"adaptations/{BASE}/lad-inv/qaa", f"{place}/seed0", f"{place}/seed1", unscored}

    adaptation = runs[f"adaptations/{BASE}/lad-inv/qaa"]
    curve = client.get_metric_history(adaptation.info.run_id, "loss")
    assert [(m.step, m.value, m.timestamp) for m in curve] == [
        (step, 9 - step / 100, round((1.7e9 + step) * 1000)) for step in range(0, 500, 100)
    ]
    assert adaptation.data.params["adaptation.steps"] == str(study.adaptation.steps)
    assert adaptation.data.tags["versions.torch"] == "2.13"
    assert [data.dataset.name for data in adaptation.inputs.dataset_inputs] == [f"{BASE}/qaa"]

    seed1 = runs[f"{place}/seed1"]
    expected = {
        "base": BASE,
        "method": "madx",
        "task": "ner",
        "source": "qaa",
        "seed": "1",
        "commit": "abc",
        "dirty": "false",
    }
    expected |= {"machine.device": "cpu", "machine.precision": "bfloat16"}
    expected |= {"configuration_digest": "c0", "code_digest": "d0", "mlflow.parentRunId": runs["."].info.run_id}
    assert expected.items() <= seed1.data.tags.items()
    assert seed1.data.params["tasks.ner.epochs"] == str(study.by_category(study.tasks["ner"].epochs, "qaa"))
    assert [m.value for m in client.get_metric_history(seed1.info.run_id, "dev_f1")] == [2.0, 3.0]
    values = {name: value for name, value in seed1.data.metrics.items() if name.startswith("f1")}
    assert values == {
        **{f"f1.{target}": value + 1 for target, value in TARGETS.items()},
        "f1.mean": 53.5,
        "f1.covered": 76.0,
        "f1.unseen": 31.0,
        "f1.high-resource-covered": 91.0,
        "f1.low-resource-covered": 61.0,
        "f1.low-resource-unseen": 41.0,
        "f1.truly-low-resource-unseen": 21.0,
    }
    assert seed1.data.metrics["tokens_per_second"] == 7.0
    contexts = {data.dataset.name: data.tags[0].value for data in seed1.inputs.dataset_inputs}
    assert contexts == {"ner/qaa/train": "training", "ner/qaa/dev": "validation", "ner/qaa/test": "test"}
    artifacts = {file.path for file in client.list_artifacts(runs["."].info.run_id)}
    assert artifacts == {"README.md", "tables", "figures", "configuration.json"}
    assert (results / "mlartifacts").is_dir()

    assert sync_study(study, results) == Synced(unchanged=5)
    assert runs_by_path(study, results).keys() == runs.keys()

    write_scores(results, {**TARGETS, "qaa": 95.0})
    assert sync_study(study, results) == Synced(updated=2, unchanged=3)
    changed = runs_by_path(study, results)
    assert changed[f"{place}/seed0"].data.metrics["f1.qaa"] == 95.0
    assert changed["."].info.run_id == runs["."].info.run_id

    # an interrupted sync: a run that was begun and not finished
    tags = {"madx.run": ".", "madx.digest": changed["."].data.tags["madx.digest"]}
    client.create_run(changed["."].info.experiment_id, tags=tags)
    client.delete_run(changed["."].info.run_id)
    assert sync_study(study, results) == Synced(updated=1, unchanged=4)
    repaired = runs_by_path(study, results)
    assert repaired[f"{place}/seed0"].data.tags["mlflow.parentRunId"] == repaired["."].info.run_id


def without(study: Study, method: str) -> Study:
    return with_methods(study, {name: it for name, it in study.tasks["ner"].methods.items() if name != method})


def with_methods(study: Study, methods: dict, **changes) -> Study:
    return study.model_copy(
        update={"tasks": {"ner": study.tasks["ner"].model_copy(update={"methods": methods, **changes})}}
    )


def test_only_what_the_study_asks_for_becomes_a_run(study, results):
    """Files of removed methods, seeds, sources and targets stay where they are and are not mirrored."""
    one_seed = study.tasks["ner"].methods["madx"].model_copy(update={"seeds": (1,)})
    paths = [record.path for record in read_records(with_methods(study, {"madx": one_seed}), results)]
    assert paths == [".", f"adaptations/{BASE}/lad-inv/qaa", f"runs/{BASE}/ner/madx/qaa/seed1"]

    fewer = with_methods(study, {"madx": one_seed}, targets=("qaa", "qac"))
    seed1 = read_records(fewer, results)[-1]
    assert {p.name for p in seed1.points if p.name.startswith("f1.q")} == {"f1.qaa", "f1.qac"}
    other_source = with_methods(study, {"madx": one_seed}, targets=("qaa", "qac"), sources=("qac",))
    assert [r.path for r in read_records(other_source, results)] == paths[:2]
    no_adaptation = with_methods(study, {"full-finetuning": one_seed})
    assert [r.path for r in read_records(no_adaptation, results)] == ["."]


def test_every_pair_of_mlm_trg_is_a_run(study, results):
    """Its models are trained for one target each: runs/.../<source>/<target>/seed<k>, scores in the source's file."""
    one_seed = study.tasks["ner"].methods["madx"].model_copy(update={"seeds": (0,)})
    trg = with_methods(study, {"mlm-trg": one_seed})
    place = f"{BASE}/ner/mlm-trg/qaa"
    for target, loss in (("qab", 0.5), ("qac", 0.7)):
        write(results / f"runs/{place}/{target}/seed0.metrics.jsonl", metrics((0, 9, "loss", loss)))
    rows = [
        {"target": t, "seed": 0, "metric": "f1", "value": v, "n_examples": 9} for t, v in (("qab", 50), ("qad", 60))
    ]
    content = {"base": BASE, "method": "mlm-trg", "task": "ner", "source": "qaa", "scores": rows}
    write(results / f"scores/{place}.json", json.dumps({**content, "provenance": PROVENANCE}))
    runs = {record.path: record for record in read_records(trg, results) if record.tags["kind"] == "run"}
    assert list(runs) == [f"runs/{place}/{target}/seed0" for target in ("qab", "qac", "qad")]
    points = {path: {(p.name, p.value) for p in run.points} for path, run in runs.items()}
    assert ("loss", 0.5) in points[f"runs/{place}/qab/seed0"] and ("f1.qab", 50) in points[f"runs/{place}/qab/seed0"]
    assert points[f"runs/{place}/qac/seed0"] == {("loss", 0.7)}
    assert ("f1.qad", 60) in points[f"runs/{place}/qad/seed0"] and ("f1.mean", 60) in points[f"runs/{place}/qad/seed0"]
    assert runs[f"runs/{place}/qab/seed0"].tags["target"] == "qab"


def test_runs_of_every_task_have_its_metrics(tmp_path):
    whole = make_whole_study()
    of_task = {"qa": ("f1", "em", "no_answer"), "ccr": ("accuracy",)}
    for task, names in of_task.items():
        rows = [
            {"target": t, "seed": 2, "metric": name, "value": 40.0, "n_examples": 9}
            for t in ("qaa", "qae")
            for name in names
        ]
        content = {"base": BASE, "method": "madx", "task": task, "source": "qaa", "scores": rows}
        write(tmp_path / f"scores/{BASE}/{task}/madx/qaa.json", json.dumps({**content, "provenance": PROVENANCE}))
    runs = {record.tags["task"]: record for record in read_records(whole, tmp_path) if record.tags["kind"] == "run"}
    assert {p.name for p in runs["qa"].points} >= {"f1.qaa", "em.qae", "em.mean", "f1.unseen"}
    assert not any(p.name.startswith("no_answer") for p in runs["qa"].points)
    assert {p.name for p in runs["ccr"].points} >= {"accuracy.qaa", "accuracy.mean"}
    assert runs["ccr"].parameters["tasks.ccr.starts_from"] == "ccr-siqa"
    assert runs["qa"].parameters["tasks.qa.stride"] == "16" and runs["qa"].parameters["learning_rate"] == "0.01"


def test_only_the_studys_tables_and_figures_are_kept_with_it(study, results):
    write(results / "tables/table_of_old.md", "old")
    write(results / "figures/heatmap_madx-old.png", "old")
    (record, *_) = read_records(study, results)
    kept = {(file.path.name, file.folder) for file in record.artifacts}
    assert kept == {("README.md", ""), ("table5_zero_shot.md", "tables"), ("heatmap_madx.png", "figures")}


def test_a_bases_pretraining_has_its_provenance(study, results):
    write(results / f"base/{BASE}/metrics.jsonl", metrics((None, 10, "loss", 5.0)))
    write(results / f"base/{BASE}/base.json", json.dumps({"name": BASE, "provenance": PROVENANCE}))
    (base,) = [record for record in read_records(study, results) if record.tags["kind"] == "base"]
    assert base.tags["configuration_digest"] == "c0" and base.tags["commit"] == "abc"
    write(results / f"base/{BASE}/base.json", json.dumps({"name": BASE, "provenance": {}}))
    assert "commit" not in read_records(study, results)[1].tags


def test_the_folder_of_the_data_does_not_count(study, results):
    moved = study.model_copy(update={"data_root": "/home/someone/data"})
    assert [r.digest for r in read_records(moved, results)] == [r.digest for r in read_records(study, results)]


def test_runs_that_the_study_no_longer_has_leave_its_own_database_but_no_other(study, results, tmp_path):
    uri = f"sqlite:///{tmp_path / 'shared.db'}"
    shared = study.model_copy(update={"tracking": study.tracking.model_copy(update={"uri": uri})})
    for tracked, deleted in ((study, 1), (shared, 0)):
        assert sync_study(tracked, results) == Synced(created=5)
        client = MlflowClient(tracking_uri(tracked, results))
        experiment = client.get_experiment_by_name(study.study)
        assert experiment.artifact_location == (results / "mlartifacts").resolve().as_uri()
        foreign = client.create_run(experiment.experiment_id).info.run_id
        counts = sync_study(without(tracked, "full-finetuning"), results)
        assert counts.deleted == deleted and counts.created == 0
        assert client.get_run(foreign).info.lifecycle_stage == "active", "not a run of ours"
        client.delete_run(foreign)
        gone = f"runs/{BASE}/ner/full-finetuning/qaa/seed3"
        assert (gone in runs_by_path(tracked, results)) == (not deleted)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "sqlite:////proc/nowhere/mlflow.db"])
def test_a_server_that_is_down_is_a_quick_warning(study, results, caplog, uri):
    down = study.model_copy(update={"tracking": study.tracking.model_copy(update={"uri": uri})})
    start = time.monotonic()
    with caplog.at_level(logging.WARNING, logger="madx"):
        assert sync_study(down, results) is None
    assert time.monotonic() - start < 10
    assert "madx sync" in caplog.text and uri in caplog.text
    assert all(record.levelno == logging.WARNING for record in caplog.records if record.name.startswith("madx"))


def test_no_mlflow_where_the_setting_is_off(study, results):
    off = study.model_copy(update={"tracking": study.tracking.model_copy(update={"mlflow": False})})
    assert sync_study(off, results) == Synced()
    assert not (results / "mlflow.db").exists()


def test_a_broken_metrics_file_is_named_with_its_line(study, results):
    file = results / f"adaptations/{BASE}/lad-inv/qaa/metrics.jsonl"
    file.write_text(file.read_text() + "{]\n")
    with pytest.raises(ValueError, match=r"metrics\.jsonl:6: not a line of metrics"):
        sync_study(study, results)


def test_a_line_that_is_being_written_is_left_for_the_next_time(study, results):
    file = results / f"adaptations/{BASE}/lad-inv/qaa/metrics.jsonl"
    before = read_records(study, results)
    file.write_text(file.read_text() + '{"step": 500, "met')
    assert [record.digest for record in read_records(study, results)] == [record.digest for record in before]
