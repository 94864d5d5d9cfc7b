"""What happens around the work of each rule: its log, and one line for the user when it fails."""

import logging
import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from madx.config import Study
from madx.jobs import checkpoint_folder, job, machine

ROOT = Path(__file__).parents[2]


class Named(dict):
    """Snakemake's named parameters or wildcards: iterates over values."""

    def __iter__(self):
        return iter(self.values())


@pytest.fixture
def snakemake(tmp_path, monkeypatch):
    """What Snakemake hands to a script; the process's logging is put back afterwards."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("RAYON_NUM_THREADS", "9")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # `job` would close them
    settings = yaml.safe_load(Path("config/tiny.yaml").read_text(encoding="utf-8"))
    log = [tmp_path / "deep/train.log"]
    yield SimpleNamespace(rule="train_task", threads=2, log=log, config=settings, wildcards=Named(base="none"))
    logging.captureWarnings(False)
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def log_lines(snakemake) -> list[str]:
    return snakemake.log[0].read_text(encoding="utf-8").splitlines()


def test_work_gets_the_study_and_its_log(snakemake, capfd):
    with job(snakemake) as study:
        assert isinstance(study, Study)
        assert os.environ["RAYON_NUM_THREADS"] == "2"
        logging.getLogger("madx.anything").info("step 1/2")
        warnings.warn("take care", stacklevel=1)
    lines = log_lines(snakemake)
    assert lines[0].endswith("INFO step 1/2")
    assert any("WARNING" in line and "take care" in line for line in lines)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("data/x.txt:3: one column"), "error in train_task: data/x.txt:3: one column"),
        (ValueError("two\n  lines"), "error in train_task: two lines"),
        (RuntimeError("out of memory"), "error in train_task: RuntimeError: out of memory"),
        (KeyError("gone"), "error in train_task: KeyError: 'gone'"),
    ],
)
def test_failure_is_one_line_for_the_user_and_a_traceback_in_the_log(snakemake, capfd, error, line):
    with pytest.raises(SystemExit) as stop, job(snakemake):
        raise error
    assert stop.value.code == 1
    assert capfd.readouterr() == ("", line + "\n")
    assert "Traceback (most recent call last):" in log_lines(snakemake)
    assert log_lines(snakemake)[-1] == line


def test_bad_configuration_fails_in_the_same_way(snakemake, capfd):
    snakemake.config["adaptation"]["stpes"] = 3
    with pytest.raises(SystemExit), job(snakemake):
        raise AssertionError("the work must not begin")
    assert capfd.readouterr().err == (
        "error in train_task: configuration: unknown key 'adaptation.stpes'; did you mean 'steps'?\n"
    )


def test_a_log_starts_afresh(snakemake):
    snakemake.log[0].parent.mkdir()
    snakemake.log[0].write_text("error in train_task: of yesterday\n")
    with job(snakemake):
        pass
    assert log_lines(snakemake) == []


def test_an_interrupt_is_no_failure_of_the_job(snakemake, capfd):
    with pytest.raises(KeyboardInterrupt), job(snakemake):
        raise KeyboardInterrupt
    assert capfd.readouterr().err == ""


def test_machine_uses_the_rules_threads(snakemake):
    import torch

    before = torch.get_num_threads()
    try:
        with job(snakemake) as study:
            cpu = study.model_copy(update={"compute": study.compute.model_copy(update={"device": "cpu"})})
            assert machine(snakemake, cpu).device.type == "cpu"
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# ---------------------------------------------------------------- resume states


@pytest.fixture
def training(snakemake, tmp_path, monkeypatch):
    """A training job in an empty folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blocks.bin").write_bytes(b"1")
    snakemake.input, snakemake.wildcards = [tmp_path / "blocks.bin"], Named(base="b", language="qaa")
    snakemake.params = Named(settings=[{"learning_rate": 0.1}])
    return snakemake


STUDY = SimpleNamespace(study="s")


def interrupted(training) -> Path:
    """The folder of a training that has written a resume state."""
    folder = checkpoint_folder(training, STUDY)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state.pt").touch()
    return folder


def test_a_resume_state_is_taken_up_by_the_same_job_alone(training, caplog):
    first = interrupted(training)
    assert first.parent == Path("results/s/checkpoints/train_task/b/qaa")
    assert checkpoint_folder(training, STUDY) == first and not caplog.records
    training.params = Named(settings=[{"learning_rate": 0.2}])
    second = checkpoint_folder(training, STUDY)
    training.input[0].write_bytes(b"12")
    third = checkpoint_folder(training, STUDY)
    training.threads = 3
    assert len({first, second, third, checkpoint_folder(training, STUDY)}) == 4


def test_a_state_of_other_settings_stays_until_the_job_has_its_own(training, caplog):
    first = interrupted(training)
    training.threads = 1
    second = checkpoint_folder(training, STUDY)
    assert first.exists()
    assert "this job begins anew" in caplog.text and str(first.parent) in caplog.text
    second.mkdir()  # stopped before its first state
    checkpoint_folder(training, STUDY)
    assert first.exists()
    (second / "state.pt").touch()
    checkpoint_folder(training, STUDY)
    assert second.exists() and not first.exists()


def test_states_go_when_the_job_is_done_and_stay_when_it_fails(training, capfd):
    training.config |= {"study": "s", "languages_table": str(ROOT / "config/languages.tsv")}
    state = interrupted(training)
    with pytest.raises(SystemExit), job(training):
        raise RuntimeError("out of memory")
    with pytest.raises(KeyboardInterrupt), job(training):
        raise KeyboardInterrupt
    assert state.exists()
    with job(training):
        pass
    assert not state.parent.exists()
