"""Ours and the peer (`adapters` 1.3.0) side by side at the shapes of XLM-R base: speed, memory, share of the limit.

    make bench            or    python -m benchmarks.speed --work mlm --precision float32 --runs 5

Each side is a process of its own that stays loaded; runs alternate: limit, ours, the peer in a plain loop, the peer's
AdapterTrainer, and again. Ratios are taken within a round, and their medians reported, since machines drift. Writes
results/bench/<device>.json and .png; `--output benchmarks/results` renews the committed ones, whose table stands in
benchmarks/README.md. The peer's environment is built in .venv-peer at the first call.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

import psutil
import typer

from benchmarks.speed import works
from benchmarks.speed.chart import draw
from benchmarks.speed.works import LIMIT, WORKS, Work, work_on
from madx.files import read_json, write_json
from madx.planning import operations
from madx.planning.operations import XLM_R_BASE
from madx.planning.sizes import SEQUENCE
from tests.reference.build_peer import build_peer

RESULTS = Path("results/bench")
PRECISIONS = ("float32", "bfloat16")
WorkName, PrecisionName = StrEnum("WorkName", WORKS), StrEnum("PrecisionName", PRECISIONS)
QUIET = 0.1  # cores that other processes may use in a round


class Side:
    """A process with a work prepared, which does a run when asked."""

    def __init__(self, python: str | Path, module: str, *arguments: str) -> None:
        command = [str(python), "-m", f"benchmarks.speed.{module}", *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": arguments[-1]}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._line()

    def run(self) -> dict[str, float]:
        """What a worker answers, and others: cores that all other processes used meanwhile."""
        busy, own, started = _busy(), self._own(), time.perf_counter()
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found = json.loads(self._line())
        others = (_busy() - busy) - (self._own() - own)
        return {**found, "others": max(0.0, others / (time.perf_counter() - started))}

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _own(self) -> float:
        """Processor seconds of the process so far."""
        return sum(psutil.Process(self.process.pid).cpu_times()[:2])

    def _line(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(self.process.args)} ended with code {self.process.wait()}")
        return line


def _busy() -> float:
    """Processor seconds that the machine has spent on processes so far."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system


def main(
    work: Annotated[list[WorkName] | None, typer.Option(help="all without")] = None,
    precision: Annotated[list[PrecisionName] | None, typer.Option(help="both without")] = None,
    runs: Annotated[int, typer.Option(help="rounds, after one to warm up", min=1)] = 3,
    device: Annotated[Literal["cpu", "cuda"] | None, typer.Option(help="what there is without")] = None,
    threads: Annotated[int, typer.Option(help="of each side on a CPU", min=1)] = len(os.sched_getaffinity(0)),
    peer_python: Annotated[Path | None, typer.Option(help="a Python that has adapters; built without")] = None,
    output: Path = RESULTS,
) -> None:
    """Measure, print a table, and write the results of this device."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise typer.BadParameter("torch finds no GPU", param_hint="--device")
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    peer = peer_python or build_peer()
    name = torch.cuda.get_device_name() if device == "cuda" else f"{_processor()}, {threads} threads"
    path = output / f"{device}.json"
    before = read_json(path) if path.is_file() else []
    others = [row for row in before if row["device"] != name]
    rows = {(row["work"], row["precision"]): row for row in before if row["device"] == name}
    order = [(of_work, of_precision) for of_work in WORKS for of_precision in PRECISIONS]
    for of_work, of_precision in order:
        if of_work in (work or WORKS) and of_precision in (precision or PRECISIONS):
            rows[of_work, of_precision] = _measure(of_work, of_precision, device, name, threads, runs, peer)
            measured = [rows[key] for key in order if key in rows]
            write_json(path, [*measured, *others])  # this device's first: `madx plan` takes its rates
    draw(measured, path.with_suffix(".png"))
    print(table(measured))
    for row in measured:
        if row["others"] > QUIET:
            print(f"{row['work']} {row['precision']}: other processes used {row['others']:.2f} cores; measure it again")


def _measure(work: str, precision: str, device: str, name: str, threads: int, runs: int, peer: Path) -> dict[str, Any]:
    """One row of the results: medians over the rounds, and the rounds."""
    arguments = work, precision, device, str(threads)
    sides = {
        "limit": Side(sys.executable, "limit", LIMIT, *arguments[1:]),
        "ours": Side(sys.executable, "ours", *arguments),
        **{opponent: Side(peer, "peer", opponent, *arguments) for opponent in work_on(device, work).opponents},
    }
    rounds = []
    for number in range(runs + 1):
        rounds.append({side: process.run() for side, process in sides.items()})
        shown = ", ".join(f"{side} {run['seconds']:.2f} s" for side, run in rounds[-1].items())
        print(f"{work} {precision} round {number}/{runs}: {shown}", flush=True)
    for process in sides.values():
        process.end()
    warm = rounds[1:]

    def rate(side: str, round_: dict) -> float:
        return round_[side]["tokens"] / round_[side]["seconds"]

    a_token = operations_per_token(work_on(device, work))
    limits = [round_["limit"]["operations_per_second"] for round_ in warm]
    shares = [rate("ours", round_) * a_token / limit for round_, limit in zip(warm, limits, strict=True)]
    row = {
        "work": work,
        "precision": precision,
        "device": name,
        "ours": median(rate("ours", round_) for round_ in warm),
        "peer": median(rate("loop", round_) for round_ in warm),
        "unit": "real tokens/s",
        "ratio": median(rate("ours", round_) / rate("loop", round_) for round_ in warm),
        "share_of_limit": median(shares),
        "operations_per_second": median(rate("ours", round_) for round_ in warm) * a_token,
        "limit": median(limits),
        "memory_ratio": warm[-1]["ours"]["memory"] / warm[-1]["loop"]["memory"],
        "memory": {side: warm[-1][side]["memory"] for side in sides if side != "limit"},
        "others": max(run["others"] for round_ in warm for run in round_.values()),
        "runs": warm,
    }
    if "trainer" in sides:
        row["trainer"] = median(rate("trainer", round_) for round_ in warm)
        row["trainer_ratio"] = median(rate("ours", round_) / rate("trainer", round_) for round_ in warm)
    return row


def operations_per_token(work: Work) -> float:
    """Floating-point operations a real token and seed (madx.planning.operations)."""
    language, task = works.LANGUAGE_REDUCTION, works.TASK_REDUCTION
    if work.name == "mlm":
        return operations.mlm_adapters(XLM_R_BASE, work.block, works.MASKED, language, works.INVERTIBLE_REDUCTION)
    if work.name == "ner":
        return operations.task_adapter(XLM_R_BASE, SEQUENCE["ner"], task, language)
    if work.name == "fine-tuning":
        return operations.whole_model(XLM_R_BASE, SEQUENCE["ner"])
    adapters = XLM_R_BASE.bottleneck(language) + XLM_R_BASE.bottleneck(task)
    return operations.forward(XLM_R_BASE, SEQUENCE["ner"], adapters)


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: one line a work and precision; real tokens a second of each side, and ours over the peer's."""
    head = ["work", "precision", "ours", "peer, plain loop", "ratio", "AdapterTrainer", "ratio", "of the limit"]
    lines = [[*head, "memory, ours and the loop's"], ["---", "---", *["---:"] * (len(head) - 1)]]
    for row in rows:
        trainer = [f"{row['trainer']:.0f}", f"{row['trainer_ratio']:.2f}×"] if "trainer" in row else ["–", "–"]
        ours, loop = (row["memory"][side] / 2**30 for side in ("ours", "loop"))
        memory = f"{ours:.1f}, {loop:.1f} GiB, {row['memory_ratio']:.2f}×"
        rates = [f"{row['ours']:.0f}", f"{row['peer']:.0f}", f"{row['ratio']:.2f}×"]
        share = f"{100 * row['share_of_limit']:.0f} %"
        lines.append([row["work"], row["precision"], *rates, *trainer, share, memory])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _processor() -> str:
    """The processor's name, as Linux tells it."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    typer.run(main)
