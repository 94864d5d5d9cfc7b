"""Matrix products of frozen and trained weights, in float32 by the faster of torch's two libraries on a CPU.

torch takes MKL for float32 and oneDNN for bfloat16. On AMD's processors MKL leaves AVX-512 unused, and oneDNN does the
same product in half the time, as exactly (`python -m benchmarks.products`).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

SMALLEST = 2**22  # multiplications; below, oneDNN gains less than it takes to make a kernel for new sizes


class Linear(nn.Linear):
    """nn.Linear with `linear`."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x: (..., in), weight: (out, in), bias: (out,) -> (..., out), as functional.linear, with its gradients."""
    if _use_onednn(x, weight, x.numel() * weight.shape[0]):
        return _Linear.apply(x, weight, bias)
    return functional.linear(x, weight, bias)


def linear_of_replicas(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x: (replicas, n, in), weight: (replicas, out, in), bias: (replicas, out) -> (replicas, n, out), of x's type."""
    weight, bias = weight.to(x.dtype), bias.to(x.dtype)
    if len(weight) == 1:
        return linear(x, weight[0], bias[0])
    return torch.baddbmm(bias.unsqueeze(1), x, weight.mT)


def product(a: Tensor, b: Tensor) -> Tensor:
    """a: (n, k), b: (k, m) -> (n, m), without gradients."""
    return onednn_linear(a, b.mT) if _use_onednn(a, b, a.numel() * b.shape[1]) else a @ b


def weight_gradient(of_rows: Tensor, rows: Tensor) -> Tensor:
    """of_rows: (n, out), rows: (n, in) -> (out, in), the sum of their outer products, without gradients."""
    if _use_onednn(of_rows, rows, of_rows.numel() * rows.shape[1]):
        filled = (fill_up_rows(tensor).mT for tensor in (of_rows, rows))
        return torch.ops.mkldnn._linear_pointwise(*filled, None, "none", [], "")
    return of_rows.mT @ rows


def _use_onednn(a: Tensor, b: Tensor, multiplications: int) -> bool:
    return (
        ONEDNN
        and multiplications >= SMALLEST
        and a.dtype == b.dtype == torch.float32
        and a.device.type == "cpu"
        and not torch.is_autocast_enabled("cpu")
    )


def has_faster_onednn() -> bool:
    """Whether oneDNN uses wider instructions than MKL here: on processors of AMD with AVX-512 (as Linux names them).

    Not where torch has no such product, or `torch.backends.mkldnn` is switched off.
    """
    about = Path("/proc/cpuinfo")
    return (
        torch.backends.cpu.get_cpu_capability() == "AVX512"
        and torch.backends.mkldnn.is_available()
        and torch.backends.mkldnn.enabled
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and about.is_file()
        and "AuthenticAMD" in about.read_text(encoding="utf-8")
    )


ONEDNN = has_faster_onednn()


def onednn_linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x: (n, in), weight: (out, in), bias: (out,) -> (n, out), by oneDNN, whatever the sizes; no gradients."""
    return torch.ops.mkldnn._linear_pointwise(fill_up_rows(x), weight, bias, "none", [], "")[: len(x)]


def fill_up_rows(x: Tensor) -> Tensor:
    """x: (n, size) with rows of zeros added, at most a 16th or 31: (n', size), n' one of few numbers; x itself if n is.

    On a CPU alone. For each number of rows oneDNN makes kernels and buffers of their own: with 200 numbers, in rising
    order, the process grew by 5 GiB.
    """
    missing = -len(x) % max(32, (1 << len(x).bit_length()) >> 5)
    return functional.pad(x, (0, 0, 0, missing)) if missing and x.device.type == "cpu" else x


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(context, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        # contiguous: for halves of rows, as the invertible adapter has them, oneDNN has no fast kernel
        rows = x.contiguous().view(-1, x.shape[-1])
        context.save_for_backward(rows if context.needs_input_grad[1] else None, weight)
        return onednn_linear(rows, weight, bias).view(*x.shape[:-1], len(weight))

    @staticmethod
    @once_differentiable
    def backward(context, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        rows, weight = context.saved_tensors
        of_x, of_weight, of_bias = context.needs_input_grad
        of_rows = gradient.contiguous().view(-1, len(weight))
        return (
            onednn_linear(of_rows, weight.mT).view(*gradient.shape[:-1], weight.shape[1]) if of_x else None,
            weight_gradient(of_rows, rows) if of_weight else None,
            of_rows.sum(dim=0) if of_bias else None,
        )
