"""What the machine can do at most: products of large square matrices, by the fastest of torch's ways.

python -m benchmarks.speed.limit limit PRECISION DEVICE THREADS
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch.nn import functional

from benchmarks.speed.worker import serve, wait
from benchmarks.speed.works import Work
from madx.models.products import linear
from madx.training.compute import set_up

WAYS = (torch.matmul, functional.linear, linear)


def prepare(work: Work, precision: str, device: torch.device) -> Callable[[], dict[str, float]]:
    """The most operations a second over sizes and ways, each the mean of some products."""
    set_up(SimpleNamespace(device=device.type, precision=precision), torch.get_num_threads())
    dtype = getattr(torch, precision)
    matrices = [torch.randn(2, size, size, device=device, dtype=dtype) for size in work.sizes]

    def rate(way: Callable, a: torch.Tensor, b: torch.Tensor) -> float:
        started = time.perf_counter()
        for _ in range(work.steps):
            way(a, b)
        wait(device)
        return 2.0 * len(a) ** 3 * work.steps / (time.perf_counter() - started)

    return lambda: {"operations_per_second": max(rate(way, *pair) for pair in matrices for way in WAYS)}


if __name__ == "__main__":
    serve(prepare)
