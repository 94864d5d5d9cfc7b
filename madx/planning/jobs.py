"""The jobs that Snakemake would run for a study."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from madx.progress.run import plugin_environment


class PlanError(ValueError):
    """A study that cannot be planned; one line for the user."""


@dataclass(frozen=True)
class PlannedJob:
    """A job that is left to do."""

    rule: str
    wildcards: dict[str, str]


def jobs_left(configfile: Path, overrides: Sequence[str] = ()) -> list[PlannedJob]:
    """Every job that a dry run lists: all of a new study, what is missing of one that has begun.

    Raises PlanError with Snakemake's own message where it cannot tell.
    """
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.jsonl"
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "--configfile", str(configfile)]
        command += [*(["--config", *overrides] if overrides else [])]
        done = subprocess.run(
            [*command, "--logger", "madx", "--logger-madx-events", str(events)],
            check=False,
            capture_output=True,
            text=True,
            env=plugin_environment(),
        )
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())[-400:]
            raise PlanError(f"snakemake --dry-run failed: {said or f'code {done.returncode}'}")
        lines = events.read_text(encoding="utf-8").splitlines() if events.is_file() else []
    found = (json.loads(line) for line in lines)
    return [PlannedJob(event["rule_name"], event["wildcards"] or {}) for event in found if event["event"] == "job_info"]
