"""What a change reruns: exactly what depends on it."""

import json

import pytest

REPORT = {"collect_scores", "make_tables", "make_figures", "make_page", "check_results", "sync_tracking", "all"}
PAGE = {*REPORT, "total"} - {"collect_scores"}
TRAINING = {"adapt_language", "train_task_adapter", "fine_tune_model", "evaluate_run"}
PREPARED = {"prepare_training_data", "prepare_test_data"}
TOKENIZED = {"tokenize_training_data", "tokenize_test_data"}
ADAPTED_METHODS = ("madx", "madx-no-inv")
SOURCES = ("qaa", "qac", "qae")


def test_a_finished_study_has_nothing_to_do(study):
    assert study.dry_run() == ({}, set())


def test_comments_and_docstrings_of_the_library_rerun_nothing(study):
    study.edit("madx/training/mlm.py", "def mask_blocks(", "# a remark\ndef mask_blocks(")
    study.edit("madx/training/mlm.py", '    """Mask token blocks', '    """Hide token blocks')
    assert study.dry_run() == ({}, set())


def test_a_statement_of_mlm_reruns_base_and_adaptations_but_no_corpora(study):
    study.edit("madx/training/mlm.py", "fate < 0.8", "fate < 0.7")
    counts, _ = study.dry_run()
    assert counts.keys() == {"make_base", *TRAINING, *REPORT, "total"}
    assert counts["adapt_language"] == 6


def test_a_statement_of_the_figures_draws_them_anew_only(study):
    study.edit("madx/reporting/figures.py", "SATURATION = ", "SATURATION = 0.9 * ")
    counts, _ = study.dry_run()
    assert counts.keys() == {"make_figures", "make_page", "check_results", "sync_tracking", "all", "total"}


def test_text_of_an_unseen_language_reruns_what_uses_it_and_no_other_training(study):
    (study.folder / "data/text/qae.txt").write_text("B O\n\nC\n", encoding="utf-8")
    counts, messages = study.dry_run()
    assert counts.keys() == {
        *("prepare_text", "pack_blocks", "adapt_language", "train_task_adapter", "evaluate_run", "total"),
        *REPORT,
    }
    assert {message for message in messages if message.endswith("ner, all seeds)")} == {
        f"{method} on qae (ner, all seeds)" for method in ADAPTED_METHODS
    }
    # every source is evaluated on the changed language by the methods that use its adapter
    assert {message for message in messages if "on every target" in message} == {
        f"{method} from {source} on every target (ner)" for method in ADAPTED_METHODS for source in SOURCES
    }
    assert {message for message in messages if message.endswith("qae")} >= {
        "text of qae",
        "lad adaptation of miniature-base to qae",
        "lad-inv adaptation of miniature-base to qae",
    }
    assert (counts["prepare_text"], counts["pack_blocks"], counts["adapt_language"]) == (1, 1, 2)


def test_labels_rerun_tasks_and_no_adaptation(study):
    study.change(lambda settings: settings["tasks"]["ner"].update(map_tags={"DATE": "O"}))
    counts, _ = study.dry_run()
    assert {*PREPARED, *TOKENIZED, "train_task_adapter", "fine_tune_model", "evaluate_run"} <= counts.keys()
    assert not {"prepare_text", "pack_blocks", "train_tokenizer", "make_base", "adapt_language"} & counts.keys()


def test_evaluation_sentences_rerun_the_text_that_they_are_cut_from(study):
    (study.folder / "data/ner/qae/dev.txt").write_text("B O\n\n", encoding="utf-8")
    counts, _ = study.dry_run()
    assert (counts["prepare_training_data"], counts["prepare_text"], counts["adapt_language"]) == (1, 1, 2)


def test_sentences_to_score_rerun_no_training_where_no_text_depends_on_them(study):
    """The task adapter alone knows nothing of the text that they are cut from (whole models are trained again: they
    were deleted when they had been scored)."""
    (study.folder / "data/ner/qae/test.txt").write_text("B O\n\n", encoding="utf-8")
    counts, messages = study.dry_run()
    assert counts["prepare_test_data"] == 1
    assert "prepare_training_data" not in counts
    trained = {message for message in messages if message.endswith("all seeds)")}
    assert trained == {f"{method} on qae (ner, all seeds)" for method in ADAPTED_METHODS}


def test_files_of_a_pretrained_base_and_of_a_hub_data_set_in_folders_are_inputs(study):
    base = {"source": "pretrained", "path": "data/base", "revision": None, "mlm_head": "included"}
    files = ["base/config.json", "base/model.safetensors", "base/tokenizer.json", "hub/qaa/train.parquet"]
    files.append("hub/data/train-0.parquet")  # where a data set has no folders of configurations
    for name in files:
        (study.folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (study.folder / "data" / name).write_text("old", encoding="utf-8")
    study.change(lambda settings: settings.update(bases={"mine": base}))
    hub = {"source": "hub", "id": "data/hub", "configuration": "{language}", "revision": None}
    study.change(lambda settings: settings["corpora"].update(data=hub))
    texts = [f"corpora/text/{code}.txt" for code in ("qaa", "qac")]
    targets = [f"results/touched/{name}" for name in ("base/mine/base.json", *texts)]
    targets.append("results/touched/base/mine/tokenizer/tokenizer.json")
    study.run(*targets)
    assert study.dry_run(*targets) == ({}, set())
    rules = ("fetch_base", "fetch_tokenizer", "prepare_text", "prepare_text")
    for name, rule in zip(files[1:], rules, strict=True):
        (study.folder / "data" / name).write_text("new", encoding="utf-8")
        assert study.dry_run(*targets)[0].keys() == {rule, "total"}
        study.run(*targets)


def test_text_of_a_covered_language_reruns_the_base(study):
    (study.folder / "data/text/qac.txt").write_text("B O\n\nC\n", encoding="utf-8")
    counts, _ = study.dry_run()
    assert {"train_tokenizer", "make_base", *TOKENIZED, *TRAINING} <= counts.keys()
    assert counts["prepare_text"] == 1
    assert not PREPARED & counts.keys()


def test_a_learning_rate_reruns_its_method_only(study):
    config = study.folder / study.configfile
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings["tasks"]["ner"]["methods"]["madx"]["learning_rate"] /= 2
    config.write_text(json.dumps(settings), encoding="utf-8")
    counts, messages = study.dry_run()
    assert counts.keys() == {"train_task_adapter", "evaluate_run", *REPORT, "total"}
    assert {message.split()[0] for message in messages if "(ner" in message} == {"madx"}


def test_deleted_results_are_made_again_alone(study):
    results = study.folder / "results/touched"
    (results / "scores/miniature-base/ner/madx/qaa.json").unlink()
    (results / "figures/heatmap_madx.pdf").unlink()
    counts, messages = study.dry_run()
    assert counts.keys() == {"evaluate_run", *REPORT, "total"}
    assert "madx from qaa on every target (ner)" in messages
    assert counts["evaluate_run"] == 1


def test_fewer_sources_rerun_the_report_only(study):
    study.change(lambda settings: settings["tasks"]["ner"].update(sources=["qaa", "qae"]))
    counts, _ = study.dry_run()
    assert counts.keys() == {*REPORT, "total"}


def test_fewer_targets_rerun_evaluations_and_no_task_adapter(study):
    study.change(lambda settings: settings["tasks"]["ner"].update(targets=["qaa", "qae"]))
    counts, _ = study.dry_run()
    assert "evaluate_run" in counts
    assert not {"train_task_adapter", "adapt_language", "make_base"} & counts.keys()


def test_epochs_of_a_category_rerun_its_trainings_only(study):
    def change(settings):
        ner = settings["tasks"]["ner"]
        epochs = ner["epochs"]
        ner["epochs"] = dict.fromkeys(settings["languages"], epochs) | {"low-resource unseen": epochs + 1}

    study.change(change)
    counts, _ = study.dry_run()
    assert counts["train_task_adapter"] == 3  # three methods on qae
    assert counts["fine_tune_model"] == 2  # two seeds on qae
    assert not {"adapt_language", "make_base", *TOKENIZED} & counts.keys()


def test_the_whole_models_rate_reruns_no_adapter_adaptation(study):
    study.change(lambda settings: settings["adaptation"]["learning_rate"].update(full=0.0123))
    counts, _ = study.dry_run()
    assert counts.keys() <= PAGE  # which shows the settings


def test_the_task_adapters_size_reruns_task_adapters_but_no_adaptation(study):
    study.change(lambda settings: settings["adapters"].update(task_reduction_factor=8))
    counts, _ = study.dry_run()
    assert counts["train_task_adapter"] == 9
    assert not {"adapt_language", "fine_tune_model"} & counts.keys()


def test_readers_of_other_sources_rerun_nothing(study):
    for path in ("madx/miniature/sounds.py", "madx/data/hub.py", "madx/revisions.py"):
        file = study.folder / path
        file.write_text(file.read_text(encoding="utf-8") + "\nUNUSED = 1\n", encoding="utf-8")
    counts, _ = study.dry_run()
    # make_figures draws the gallery of constructed languages with this code where there are any
    assert counts.keys() <= {
        "make_figures",
        "make_tables",
        "make_page",
        "check_results",
        "sync_tracking",
        "all",
        "total",
    }


@pytest.mark.parametrize(
    ("scores", "trained"),
    [
        ("ner/madx/qae", {}),
        ("qa/madx-no-inv/qaa", {}),
        ("ccr-siqa/madx/qaa", {}),
        ("ccr-siqa/full-finetuning/qaa", {}),  # models of a first stage stay
        ("ccr-siqa/mlm-trg/qaa", {}),
        ("ccr/madx/qaa", {}),
        ("ner/mlm-src/qaa", {"fine_tune_model": 2}),  # whole models are deleted when they are scored
        ("qa/mlm-trg/qaa", {"fine_tune_model_for_target": 3}),
        ("ccr/full-finetuning/qaa", {"fine_tune_model": 2}),
        ("ccr/mlm-trg/qaa", {"fine_tune_model_for_target": 3}),
    ],
)
def test_a_deleted_score_file_is_made_again_with_what_it_needs(complete_study, scores, trained):
    (complete_study.folder / f"results/tiny-complete/scores/miniature-base/{scores}.json").unlink()
    counts, _ = complete_study.dry_run()
    report = dict.fromkeys(REPORT, 1)
    assert counts == {"evaluate_run": 1, **trained, **report, "total": sum(trained.values()) + 1 + len(report)}


def test_deleted_counts_of_examples_are_made_again(complete_study):
    (complete_study.folder / "results/tiny-complete/scores/miniature-base/qa/madx/qaa.parquet").unlink()
    counts, _ = complete_study.dry_run()
    assert counts == {"evaluate_run": 1, **dict.fromkeys(REPORT, 1), "total": 1 + len(REPORT)}


def test_deleted_scores_by_step_are_made_again_alone(complete_study):
    (complete_study.folder / "results/tiny-complete/sample_efficiency/miniature-base/ner/qaa.json").unlink()
    counts, _ = complete_study.dry_run()
    assert counts.keys() == {"evaluate_steps", *REPORT, "total"} - {"collect_scores"}
    assert counts["evaluate_steps"] == 1


def test_a_finished_study_of_everything_has_nothing_to_do(complete_study):
    assert complete_study.dry_run() == ({}, set())


def test_steps_that_are_kept_rerun_no_whole_model(complete_study):
    complete_study.change(lambda settings: settings["adaptation"].update(save_steps=[10, 30]))
    counts, _ = complete_study.dry_run()
    assert "adapt_language" in counts and "adapt_model" not in counts


def test_text_of_a_language_reruns_the_models_that_were_adapted_to_it(complete_study):
    def change(settings):
        sizes = dict.fromkeys(settings["languages"], settings["corpora"]["data"]["sentences"])
        settings["corpora"]["data"]["sentences"] = sizes | {"low-resource unseen": 1600}  # qae

    complete_study.change(change)
    counts, messages = complete_study.dry_run()
    assert counts["prepare_text"] == 1 and counts["adapt_model"] == 1 and "make_base" not in counts
    again = {message for message in messages if message.startswith("mlm-") and " on " in message and "seed" in message}
    assert "mlm-trg on qaa for qae (ner, seed 0)" in again
    assert {message for message in again if message.startswith("mlm-src")} == {
        f"mlm-src on qae (ner, seed {seed})" for seed in (0, 1)
    }
