"""What the machine can do at most: products of large square matrices, by the faster of torch's libraries.

python -m benchmarks.speed.limit limit PRECISION DEVICE THREADS
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.speed.worker import serve
from benchmarks.speed.works import Work
from madx.models.products import product


def prepare(work: Work, precision: str, device: torch.device) -> Callable[[], int]:
    """Products of a tenth of a second or more together."""
    dtype = getattr(torch, precision)
    a, b = (torch.randn(work.size, work.size, device=device, dtype=dtype) for _ in range(2))

    def run() -> int:
        for _ in range(work.steps):
            product(a, b)
        return 0

    return run


if __name__ == "__main__":
    serve(prepare)
