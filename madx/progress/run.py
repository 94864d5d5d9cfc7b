"""Runs the workflow on this machine and shows what runs and how long is left.

Snakemake is a child process. A logger plugin of ours (snakemake-logger-plugin-rich was looked at: it tells neither time
left nor the steps inside a job, and writes no plain lines) appends its events to a file that is followed here; all that
it prints goes to results/<study>/logs/snakemake.log.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
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
# options that run no job: a dry run (alone or behind other letters without a value, as in -pn; what follows the n does
# not matter) and taking away the lock of a run that was killed
NO_JOBS = re.compile(r"--dry-?run|-[DFSfklpt]*n.*|--unlock")
SECONDS_BETWEEN_LOOKS = 0.25


def run_study(
    configfile: Path,
    results: Path,
    cores: str = "all",
    targets: Sequence[str] = (),
    extra: Sequence[str] = (),
    overrides: Sequence[str] = (),
    console: Console | None = None,
) -> int:
    """Run the workflow for one study with a progress display; returns an exit code, 0 when all is done.

    configfile: the study's (valid) configuration. results: its folder, results/<study>. cores: "all" or a number.
    targets: rules or files, none for `all`. extra: further arguments for Snakemake; with a --profile among them the
    local one is not used, and a dry run or --unlock is shown as Snakemake prints it. overrides: KEY=VALUE for the
    configuration. Where this machine has a GPU, one job at a time uses it: each takes the first visible one.
    (`--resources gpu=2` among `extra` replaces this.)
    """
    console = console or Console()
    arguments = _arguments(configfile, cores, targets, [*extra, *(["--config", *overrides] if overrides else [])])
    if any(NO_JOBS.fullmatch(argument) for argument in extra):
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
            env=plugin_environment(),
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
    unlock = madx_command("study", configfile, overrides, "--unlock")
    _report(console, state, results, targets, output, child.returncode, bool(stopped), unlock)
    return 130 if stopped else child.returncode


def plugin_environment() -> dict[str, str]:
    """This process's environment, in which Snakemake finds the logger plugin, too."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(PLUGIN), os.getenv("PYTHONPATH"))))}


def madx_command(name: str, configfile: Path, overrides: Sequence[str], *options: str) -> str:
    """A command of madx for a study, as the user would type it."""
    settings = [part for override in overrides for part in ("--config", override)]
    return shlex.join(["madx", name, "--configfile", str(configfile), *settings, *options])


def _arguments(configfile: Path, cores: str, targets: Sequence[str], extra: Sequence[str]) -> list[str]:
    profile = ("--profile", LOCAL_PROFILE)
    if any(argument == "--profile" or argument.startswith("--profile=") for argument in extra):
        profile = ()
    elif has_gpu():
        profile = (*profile, "--resources", "gpu=1")
    # targets come first: options that take several values would swallow them
    command = [sys.executable, "-m", "snakemake", *targets, *profile]
    return [*command, "--configfile", str(configfile), "--cores", cores, *extra]


def has_gpu() -> bool:
    """Whether jobs on this machine see an NVIDIA GPU; asks its driver's tool, since importing torch takes seconds."""
    visible = os.getenv("CUDA_VISIBLE_DEVICES")
    if (visible is not None and visible.strip() in ("", "-1")) or not (tool := shutil.which("nvidia-smi")):
        return False
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed.returncode == 0 and listed.stdout.startswith("GPU ")


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


def _report(
    console: Console,
    state: RunState,
    results: Path,
    targets: Sequence[str],
    output: Path,
    code: int,
    stopped: bool,
    unlock: str,
) -> None:
    """Say how the run ended, and where to look; unlock: the command that takes away the lock of a killed run."""

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    page = results / "README.md"
    if code == 0 and state.nothing_to_do:
        made = targets or ([str(page)] if page.exists() else [])
        what, verb = ", ".join(made) or "all that was asked for", "are" if len(made) > 1 else "is"
        say(f"nothing to do: {what} {verb} up to date")
        return
    if code == 0:
        look = f"; look at {page if page.exists() else results}" if not targets else f": {', '.join(targets)}"
        say(f"{state.done} jobs done in {clock(time.time() - state.started)}{look}")
        return
    for failure in () if stopped else state.failed.values():
        say(f"{failure.rule} failed ({failure.label}): {failure.message}", style="red")
        if failure.log:
            say(f"  its log: {failure.log}")
    if state.locked:
        say(f"another run is at work here, or was killed; when you are sure that none is alive: {unlock}", style="red")
    elif not state.failed and not stopped:
        say("\n".join(state.errors) or error_line(output), style="red")
    say(f"{'stopped; ' if stopped else ''}Snakemake's own output: {output}")
    if state.total:
        say(f"{state.done} of {state.total} jobs are done; the same command goes on from there")
