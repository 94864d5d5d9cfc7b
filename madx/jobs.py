"""What every script of the workflow does around its one call: log to the rule's file, answer errors in one line."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from madx.config import Study, parse_study
from madx.provenance import digest

if TYPE_CHECKING:
    from madx.training.compute import Machine

log = logging.getLogger(__name__)


@contextlib.contextmanager
def job(snakemake) -> Iterator[Study]:
    """Run a rule's work: yields the study; a failure becomes one line on stderr, with the traceback in the log."""
    os.environ["RAYON_NUM_THREADS"] = str(snakemake.threads)  # of tokenizers
    path = Path(snakemake.log[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=path, filemode="w", level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    logging.captureWarnings(True)
    for noisy in ("httpx", "httpcore", "fsspec", "filelock", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        study = parse_study(snakemake.config, "configuration")
        yield study
        shutil.rmtree(_resume_states(snakemake, study), ignore_errors=True)
    except Exception as error:
        log.exception("the job failed")
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        line = " ".join(f"error in {snakemake.rule}: {kind}{error}".split())
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(line + "\n")
        sys.stderr.write(line + "\n")  # in one piece: other jobs write there, too
        sys.exit(1)


def machine(snakemake, study: Study) -> Machine:
    """The machine of a training or evaluation job, with the rule's threads."""
    from madx.training.compute import set_up

    return set_up(study.compute, snakemake.threads)


def checkpoint_folder(snakemake, study: Study) -> Path:
    """Where a training job keeps its resume state.

    The folder is named after all that the job depends on, so that a state of other settings, code or inputs is never
    taken up. Such states of the same job stay, for whoever goes back to them, until this one has a state of its own to
    go on from or is done.
    """
    inputs = {str(path): os.stat(path) for path in snakemake.input}
    depends_on = {
        "params": dict(snakemake.params.items()),
        "threads": snakemake.threads,
        "inputs": {path: [stat.st_mtime_ns, stat.st_size] for path, stat in inputs.items()},
    }
    states = _resume_states(snakemake, study)
    folder = states / digest(depends_on)[:16]
    others = [state.parent for state in states.glob("*/state.pt") if state.parent != folder]
    if (folder / "state.pt").exists():
        for other in others:
            shutil.rmtree(other, ignore_errors=True)
    elif others:
        log.warning(
            "this job begins anew: an unfinished one had other settings, threads, code or inputs (its state in %s is"
            " dropped once this job has its own)",
            states,
        )
    return folder


def _resume_states(snakemake, study: Study) -> Path:
    """The folder of all resume states of a job."""
    return Path("results") / study.study / "checkpoints" / snakemake.rule / Path(*snakemake.wildcards)
