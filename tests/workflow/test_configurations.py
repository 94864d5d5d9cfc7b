"""Every configuration file plans the jobs that it should; bad ones stop with one line."""

import pytest
import yaml

from madx.config import ConfigError, load_study, schema_json
from tests.workflow.conftest import ROOT, job_counts, snakemake

REPORT = dict.fromkeys(("collect_scores", "make_tables", "make_figures", "make_page", "check_results"), 1) | {
    "sync_tracking": 1,
    "all": 1,
}


def plan(tmp_path, configfile, *arguments):
    done = snakemake(ROOT, "-n", "--nolock", "--forceall", "--configfile", configfile, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return job_counts(done.stdout + done.stderr)


def prepared(languages):
    return dict.fromkeys(("prepare_ner", "prepare_text", "tokenize_ner", "pack_blocks"), languages)


MADE = {"train_tokenizer": 1, "make_base": 1}


@pytest.mark.parametrize(
    ("configfile", "expected"),
    [
        (
            "config/config.yaml",
            prepared(8)
            | MADE
            | {"adapt_language": 2 * 8, "fine_tune_model": 8 * 5, "train_task_adapter": 3 * 8, "evaluate_run": 4 * 8},
        ),
        (
            "config/tiny.yaml",
            prepared(3)
            | MADE
            | {"adapt_language": 2 * 3, "fine_tune_model": 2 * 2, "train_task_adapter": 3 * 2, "evaluate_run": 4 * 2},
        ),
        (
            "config/grid16.yaml",
            prepared(16)
            | MADE
            | {"adapt_language": 2 * 16, "fine_tune_model": 16 * 5, "train_task_adapter": 3 * 16}
            | {"evaluate_run": 4 * 16},
        ),
        (
            "config/paper.yaml",
            prepared(16)
            | {"fetch_tokenizer": 1, "fetch_base": 1, "adapt_language": 2 * 16, "fine_tune_model": 16 * 5}
            | {"train_task_adapter": 3 * 16, "evaluate_run": 4 * 16},
        ),
    ],
)
def test_jobs_per_rule(tmp_path, configfile, expected):
    expected = expected | REPORT
    assert plan(tmp_path, configfile) == expected | {"total": sum(expected.values())}


def test_african_study_plans_one_job_per_language_and_source(tmp_path):
    study = load_study(ROOT / "config/african.yaml")
    for code in study.codes:
        for path in (f"text/{code}.txt", *(f"ner/{code}/{split}.txt" for split in ("train", "dev", "test"))):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
    expected = (
        prepared(9)
        | MADE
        | {"adapt_language": 9, "fine_tune_model": 5, "train_task_adapter": 2, "evaluate_run": 3}
        | REPORT
    )
    counts = plan(tmp_path, "config/african.yaml", "--config", f"data_root={tmp_path}")
    assert counts == expected | {"total": sum(expected.values())}


def test_whole_model_adaptation_is_planned_on_request(tmp_path):
    target = "results/tiny/adaptations/miniature-base/full/qae/base.json"
    done = snakemake(ROOT, target, "-n", "--nolock", "--forceall", "--configfile", "config/tiny.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert job_counts(done.stdout + done.stderr)["adapt_model"] == 1


def test_a_base_without_mlm_head_gets_one_first(tmp_path):
    settings = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8"))
    settings["bases"] = {
        "headless": {
            "source": "pretrained",
            "path": "some/folder",
            "revision": None,
            "mlm_head": "train",
            "mlm_head_steps": 10,
        }
    }
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    counts = plan(tmp_path, str(config))
    assert counts["fetch_headless_base"] == counts["train_mlm_head"] == counts["fetch_tokenizer"] == 1
    assert not {"make_base", "fetch_base"} & counts.keys()


def test_default_configuration_is_not_merged_into_another(tmp_path):
    settings = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8"))
    del settings["compute"]
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = snakemake(ROOT, "-n", "--nolock", "--configfile", str(config))
    assert done.returncode != 0
    assert "missing key 'compute'" in done.stdout + done.stderr


def test_unknown_key_stops_the_workflow_with_the_nearest_name(tmp_path):
    done = snakemake(ROOT, "-n", "--nolock", "--configfile", "config/tiny.yaml", "--config", "tabel5_source=qaa")
    assert done.returncode != 0
    assert "unknown key 'tabel5_source'; did you mean 'table5_source'?" in done.stdout + done.stderr


def test_every_configuration_file_is_valid():
    files = sorted((ROOT / "config").glob("*.yaml"))
    assert len(files) >= 5
    for path in files:
        load_study(path)


def test_schema_is_in_step():
    committed = (ROOT / "config/schema.json").read_text(encoding="utf-8")
    assert committed == schema_json(), "run: madx schema > config/schema.json"


def test_language_missing_from_the_table_is_an_error(tmp_path):
    settings = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8"))
    settings["languages"]["low-resource unseen"] = ["qax"]
    settings["tasks"]["ner"]["sources"] = "all"
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"languages.tsv has no language 'qax'") as error:
        load_study(config)
    assert "\n" not in str(error.value)
