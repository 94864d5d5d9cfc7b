"""What a plan counts: operations from settings and data, hours from measured rates."""

import json
import re

import numpy as np
import pytest

from madx.config import load_study
from madx.paths import Paths
from madx.planning import PlanError, PlannedJob, Rates, as_markdown, make_plan, operations
from madx.planning.plan import WORKS, Costs
from madx.planning.sizes import SEQUENCE, subwords
from tests.workflow.conftest import ROOT

RATES = Rates("machine", "float32", {"mlm": 1e12, "ner": 2e12, "fine-tuning": 3e12, "evaluation": 4e12})
BASE = {"base": "miniature-base"}


@pytest.fixture
def study(monkeypatch, tmp_path):
    table = {"languages_table": str(ROOT / "config/languages.tsv")}
    study = load_study(ROOT / "config/tiny-complete.yaml", table)
    monkeypatch.chdir(tmp_path)  # nothing is prepared there
    return study


def job(rule, **wildcards) -> PlannedJob:
    return PlannedJob(rule, BASE | wildcards)


def test_adaptation_costs_its_steps(study):
    shape, settings = Costs(study).shape("miniature-base"), study.adaptation
    tokens = study.by_category(settings.steps, "qaa") * settings.batch_size * study.corpora.block_length
    _, adapters = Costs(study).of(job("adapt_language", kind="lad-inv", language="qaa"))
    _, without = Costs(study).of(job("adapt_language", kind="lad", language="qaa"))
    work, whole = Costs(study).of(job("adapt_model", kind="full", language="qaa"))
    assert without < adapters < whole
    assert work == "mlm"
    assert whole == tokens * operations.mlm_model(shape, study.corpora.block_length, settings.mask_fraction)


def test_hours_follow_the_rate_of_the_work(study):
    training = job("train_task_adapter", task="ner", method="madx", source="qaa")
    tuning = job("fine_tune_model", task="ner", method="full-finetuning", source="qaa", seed="0")
    plan = make_plan(study, [training, tuning, tuning, job("make_page")], RATES)
    assert plan.total.jobs == 4
    assert plan.rows["fine_tune_model"].jobs == 2
    assert plan.rows["train_task_adapter"].hours == plan.rows["train_task_adapter"].operations / 2e12 / 3600
    assert plan.rows["fine_tune_model"].hours == 2 * plan.rows["fine_tune_model"].longest_hours
    assert plan.rows["make_page"].hours == 0
    assert plan.total.hours == sum(row.hours for row in plan.rows.values())
    assert "| fine_tune_model | 2 |" in as_markdown(plan)


def test_one_job_trains_all_seeds_of_adapters_and_one_of_models(study):
    costs, seeds = Costs(study), len(study.tasks["ner"].methods["madx-no-lad-inv"].seeds)
    _, all_seeds = costs.of(job("train_task_adapter", task="ner", method="madx-no-lad-inv", source="qaa"))
    study.tasks["ner"].methods["madx-no-lad-inv"].__dict__["seeds"] = (0,)
    _, one = costs.of(job("train_task_adapter", task="ner", method="madx-no-lad-inv", source="qaa"))
    assert all_seeds == seeds * one


def test_sizes_are_counted_once_the_data_are_tokenized(study):
    paths = Paths(study)
    estimated = subwords(study, paths, "miniature-base", "ner", "qaa", "test")
    assert estimated == study.by_category(study.tasks["ner"].data.test, "qaa") * SEQUENCE["ner"]
    path = paths.sequences("miniature-base", "ner", "qaa", "test")
    path.parent.mkdir(parents=True)
    np.savez(path, test_offsets=np.array([0, 5, 12]))
    assert subwords(study, paths, "miniature-base", "ner", "qaa", "test") == 12


def test_the_full_study_is_planned_from_published_sizes(monkeypatch, tmp_path):
    table = {"languages_table": str(ROOT / "config/languages.tsv")}
    study = load_study(ROOT / "config/paper.yaml", table)
    monkeypatch.chdir(tmp_path)
    costs = Costs(study)
    for base in study.bases:
        assert costs.shape(base).vocabulary > 100_000
        for task in study.tasks:
            for method in study.methods(task, base):
                for source in study.sources(task):
                    of = {"base": base, "task": task, "method": method, "source": source}
                    assert costs.of(PlannedJob("train_task_adapter", of))[1] > 0
                    assert costs.of(PlannedJob("evaluate_run", of))[1] > 0


def test_every_rule_that_takes_a_gpu_has_operations(study):
    """Only those: the others neither train nor evaluate."""
    rules = {}
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        blocks = re.split(r"^(?=use rule |rule )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for block in blocks[1:]:
            other, name = re.match(r"(?:use rule (\w+) as |rule )(\w+)", block).groups()
            rules[name] = "gpu=gpu()" in block or (rules[other] if other else False)
    found = {name for name, takes_gpu in rules.items() if takes_gpu}
    assert found == set(Costs(study).rules)


def test_unknown_data_are_named(study):
    study.bases["miniature-base"].__dict__.update(source="pretrained", path="somebody/unknown")
    plan = make_plan(study, [job("adapt_language", kind="lad", language="qaa")], RATES)
    assert plan.rows["adapt_language"].unknown == 1
    assert "(of 1 the data are not known yet)" in as_markdown(plan)


def test_rates_of_a_device_that_was_not_measured(tmp_path):
    path = tmp_path / "cpu.json"
    with pytest.raises(PlanError, match=r"cpu.json: no results of `make bench`"):
        Rates.read(path, "float32")
    row = {"work": "mlm", "precision": "float32", "device": "x", "operations_per_second": 1.0}
    path.write_text(json.dumps([row]), encoding="utf-8")
    with pytest.raises(PlanError, match="ner, fine-tuning, evaluation in float32 was not measured"):
        Rates.read(path, "float32")
    for content in ("{}", "[]", '[{"precision": "float32"}]', "[1]", json.dumps([row | {"operations_per_second": 0}])):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(PlanError, match=r"cpu.json: not a file that `make bench` wrote"):
            Rates.read(path, "float32")


def test_rates_are_of_one_device(tmp_path):
    path = tmp_path / "cpu.json"
    rows = [
        {"work": work, "precision": "float32", "device": device, "operations_per_second": rate}
        for device, rate in (("newest", 2.0), ("older", 1.0))
        for work in WORKS
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert Rates.read(path, "float32") == Rates("newest", "float32", dict.fromkeys(WORKS, 2.0))
