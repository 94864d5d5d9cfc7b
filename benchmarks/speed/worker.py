"""What a side's process does: prepare a work, then time a run each time it is asked on standard input."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.speed.works import Work, work_on


def serve(prepare: Callable[[Work, str, torch.device], Callable[[], dict[str, float]]]) -> None:
    """Arguments: WORK PRECISION DEVICE THREADS. Answers each line with what a run found, its seconds and memory.

    A run finds {tokens}, the real ones that were computed, over all seeds; of the limit {operations_per_second}.
    memory: the largest resident size of the process so far (CPU) or the most that was allocated (GPU), in bytes.
    """
    name, precision, device_name, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    device = torch.device(device_name)
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print, too
    run = prepare(work_on(device.type, name), precision, device)
    print("ready", file=answers, flush=True)
    for _ in sys.stdin:
        wait(device)
        started = time.perf_counter()
        found = run()
        wait(device)
        seconds = time.perf_counter() - started
        print(json.dumps({**found, "seconds": seconds, "memory": _memory(device)}), file=answers, flush=True)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return largest_resident_size()


def largest_resident_size() -> int:
    """Bytes of this process so far; getrusage's figure would count the process that started it."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status: no VmHWM")
