"""What a run of the workflow has done, does now, and how long the rest will take. Fed by events; no display."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

# Seconds of one job in the default study on one laptop core. Only their proportions matter, and only until a rule
# has finished a job here or left benchmarks behind.
TYPICAL_SECONDS = {
    "all": 0,
    "record_revision": 3,
    "prepare_training_data": 3,
    "prepare_test_data": 3,
    "prepare_text": 5,
    "tokenize_training_data": 4,
    "tokenize_test_data": 4,
    "train_tokenizer": 6,
    "pack_blocks": 5,
    "make_base": 200,
    "fetch_base": 20,
    "fetch_tokenizer": 10,
    "train_mlm_head": 60,
    "adapt_language": 40,
    "adapt_model": 40,
    "train_task_adapter": 60,
    "fine_tune_model": 30,
    "fine_tune_model_for_target": 30,
    "fine_tune_first_stage": 30,
    "fine_tune_first_stage_for_target": 30,
    "evaluate_run": 10,
    "collect_scores": 4,
    "make_tables": 6,
    "make_figures": 25,
    "make_page": 3,
    "sync_tracking": 20,
}
TYPICAL_SECONDS_OF_OTHERS = 5
# A few quick jobs say little about this machine: its speed is blended with "typical" of this weight, in seconds.
PRIOR_SECONDS = 30

# lines of the jobs' logs: `step 120/500 loss 3.2101 12s left`, and the last one of a job that failed (madx.jobs)
STEP = re.compile(r"\bstep (\d+)/(\d+)\b")
LEFT = re.compile(r"\b(\d+)s left\b")
ERRORS = (re.compile(r"^error in \w+: (.+)"), re.compile(r"^((?:\w+\.)*\w*(?:Error|Exception|Interrupt)\b.*)"))
TAIL_BYTES = 4096


@dataclass
class Job:
    """A job that Snakemake has started."""

    number: int
    rule: str
    label: str
    logs: tuple[Path, ...]
    started: float
    threads: int = 1
    step: int = 0
    steps: int = 0
    ends: float | None = None  # time at which it will end, by its own account

    @property
    def fraction(self) -> float:
        """Part of the job's own steps that are done; 0 where its log tells none."""
        return self.step / self.steps if self.steps else 0.0

    def read_steps(self) -> None:
        """Take steps and seconds left from the end of the job's logs."""
        for log in self.logs:
            text = tail(log)
            if found := STEP.findall(text):
                self.step, self.steps = map(int, found[-1])
            if found := LEFT.findall(text):
                with contextlib.suppress(FileNotFoundError):  # Snakemake removed it in between
                    self.ends = log.stat().st_mtime + int(found[-1])


@dataclass
class Failure:
    """A job that ended in an error; message is one line for the user."""

    message: str
    rule: str
    label: str
    log: Path | None


@dataclass
class RunState:
    """State of one run, from the events of the logger plugin.

    known_seconds: mean seconds of a job by rule from an earlier run of the same study.
    """

    cores: int
    started: float
    known_seconds: dict[str, float] = field(default_factory=dict)
    jobs_of: Counter = field(default_factory=Counter)
    done_of: Counter = field(default_factory=Counter)
    running: dict[int, Job] = field(default_factory=dict)
    failed: dict[int, Failure] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    locked: bool = False
    nothing_to_do: bool = False
    seconds_of: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def total(self) -> int:
        return self.jobs_of.total()

    @property
    def done(self) -> int:
        return self.done_of.total()

    def apply(self, event: dict) -> None:
        """Take one event of the logger plugin into account."""
        match event["event"]:
            case "run_info":
                self.jobs_of = Counter({rule: n for rule, n in event["stats"].items() if rule != "total"})
            case "job_info":
                job = _job(event)
                self.failed.pop(job.number, None)  # started once more
                self.running[job.number] = job
            case "job_finished":
                if job := self.running.pop(event["job_id"], None):
                    self.done_of[job.rule] += 1
                    self.seconds_of[job.rule].append(event["time"] - job.started)
            case "job_error":
                job = self.running.pop(event["jobid"], None)
                log = next((Path(name) for name in event["log"] or ()), None)
                self.failed[event["jobid"]] = Failure(
                    error_line(log) if log else "failed without a log",
                    event["rule_name"],
                    job.label if job else event["rule_name"],
                    log,
                )
            case "error" if event["exception"] == "LockException":
                self.locked = True
            case "error":
                lines = [line.strip() for line in event["message"].splitlines()]
                self.errors.append(" ".join(line for line in lines if not line.startswith('File "')))
            case "nothing_to_do":
                self.nothing_to_do = True

    def seconds_left(self, now: float) -> float | None:
        """Estimated seconds until the last job ends; None before anything is known.

        A rule with a single job stands alone (the base, the tables): it waits for all before it, and all after it wait.
        The jobs of other rules fill the cores.
        """
        if not self.total:
            return None
        speed = self._speed(now)
        alone, shared, longest = 0.0, 0.0, 0.0
        for job in self.running.values():
            left = self._job_seconds_left(job, now, speed)
            longest = max(longest, left)
            if self.jobs_of[job.rule] == 1:
                alone += left
            else:
                shared += left * job.threads
        in_hand = Counter(job.rule for job in self.running.values())
        threads_of = {job.rule: job.threads for job in self.running.values()}
        for rule, jobs in self.jobs_of.items():
            waiting = max(0, jobs - self.done_of[rule] - in_hand[rule]) * self._seconds(rule, speed)
            if jobs == 1:
                alone += waiting
            else:
                shared += waiting * threads_of.get(rule, 1)
        return max(longest, alone + shared / self.cores)

    def _seconds(self, rule: str, speed: float) -> float:
        """Expected seconds of one job: seen in this run, else in an earlier one, else typical ones at this speed."""
        if self.seconds_of.get(rule):
            return fmean(self.seconds_of[rule])
        if rule in self.known_seconds:
            return self.known_seconds[rule]
        return speed * TYPICAL_SECONDS.get(rule, TYPICAL_SECONDS_OF_OTHERS)

    def _job_seconds_left(self, job: Job, now: float, speed: float) -> float:
        elapsed = max(0.0, now - job.started)
        if job.ends is not None:
            return max(0.0, job.ends - now)
        if job.fraction > 0:
            return elapsed * (1 - job.fraction) / job.fraction
        # a job that outlasts its estimate has as good as nothing left, but never less than that
        return max(self._seconds(job.rule, speed) - elapsed, 0.1 * elapsed)

    def _speed(self, now: float) -> float:
        """This machine's seconds for one typical second, from the finished jobs and the steps of running ones."""
        seen, typical = float(PRIOR_SECONDS), float(PRIOR_SECONDS)
        for rule, seconds in self.seconds_of.items():
            seen += sum(seconds)
            typical += len(seconds) * TYPICAL_SECONDS.get(rule, TYPICAL_SECONDS_OF_OTHERS)
        for job in self.running.values():
            seen += max(0.0, now - job.started) if job.fraction else 0.0
            typical += job.fraction * TYPICAL_SECONDS.get(job.rule, TYPICAL_SECONDS_OF_OTHERS)
        return seen / typical


def _job(event: dict) -> Job:
    wildcards = " ".join(str(value) for value in (event["wildcards"] or {}).values())
    label = event["rule_msg"] or f"{event['rule_name']} {wildcards}".strip()
    logs = tuple(Path(name) for name in event["log"] or ())
    return Job(event["jobid"], event["rule_name"], label, logs, event["time"], event["threads"] or 1)


def read_benchmarks(folder: Path) -> dict[str, float]:
    """Mean seconds of a job by rule, from Snakemake's benchmark files <folder>/<rule>/**/*.tsv of earlier runs."""
    seconds = defaultdict(list)
    for file in folder.glob("*/**/*.tsv"):
        with open(file, encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                try:
                    seconds[file.relative_to(folder).parts[0]].append(float(row["s"]))
                except (KeyError, TypeError, ValueError):
                    continue  # written by another version, or cut off: an estimate can do without it
    return {rule: fmean(values) for rule, values in seconds.items()}


def tail(path: Path) -> str:
    """The last few lines of a text file; empty where it does not exist."""
    try:
        with open(path, "rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - TAIL_BYTES))
            return stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def error_line(log: Path) -> str:
    """The line of a failed job's log that tells the user what went wrong.

    It is the line that madx.jobs ends the log with, else the exception at the end of a traceback. A job that was killed
    leaves neither: then it is the last thing that the job did.
    """
    lines = [line.rstrip() for line in tail(log).splitlines() if line.strip()]
    for error in ERRORS:
        for line in reversed(lines):
            if found := error.search(line):
                return found[1]
    return f"no error in its log, which ends with {lines[-1].strip()!r}" if lines else "nothing in its log"
