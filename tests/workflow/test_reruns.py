"""What a change reruns: exactly what depends on it."""

from tests.workflow.conftest import planned_jobs

REPORT = {"collect_scores", "make_tables", "make_figures", "make_page", "check_results", "sync_tracking", "all"}
TRAINING = {"adapt_language", "train_task_adapter", "fine_tune_model", "evaluate_run"}


def test_a_finished_study_has_nothing_to_do(study):
    counts, output = study.dry_run()
    assert counts == {}, output


def test_a_comment_in_the_library_reruns_nothing(study):
    study.edit("madx/training/mlm.py", "def mask_blocks(", "# a remark\ndef mask_blocks(")
    assert study.dry_run()[0] == {}


def test_a_docstring_in_the_library_reruns_nothing(study):
    study.edit("madx/training/mlm.py", '    """Mask token blocks', '    """Hide token blocks')
    assert study.dry_run()[0] == {}


def test_a_statement_of_mlm_reruns_base_and_adaptations_but_no_corpora(study):
    study.edit("madx/training/mlm.py", "fate < 0.8", "fate < 0.7")
    counts, output = study.dry_run()
    assert counts.keys() == {"make_base", *TRAINING, *REPORT, "total"}, output
    assert counts["adapt_language"] == 6


def test_a_statement_of_the_figures_draws_them_anew_only(study):
    study.edit("madx/reporting/figures.py", "SATURATION = 0.98", "SATURATION = 0.97")
    counts, output = study.dry_run()
    assert counts.keys() == {"make_figures", "make_page", "check_results", "sync_tracking", "all", "total"}, output


def test_text_of_an_unseen_language_reruns_what_uses_it_and_no_other_training(study):
    (study.folder / "data/text/qae.txt").write_text("B O\n\nC\n", encoding="utf-8")
    counts, output = study.dry_run()
    jobs = planned_jobs(output)
    assert {job["language"] for rule in ("prepare_text", "pack_blocks", "adapt_language") for job in jobs[rule]} == {
        "qae"
    }, output
    assert counts["adapt_language"] == 2
    # its own trainings with a language adapter; methods without one do not read the text
    trained = {(job["method"], job["source"]) for job in jobs["train_task_adapter"]}
    assert trained == {("madx", "qae"), ("madx-no-inv", "qae")}
    # every source is evaluated on the changed language by the methods that use its adapter
    evaluated = {(job["method"], job["source"]) for job in jobs["evaluate_run"]}
    assert evaluated == {(m, s) for m in ("madx", "madx-no-inv") for s in ("qaa", "qac", "qae")}
    assert not {"fine_tune_model", "make_base", "train_tokenizer", "prepare_ner", "tokenize_ner"} & counts.keys()


def test_text_of_a_covered_language_reruns_the_base(study):
    (study.folder / "data/text/qac.txt").write_text("B O\n\nC\n", encoding="utf-8")
    counts, _ = study.dry_run()
    assert {"train_tokenizer", "make_base", "tokenize_ner", *TRAINING} <= counts.keys()


def test_a_learning_rate_reruns_its_method_only(study):
    config = study.folder / study.configfile
    text = config.read_text(encoding="utf-8")
    old = '"madx": {"seeds": [0, 1], "learning_rate": '
    rate = text.split(old)[1].split("}")[0]
    study.edit(study.configfile, old + rate, old + "0.0123")
    counts, output = study.dry_run()
    jobs = planned_jobs(output)
    assert {job["method"] for rule in ("train_task_adapter", "evaluate_run") for job in jobs[rule]} == {"madx"}
    assert not {"adapt_language", "fine_tune_model"} & counts.keys()


def test_a_deleted_score_is_made_again_alone(study):
    (study.folder / "results/touched/scores/miniature-base/ner/madx/qaa.json").unlink()
    counts, _ = study.dry_run()
    assert counts["evaluate_run"] == 1
    assert not {"train_task_adapter", "adapt_language", "fine_tune_model"} & counts.keys()
