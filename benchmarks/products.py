"""float32 products of the sizes of XLM-R base by torch's default library (MKL on most CPUs) and by oneDNN, in turn.

python -m benchmarks.products [THREADS]
"""

from __future__ import annotations

import sys
import time
from statistics import median

import torch
from torch.nn import functional

from madx.models.products import ONEDNN, onednn_linear
from madx.training.compute import set_up

SIZES = ((1024, 768, 768), (1024, 768, 3072), (1024, 3072, 768), (154, 768, 250_002), (2048, 2048, 2048))
ROUNDS = 7


def main(threads: int = 2) -> None:
    """A Markdown table: GFLOP/s of both (medians), their ratio, and the errors against double precision."""
    from types import SimpleNamespace

    set_up(SimpleNamespace(device="cpu", precision="float32"), threads)
    print(f"torch {torch.__version__}, {threads} threads; the study takes {'oneDNN' if ONEDNN else 'the default'}\n")
    print("| rows × in × out | default, GFLOP/s | oneDNN | ratio | error of the default | of oneDNN |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for rows, inner, outer in SIZES:
        x, weight = torch.randn(rows, inner), torch.randn(outer, inner)
        seconds = {functional.linear: [], onednn_linear: []}
        for number in range(ROUNDS + 1):
            for compute, taken in seconds.items():
                started = time.perf_counter()
                compute(x, weight)
                taken += [time.perf_counter() - started] if number else []
        exact = x[:32].double() @ weight.double().mT
        errors = [float((f(x, weight)[:32] - exact).norm() / exact.norm()) for f in seconds]
        default, onednn = (2e-9 * rows * inner * outer / median(taken) for taken in seconds.values())
        ratio = median(a / b for a, b in zip(*seconds.values(), strict=True))
        shown = f"{default:.0f} | {onednn:.0f} | {ratio:.2f}× | {errors[0]:.1e} | {errors[1]:.1e}"
        print(f"| {rows} × {inner} × {outer:,} | {shown} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
