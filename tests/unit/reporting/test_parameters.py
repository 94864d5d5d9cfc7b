"""Table 4 counts each adapter method of any task once for each base that it is used with."""

from __future__ import annotations

import json

from madx.reporting.parameters import added_parameters
from tests.unit.reporting.conftest import ADAPTERS, BASE, SECOND, make_whole_study

DESCRIPTION = {"layers": 3, "hidden_size": 128, "body_parameters": 1000}


def test_methods_of_all_tasks_stand_there_once(whole, tmp_path):
    tasks = whole.model_dump()["tasks"]
    tasks["ner"]["methods"] = {"full-finetuning": ADAPTERS, "madx-no-lad-inv": ADAPTERS | {"bases": [BASE]}}
    study = make_whole_study(tasks=tasks, figure6_targets=[])
    for base in study.bases:
        path = tmp_path / "base" / base / "base.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(DESCRIPTION))
    rows = added_parameters(study, tmp_path)
    assert [(row["base"], row["method"]) for row in rows] == [
        (BASE, "madx-no-lad-inv"),
        (BASE, "madx-no-inv"),
        (BASE, "madx"),
        (SECOND, "madx-no-inv"),
        (SECOND, "madx"),
    ]
    task, language = 2 * 3 * 32 * 128, 2 * 3 * 64 * 128  # two matrices in each of three layers
    assert rows[0]["weights"] == task and rows[3]["weights"] == task + language
    assert all(row["base_parameters"] == 1000 and row["weights"] < row["weights_and_biases"] for row in rows)
