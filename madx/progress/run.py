"""Runs the workflow on this machine and shows what runs and how long is left.

Snakemake is a child process. A logger plugin of ours (snakemake-logger-plugin-rich was looked at: it tells neither time
left nor the steps inside a job, and writes no plain lines) appends its events to a file that is followed here; all that
it prints goes to results/<study>/logs/snakemake.log.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console

from madx.progress.display import clock, make_display
from madx.progress.state import RunState, error_line, read_benchmarks

PLUGIN = Path(__file__).parent / "plugin"
LOCAL_PROFILE = "workflow/profiles/local"
DRY_RUN = {"-n", "--dry-run", "--dryrun"}
SECONDS_BETWEEN_LOOKS = 0.25


def run_study(
    configfile: Path,
    results: Path,
    cores: str = "all",
    targets: Sequence[str] = (),
    extra: Sequence[str] = (),
    console: Console | None = None,
) -> int:
    """Run the workflow for one study with a progress display; returns an exit code, 0 when all is done.

    configfile: the study's (valid) configuration. results: its folder, results/<study>. cores: "all" or a number.
    targets: rules or files, none for `all`. extra: further arguments for Snakemake; with a --profile among them the
    local one is not used, and a dry run is shown as Snakemake prints it.
    """
    console = console or Console()
    arguments = _arguments(configfile, cores, targets, extra)
    if DRY_RUN & set(extra):
        return subprocess.call(arguments)
    state = RunState(
        _available_cores() if cores == "all" else int(cores), time.time(), read_benchmarks(results / "benchmarks")
    )
    output = results / "logs" / "snakemake.log"
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open(output, "w", encoding="utf-8") as stream:
        events = Path(folder) / "events.jsonl"
        events.touch()
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # a shell starts background commands so; the jobs would inherit it and could not be stopped
            signal.signal(signal.SIGINT, signal.default_int_handler)
        child = subprocess.Popen(
            [*arguments, "--logger", "madx", "--logger-madx-events", str(events)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(PLUGIN), os.getenv("PYTHONPATH"))))},
            start_new_session=True,  # signals reach it through _stop_on_signal alone, and only once
        )
        with _stop_on_signal(child) as stopped, open(events, encoding="utf-8") as lines:
            announced = False
            with make_display(console) as display:
                while child.poll() is None:
                    _follow(lines, state)
                    display.show(state, time.time())
                    if stopped and not announced:
                        console.print("stopping the running jobs (once more to kill them) ...")
                        announced = True
                    time.sleep(SECONDS_BETWEEN_LOOKS)
            _follow(lines, state)
    _report(console, state, results, output, child.returncode, bool(stopped))
    return 130 if stopped else child.returncode


def _arguments(configfile: Path, cores: str, targets: Sequence[str], extra: Sequence[str]) -> list[str]:
    profile = () if "--profile" in extra else ("--profile", LOCAL_PROFILE)
    # targets come first: options that take several values would swallow them
    command = [sys.executable, "-m", "snakemake", *targets, *profile]
    return [*command, "--configfile", str(configfile), "--cores", cores, *extra]


def _available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _follow(lines: TextIO, state: RunState) -> None:
    """Apply the events that have been written since the last look, and read the running jobs' own steps."""
    while True:
        start = lines.tell()
        line = lines.readline()
        if not line.endswith("\n"):
            lines.seek(start)  # half a line: the rest comes later
            break
        state.apply(json.loads(line))
    for job in state.running.values():
        job.read_steps()


@contextlib.contextmanager
def _stop_on_signal(child: subprocess.Popen) -> Iterator[list[int]]:
    """Pass the first signal to stop on to Snakemake and its jobs, kill them at the second; yields those received.

    The handler prints nothing: it may interrupt the display in the middle of its own printing.
    """
    received: list[int] = []

    def stop(number: int, _frame: object) -> None:
        received.append(number)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGINT if len(received) == 1 else signal.SIGKILL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(console: Console, state: RunState, results: Path, output: Path, code: int, stopped: bool) -> None:
    """Say how the run ended, and where to look."""

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    page = results / "README.md"
    if code == 0 and state.nothing_to_do:
        say(f"nothing to do: {page} is up to date")
        return
    if code == 0:
        say(f"{state.done} jobs done in {clock(time.time() - state.started)}; look at {page}")
        return
    for failure in () if stopped else state.failed.values():
        say(f"{failure.rule} failed ({failure.label}): {failure.message}", style="red")
        if failure.log:
            say(f"  its log: {failure.log}")
    if not state.failed and not stopped:
        say("\n".join(state.errors) or error_line(output), style="red")
    say(f"{'stopped; ' if stopped else ''}Snakemake's own output: {output}")
    if state.total:
        say(f"{state.done} of {state.total} jobs are done; the same command goes on from there")
