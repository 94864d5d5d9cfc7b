"""What a side's process does: prepare a work, then time a run each time it is asked on standard input."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable

import torch

from benchmarks.speed.works import Work, work_on


def serve(prepare: Callable[[Work, str, torch.device], Callable[[], int]]) -> None:
    """Arguments: WORK PRECISION DEVICE THREADS. Answers each line with {tokens, seconds, memory} of one run.

    tokens: real ones that were computed, over all seeds. memory: the largest resident size of the process so far (CPU)
    or the most that was allocated (GPU), in bytes.
    """
    name, precision, device_name, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    device = torch.device(device_name)
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print, too
    run = prepare(work_on(device.type, name), precision, device)
    print("ready", file=answers, flush=True)
    for _ in sys.stdin:
        _wait(device)
        started = time.perf_counter()
        tokens = run()
        _wait(device)
        seconds = time.perf_counter() - started
        print(json.dumps({"tokens": tokens, "seconds": seconds, "memory": _memory(device)}), file=answers, flush=True)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
