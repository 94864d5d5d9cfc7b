"""How a run is shown: a live display in a terminal, a line now and then elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from madx.progress.state import Job, RunState

SECONDS_BETWEEN_LINES = 15


class Display(Protocol):
    """Shows a run's state for as long as its context lasts."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, state: RunState, now: float) -> None: ...


def make_display(console: Console) -> Display:
    """The display that suits where the output goes."""
    return TerminalDisplay(console) if console.is_terminal else PlainDisplay(console)


class TerminalDisplay:
    """A bar over all jobs and one line with its own bar for each running job."""

    def __init__(self, console: Console) -> None:
        self.live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def show(self, state: RunState, now: float) -> None:
        self.live.update(self._picture(state, now), refresh=True)

    def _picture(self, state: RunState, now: float) -> Group | Text:
        if not state.total:
            return Text("looking for what is to be done ...", style="dim")
        overall = Table.grid(padding=(0, 1))
        overall.add_row(
            Text("all jobs", style="bold"),
            ProgressBar(total=state.total, completed=state.done, width=30),
            f"{state.done}/{state.total}",
            Text(f"{clock(now - state.started)} elapsed", style="dim"),
            Text(time_left(state, now), style="cyan"),
        )
        jobs = Table.grid(padding=(0, 1))
        for job in state.running.values():
            jobs.add_row(
                ProgressBar(total=job.steps or None, completed=job.step, width=16, pulse=not job.steps),
                steps(job),
                Text(clock(now - job.started), style="dim"),
                Text(job.label, no_wrap=True, overflow="ellipsis"),
            )
        return Group(overall, jobs)


class PlainDisplay:
    """A line every 15 seconds, for logs and continuous integration."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.next_line = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, state: RunState, now: float) -> None:
        if not state.total or now < self.next_line:
            return
        self.next_line = now + SECONDS_BETWEEN_LINES
        running = ", ".join(f"{job.label} {steps(job)}".strip() for job in state.running.values())
        counts = f"{state.done:>{len(str(state.total))}}/{state.total} jobs"
        line = f"[ {counts} | {clock(now - state.started)} elapsed | {time_left(state, now)} ] {running}"
        self.console.print(line.rstrip(), markup=False, highlight=False, soft_wrap=True)


def clock(seconds: float) -> str:
    """Seconds as 02:10 or 1:02:10."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def time_left(state: RunState, now: float) -> str:
    """The estimate in words."""
    left = state.seconds_left(now)
    return "time left unknown" if left is None else f"about {clock(left)} left"


def steps(job: Job) -> str:
    """A job's own steps as 120/500, or nothing."""
    return f"{job.step}/{job.steps}" if job.steps else ""
