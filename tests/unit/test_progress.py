"""The progress display: what it knows, what it estimates, and a real run of a toy workflow."""

import io
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from rich.console import Console

from madx.progress.display import PlainDisplay, TerminalDisplay, clock
from madx.progress.run import NO_JOBS, has_gpu, madx_command, run_study
from madx.progress.state import PRIOR_SECONDS, Job, RunState, error_line, read_benchmarks, tail

ROOT = Path(__file__).parents[2]


def started(number: int, rule: str, at: float, log: Path | None = None, threads: int = 1) -> dict:
    return {
        "event": "job_info",
        "time": at,
        "jobid": number,
        "rule_name": rule,
        "rule_msg": None,
        "wildcards": {"language": f"q{number}"},
        "log": [str(log)] if log else [],
        "threads": threads,
    }


def finished(number: int, at: float) -> dict:
    return {"event": "job_finished", "time": at, "job_id": number}


def planned(**jobs: int) -> dict:
    return {"event": "run_info", "time": 0.0, "stats": {**jobs, "total": sum(jobs.values())}}


# ---------------------------------------------------------------- the estimate


def test_estimate_of_equal_jobs_is_exact_once_one_has_finished():
    state = RunState(cores=2, started=0.0)
    state.apply(planned(adapt_language=10))
    for number, (start, end) in enumerate([(0, 10), (0, 10)]):
        state.apply(started(number, "adapt_language", start))
        state.apply(finished(number, end))
    assert (state.done, state.total) == (2, 10)
    assert state.seconds_left(now=10.0) == pytest.approx(8 * 10 / 2)


def test_a_rule_with_one_job_is_not_divided_among_the_cores():
    shared, alone = RunState(cores=4, started=0.0), RunState(cores=4, started=0.0)
    shared.known_seconds = alone.known_seconds = {"make_base": 100.0, "adapt_language": 100.0}
    shared.apply(planned(adapt_language=4))
    alone.apply(planned(make_base=1))
    assert shared.seconds_left(0.0) == alone.seconds_left(0.0) == pytest.approx(100.0)


def test_first_jobs_steps_tell_the_machines_speed(tmp_path):
    """A base that needs five times its typical time, seen from its own steps, makes all other rules longer as well."""
    log = tmp_path / "make_base.log"
    state = RunState(cores=1, started=0.0)
    state.apply(planned(make_base=1, adapt_language=10))
    before = state.seconds_left(0.0)
    state.apply(started(0, "make_base", 0.0, log))
    log.write_text("step 10/100 loss 7.1\nstep 50/100 loss 5.0\n")
    state.running[0].read_steps()
    after = state.seconds_left(500.0)
    assert before == pytest.approx(200 + 10 * 40)
    assert after == pytest.approx(500 + 10 * 40 * (PRIOR_SECONDS + 500) / (PRIOR_SECONDS + 100))


def test_an_earlier_runs_benchmarks_are_better_than_typical_times(tmp_path):
    file = tmp_path / "adapt_language" / "base" / "lad-inv" / "qaa.tsv"
    file.parent.mkdir(parents=True)
    file.write_text("s\th:m:s\n7.0\t0:00:07\n9.0\t0:00:09\n")
    (tmp_path / "adapt_language" / "broken.tsv").write_text("s\n")
    known = read_benchmarks(tmp_path)
    assert known == {"adapt_language": 8.0}
    state = RunState(cores=1, started=0.0, known_seconds=known)
    state.apply(planned(adapt_language=3))
    assert state.seconds_left(0.0) == pytest.approx(24.0)


def test_a_job_that_tells_its_time_left_is_believed(tmp_path):
    """Such as one that resumed at step 400 a second ago, which its elapsed time would misjudge."""
    log = tmp_path / "x.log"
    log.write_text("INFO resuming at step 400/500\nINFO step 410/500 loss 3.2101 30s left\n")
    state = RunState(cores=1, started=0.0)
    state.apply(planned(adapt_language=1))
    state.apply(started(1, "adapt_language", log.stat().st_mtime - 1, log))
    state.running[1].read_steps()
    assert (state.running[1].step, state.running[1].steps) == (410, 500)
    assert state.seconds_left(log.stat().st_mtime + 10) == pytest.approx(20)


def test_nothing_is_estimated_before_the_jobs_are_known():
    assert RunState(cores=1, started=0.0).seconds_left(1.0) is None


def test_a_job_that_succeeds_at_its_second_attempt_has_not_failed():
    state = RunState(cores=1, started=0.0)
    state.apply(planned(adapt_language=1))
    state.apply(started(1, "adapt_language", 0.0))
    state.apply({"event": "job_error", "time": 1.0, "jobid": 1, "rule_name": "adapt_language", "log": []})
    assert state.failed[1].label == "adapt_language q1"
    state.apply(started(1, "adapt_language", 2.0))
    state.apply(finished(1, 3.0))
    assert not state.failed and state.done == state.total == 1


# ---------------------------------------------------------------- what the user reads


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (
            "step 1/9\n2026-01-01 ERROR the job failed\nValueError: x\nerror in prepare_text: x.txt:3: not UTF-8\n",
            "x.txt:3: not UTF-8",
        ),
        (
            "Traceback (most recent call last):\n  File x\nmadx.config.ConfigError: no language 'xx'\n",
            "madx.config.ConfigError: no language 'xx'",
        ),
        ("step 1/9\n", "no error in its log, which ends with 'step 1/9'"),
        ("", "nothing in its log"),
    ],
)
def test_the_line_that_tells_what_went_wrong(tmp_path, log, line):
    path = tmp_path / "x.log"
    path.write_text(log)
    assert error_line(path) == line


def test_displays_tell_what_runs_and_how_long_is_left(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("INFO step 120/500 loss 3.21\n")
    state = RunState(cores=1, started=0.0, known_seconds={"adapt_language": 60.0})
    state.apply(planned(adapt_language=2))
    state.apply(started(1, "adapt_language", 0.0, log))
    state.running[1].read_steps()
    plain, terminal = io.StringIO(), io.StringIO()
    with PlainDisplay(Console(file=plain, width=200)) as display:
        display.show(state, 12.0)
        display.show(state, 12.5)
    left = clock(12 * 380 / 120 + 60)
    assert plain.getvalue() == f"[ 0/2 jobs | 00:12 elapsed | about {left} left ] adapt_language q1 120/500\n"
    with TerminalDisplay(Console(file=terminal, force_terminal=True, width=120)) as display:
        display.show(state, 12.0)
    for part in ("0/2", "00:12 elapsed", f"about {left} left", "120/500", "adapt_language q1"):
        assert part in terminal.getvalue()


def test_clock():
    assert [clock(0), clock(130), clock(3730.4)] == ["00:00", "02:10", "1:02:10"]


# ---------------------------------------------------------------- a toy workflow

SNAKEFILE = """
    rule all:
        input: "results/toy/README.md"
    rule prepare:
        output: "results/toy/{name}.txt"
        message: "preparing {wildcards.name}"
        log: "results/toy/logs/prepare/{name}.log"
        shell: "echo step 2/3 > {log}; touch {output}"
    rule page:
        input: expand("results/toy/{name}.txt", name=["a", "b"])
        output: "results/toy/README.md"
        log: "results/toy/logs/page.log"
        shell: config["page"]
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder with a workflow of three jobs; returns a function that runs it and gives its exit code and output."""
    (tmp_path / "Snakefile").write_text(textwrap.dedent(SNAKEFILE))
    shutil.copytree(ROOT / "workflow" / "profiles" / "local", tmp_path / "workflow" / "profiles" / "local")
    monkeypatch.chdir(tmp_path)

    def run(page: str, *targets: str) -> tuple[int, str]:
        Path("config.yaml").write_text(f"page: {page!r}\n")
        shown = io.StringIO()
        console = Console(file=shown, width=200)
        code = run_study(Path("config.yaml"), Path("results/toy"), cores="1", targets=targets, console=console)
        return code, shown.getvalue()

    return run


def test_a_run_ends_with_where_to_look_and_the_next_has_nothing_to_do(toy):
    code, shown = toy("touch {output}")
    assert code == 0
    assert "look at results/toy/README.md" in shown and "4 jobs done" in shown
    assert toy("touch {output}") == (0, "nothing to do: results/toy/README.md is up to date\n")


def test_a_run_for_a_target_names_the_target_and_no_page(toy):
    target = "results/toy/a.txt"
    code, shown = toy("", target)
    assert code == 0 and "1 jobs done in 00:0" in shown and shown.endswith(f": {target}\n")
    assert "README.md" not in shown
    assert toy("", target) == (0, f"nothing to do: {target} is up to date\n")


@pytest.mark.parametrize("flag", ["-n", "--dry-run", "--dryrun", "-np", "-pn", "-Fnq", "--unlock"])
def test_a_run_without_jobs_is_known_by_all_its_spellings(flag):
    assert NO_JOBS.fullmatch(flag)


@pytest.mark.parametrize("flag", ["-p", "-j", "--nolock", "--notemp", "--dry", "-Rtrain", "tables", "-s", "n"])
def test_other_options_run_jobs(flag):
    assert not NO_JOBS.fullmatch(flag)


# ---------------------------------------------------------------- GPUs


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A stand-in for nvidia-smi, alone on PATH: called with what it does, or None to take it away."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(does: str | None) -> None:
        tool = tmp_path / "nvidia-smi"
        tool.unlink(missing_ok=True)
        if does is not None:
            tool.write_text(f"#!/bin/sh\n{does}\n")
            tool.chmod(0o755)

    return install


GPUS = "echo 'GPU 0: NVIDIA H100 (UUID: GPU-1)'; echo 'GPU 1: NVIDIA H100 (UUID: GPU-2)'"


@pytest.mark.parametrize(
    ("does", "found"),
    [(GPUS, True), (None, False), ("echo 'No devices found.'", False), ("echo 'GPU 0: lost'; exit 9", False)],
)
def test_gpus_are_asked_of_the_driver(driver, does, found):
    driver(does)
    assert has_gpu() is found


@pytest.mark.parametrize(("visible", "found"), [("", False), ("-1", False), ("1", True)])
def test_hidden_gpus_are_none(driver, monkeypatch, visible, found):
    driver(GPUS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert has_gpu() is found


@pytest.mark.parametrize(
    ("does", "extra", "limited"),
    [(GPUS, [], True), (None, [], False), (GPUS, ["--profile", "slurm"], False), (GPUS, ["--profile=slurm"], False)],
)
def test_one_job_at_a_time_has_the_gpu_of_this_machine(driver, monkeypatch, does, extra, limited):
    driver(does)
    calls = []
    monkeypatch.setattr(subprocess, "call", lambda arguments: calls.append(arguments) or 0)
    assert run_study(Path("config.yaml"), Path("results/toy"), targets=["tables"], extra=[*extra, "-np"]) == 0
    (arguments,) = calls
    assert ("gpu=1" in arguments) is limited
    if limited:  # targets stand before it, and an option after it: --resources takes several values
        after = arguments.index("gpu=1") + 1
        assert arguments[after - 2] == "--resources" and arguments[after].startswith("--")
        assert arguments.index("tables") < after


def test_a_failure_is_one_line_with_the_path_to_the_log(toy):
    code, shown = toy("echo 'error in page: languages.tsv has no language qzz' > {log}; exit 1")
    assert code != 0
    assert "page failed (page): languages.tsv has no language qzz" in shown
    assert "its log: results/toy/logs/page.log" in shown
    assert "2 of 4 jobs are done" in shown


def test_an_error_of_the_workflow_itself_is_shown(toy):
    Path("Snakefile").write_text('raise WorkflowError("config.yaml: unknown key")\n')
    code, shown = toy("")
    assert code != 0 and "config.yaml: unknown key" in shown


def test_the_lock_of_a_killed_run_is_answered_with_the_command_that_takes_it_away(toy):
    locks = Path(".snakemake/locks")
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/toy/README.md\n")
    code, shown = toy("touch {output}")
    first, *_ = shown.splitlines()
    assert code != 0 and "or was killed; when you are sure that none is alive: madx study" in first
    assert first.endswith("madx study --configfile config.yaml --unlock")
    assert "LockException" not in shown and "--unlock argument" not in shown
    assert run_study(Path("config.yaml"), Path("results/toy"), cores="1", extra=["--unlock"]) == 0
    code, shown = toy("touch {output}")
    assert code == 0 and "4 jobs done" in shown


def test_commands_for_the_user_can_be_pasted():
    command = madx_command("study", Path("my config.yaml"), ["data_root=../my data", "study=x"], "--unlock")
    quoted = "'my config.yaml' --config 'data_root=../my data' --config study=x"
    assert command == f"madx study --configfile {quoted} --unlock"


def test_overrides_reach_the_workflow_behind_everything_else(driver, monkeypatch):
    driver(None)
    calls = []
    monkeypatch.setattr(subprocess, "call", lambda arguments: calls.append(arguments) or 0)
    run_study(Path("c.yaml"), Path("results/toy"), extra=["-n"], overrides=["a=1", "b=2"])
    assert calls[0][-4:] == ["-n", "--config", "a=1", "b=2"]


@pytest.mark.parametrize(
    ("number", "before"),
    [(signal.SIGINT, signal.SIG_DFL), (signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.SIG_IGN)],
    ids=["interrupted", "terminated", "interrupted in the background"],
)
def test_a_signal_ends_the_jobs_and_the_next_run_makes_anew_what_they_left(toy, number, before):
    Path("config.yaml").write_text("page: 'echo $$ > pid; touch {output}; exec sleep 60'\n")
    program = f"import signal; signal.signal(signal.SIGINT, signal.{before.name}); "
    program += "import sys; from pathlib import Path; from madx.progress import run_study; "
    program += "sys.exit(run_study(Path('config.yaml'), Path('results/toy'), cores='1'))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
    _wait_for(lambda: Path("pid").exists() and Path("pid").read_text().strip())
    run.send_signal(number)
    shown, _ = run.communicate(timeout=20)
    assert run.returncode == 130 and "stopping the running jobs" in shown
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("pid").read_text()), 0)
    code, shown = toy("echo whole > {output}")
    assert code == 0 and "2 jobs done" in shown
    assert Path("results/toy/README.md").read_text() == "whole\n"


def _wait_for(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"nothing happened within {seconds} s")
        time.sleep(0.05)


def test_a_log_may_go_while_it_is_read(tmp_path, monkeypatch):
    log = tmp_path / "job.log"
    log.write_text("INFO step 3/9 loss 1.0 40s left\n", encoding="utf-8")
    job = Job(1, "train_task_adapter", "madx on qaa", (log,), started=0.0)

    def then_gone(path):
        text = tail(path)
        path.unlink()
        return text

    monkeypatch.setattr("madx.progress.state.tail", then_gone)
    job.read_steps()
    assert (job.step, job.steps, job.ends) == (3, 9, None)
