"""Every configuration file is valid and plans the jobs that it should."""

import re

import pytest
import yaml

from madx.config import load_study, schema_json
from madx.data.local import local_files
from madx.repositories import repositories
from tests.workflow.conftest import ROOT, job_counts, snakemake

LANGUAGES_TABLE = ROOT / "config/languages.tsv"
REPORT = dict.fromkeys(("collect_scores", "make_tables", "make_figures", "make_page", "check_results"), 1) | {
    "sync_tracking": 1,
    "all": 1,
}


def plan(configfile, *arguments):
    done = snakemake(ROOT, "-n", "--nolock", "--forceall", "--configfile", configfile, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return job_counts(done.stdout + done.stderr)


def prepared(texts, sources, targets, bases=1):
    """Jobs that prepare text, and the labelled data of sources and targets, for some bases."""
    text = {"prepare_text": texts, "pack_blocks": texts * bases}
    training = {"prepare_training_data": sources, "tokenize_training_data": sources * bases}
    return text | training | {"prepare_test_data": targets, "tokenize_test_data": targets * bases}


MADE = {"train_tokenizer": 1, "make_base": 1}
# config/paper.yaml: NER in 16 languages on three bases, QA from English to 11, CCR in three trainings to 12
NER, QA, CCR, LANGUAGES = 16, 11, 12, 29  # the three trainings share their test data
PAPER = {
    "record_revision": 8 + 3,  # data sets and bases on the hub
    "fetch_tokenizer": 3,
    "fetch_base": 3,
    "prepare_text": LANGUAGES,
    # XLM-R Base needs the text of all languages, the other bases that of NER's
    "pack_blocks": LANGUAGES + 2 * NER,
    "prepare_training_data": NER + 1 + 3,
    "prepare_test_data": NER + QA + CCR,
    "tokenize_training_data": 3 * NER + 1 + 3,
    "tokenize_test_data": 3 * NER + QA + CCR,
    # language and invertible adapters for all languages, language adapters alone for NER's and XQuAD's 24
    "adapt_language": LANGUAGES + 24 + 2 * NER,
    "adapt_model": LANGUAGES,
    # full fine-tuning on three bases and MLM-SRC, five seeds; QA and three trainings of CCR, three seeds
    "fine_tune_model": (3 + 1) * NER * 5 + 3 + 2 * 3,
    "fine_tune_first_stage": 3,
    "fine_tune_model_for_target": NER * NER + (QA + 2 * 12) * 3,
    "fine_tune_first_stage_for_target": 12 * 3,
    # MAD-X on three bases, and its two variants; two methods for QA, MAD-X for CCR
    "train_task_adapter": (3 + 2) * NER + 2 + 3,
    "evaluate_run": (6 + 2 + 2) * NER + 4 + 3 * 3,
    "evaluate_steps": 3,
}


@pytest.mark.parametrize(
    ("configfile", "expected"),
    [
        (
            "config/config.yaml",
            prepared(8, 8, 8)
            | MADE
            | {"adapt_language": 2 * 8, "fine_tune_model": 8 * 5, "train_task_adapter": 3 * 8, "evaluate_run": 4 * 8},
        ),
        (
            "config/complete.yaml",
            prepared(8, 4 + 1 + 3, 8 + 4 + 4)
            | MADE
            | {"adapt_language": 2 * 8, "adapt_model": 8, "fine_tune_model": 2 * 4 * 3 + 3 + 2 * 3}
            | {"fine_tune_first_stage": 3, "fine_tune_first_stage_for_target": 4}
            | {"fine_tune_model_for_target": 4 * 8 + 4 + 2 * 4, "train_task_adapter": 3 * 4 + 2 + 3}
            | {"evaluate_run": 6 * 4 + 4 + 3 * 3, "evaluate_steps": 1},
        ),
        (
            "config/tiny.yaml",
            prepared(3, 2, 3)
            | MADE
            | {"adapt_language": 2 * 3, "fine_tune_model": 2 * 2, "train_task_adapter": 3 * 2, "evaluate_run": 4 * 2},
        ),
        (
            "config/tiny-complete.yaml",
            prepared(3, 2 + 1 + 3, 3 * 3)
            | MADE
            | {"adapt_language": 2 * 3, "adapt_model": 3, "fine_tune_model": 2 * 2 * 2 + 2 + 2 * 2}
            | {"fine_tune_first_stage": 2, "fine_tune_first_stage_for_target": 3}
            | {"fine_tune_model_for_target": 2 * 3 + 3 + 2 * 3, "train_task_adapter": 3 * 2 + 2 + 3}
            | {"evaluate_run": 6 * 2 + 4 + 3 * 3, "evaluate_steps": 1},
        ),
        (
            "config/grid16.yaml",
            prepared(16, 16, 16)
            | MADE
            | {"adapt_language": 16, "fine_tune_model": 16 * 5, "train_task_adapter": 16, "evaluate_run": 2 * 16},
        ),
        ("config/paper.yaml", PAPER),
    ],
)
def test_jobs_per_rule(configfile, expected):
    expected = expected | REPORT
    assert plan(configfile) == expected | {"total": sum(expected.values())}


@pytest.mark.parametrize(
    ("configfile", "expected"),
    [
        (
            "config/african.yaml",
            prepared(9, 1, 9)
            | MADE
            | {"adapt_language": 9, "fine_tune_model": 5, "train_task_adapter": 2, "evaluate_run": 3},
        ),
        (
            "config/minilm.yaml",
            prepared(4, 1, 4)
            | {"fetch_tokenizer": 1, "fetch_headless_base": 1, "train_mlm_head": 1}
            | {"adapt_language": 4, "fine_tune_model": 2, "train_task_adapter": 1, "evaluate_run": 2},
        ),
        (
            "config/xquad.yaml",
            prepared(9, 1, 9, bases=2)
            | MADE
            | {"fetch_tokenizer": 1, "fetch_headless_base": 1, "train_mlm_head": 1, "adapt_model": 9}
            | {"adapt_language": 2 * 9 + 9, "fine_tune_model": 2 * 3, "fine_tune_model_for_target": 9}
            | {"train_task_adapter": 2 + 1, "evaluate_run": 2 * 2 + 2},
        ),
        (
            "config/xcopa.yaml",
            prepared(10, 1, 10)
            | {"fetch_tokenizer": 1, "fetch_headless_base": 1, "train_mlm_head": 1, "adapt_model": 10}
            | {"adapt_language": 10, "fine_tune_model": 3, "fine_tune_model_for_target": 10}
            | {"train_task_adapter": 1, "evaluate_run": 3},
        ),
    ],
)
def test_jobs_per_rule_on_local_data(tmp_path, monkeypatch, configfile, expected):
    monkeypatch.chdir(ROOT)  # a base in a folder that is not there is looked for on the hub
    study = load_study(ROOT / configfile, {"data_root": str(tmp_path), "languages_table": str(LANGUAGES_TABLE)})
    for path in local_files(study):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    on_the_hub = {"record_revision": len(names)} if (names := repositories(study)) else {}
    expected = expected | on_the_hub | REPORT
    counts = plan(configfile, "--config", f"data_root={tmp_path}")
    assert counts == expected | {"total": sum(expected.values())}


def test_whole_model_adaptation_is_planned_on_request(tmp_path):
    target = "results/tiny/adaptations/miniature-base/full/qae/base.json"
    done = snakemake(ROOT, target, "-n", "--nolock", "--forceall", "--configfile", "config/tiny.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert job_counts(done.stdout + done.stderr)["adapt_model"] == 1


def test_default_configuration_is_not_merged_into_another(tmp_path):
    settings = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8"))
    del settings["compute"]
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = snakemake(ROOT, "-n", "--nolock", "--configfile", str(config))
    assert done.returncode != 0
    assert "missing key 'compute'" in done.stdout + done.stderr


def test_file_without_a_name_is_not_taken_for_the_default(tmp_path):
    settings = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8"))
    del settings["study"]
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = snakemake(ROOT, "-n", "--nolock", "--configfile", str(config))
    assert done.returncode != 0
    assert "missing key 'study'" in done.stdout + done.stderr
    assert "Job stats" not in done.stdout + done.stderr


def test_default_is_read_with_a_setting_of_the_command_line():
    done = snakemake(ROOT, "-n", "--nolock", "--config", "data_root=elsewhere", "--forceall")
    assert done.returncode == 0, done.stdout + done.stderr
    assert job_counts(done.stdout + done.stderr)["prepare_test_data"] == 8


def test_every_configuration_file_is_planned_above():
    planned = [
        mark.args[1] for test in (test_jobs_per_rule, test_jobs_per_rule_on_local_data) for mark in test.pytestmark
    ]
    named = sorted(configfile for cases in planned for configfile, _ in cases)
    assert named == sorted(f"config/{path.name}" for path in (ROOT / "config").glob("*.yaml"))


def test_the_readme_explains_every_job_of_the_full_study():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    *rows, together = re.findall(r"^\|.*\| ([\d, ]+) \|$", readme[readme.index("| jobs (rule)") :], re.MULTILINE)
    assert sum(int(number) for row in rows for number in row.split(", ")) == int(together.replace(",", ""))
    assert int(together.replace(",", "")) == sum((PAPER | REPORT).values())


def test_schema_is_in_step():
    committed = (ROOT / "config/schema.json").read_text(encoding="utf-8")
    assert committed == schema_json(), "run: madx schema > config/schema.json"
