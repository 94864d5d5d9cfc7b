"""`madx plan` counts the jobs that Snakemake would run."""

import json
import subprocess
import sys

from madx.planning.plan import WORKS
from tests.workflow.conftest import ROOT, job_counts, snakemake


def test_plan_of_the_full_study(tmp_path):
    rates = [
        {"work": work, "precision": "bfloat16", "device": "a GPU", "operations_per_second": 1e14} for work in WORKS
    ]
    path = tmp_path / "cuda.json"
    path.write_text(json.dumps(rates), encoding="utf-8")
    config = ("--configfile", "config/paper.yaml")
    command = [sys.executable, "-m", "madx.cli", "plan", *config, "--rates", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if line[:1] == "|"]
    rows = {cells_[0]: cells_[1:] for cells_ in cells[2:]}
    expected = job_counts(snakemake(ROOT, "-n", "--nolock", *config).stdout)
    assert int(rows["together"][0].replace(",", "")) == expected["total"]
    for rule in ("adapt_language", "adapt_model", "train_task_adapter", "fine_tune_model_for_target", "evaluate_run"):
        assert int(rows[rule][0]) == expected[rule]
        assert float(rows[rule][2].replace(",", "")) > 0
    assert "not known" not in done.stdout
    assert "Hours of one a GPU" in done.stdout


def test_plan_of_a_study_whose_files_are_missing(tmp_path):
    command = [sys.executable, "-m", "madx.cli", "plan", "--configfile", "config/african.yaml"]
    done = subprocess.run(
        [*command, "--config", f"data_root={tmp_path}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "eng.txt: the file does not exist" in line
