"""The machine as a setting: device, threads, precision."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from madx.models import products

if TYPE_CHECKING:
    from madx.config import Compute


@dataclass(frozen=True)
class Machine:
    """device: where to compute; frozen: the type of weights that do not train (trainable ones are float32)."""

    device: torch.device
    frozen: torch.dtype

    @property
    def autocast(self) -> bool:
        """Whether whole-model training, whose weights are float32, computes in bfloat16."""
        return self.frozen == torch.bfloat16

    def as_dict(self) -> dict[str, Any]:
        """For the provenance of what was computed there: what was decided, and the threads of torch."""
        return {
            "device": self.device.type,
            "precision": str(self.frozen).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "float32_products": "oneDNN" if self.device.type == "cpu" and products.ONEDNN else "torch",
        }


def set_up(compute: Compute, threads: int) -> Machine:
    """Set torch's threads and resolve `auto`. Raises ValueError when cuda is asked for and missing."""
    torch.set_num_threads(threads)
    _keep_freed_memory()
    available = torch.cuda.is_available()
    if compute.device == "cuda" and not available:
        raise ValueError("compute.device is 'cuda', but torch finds no GPU; set it to auto or cpu")
    device = torch.device("cuda" if available and compute.device != "cpu" else "cpu")
    precision = compute.precision
    if precision == "auto":
        precision = "bfloat16" if has_fast_bfloat16(device) else "float32"
    return Machine(device, getattr(torch, precision))


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are faster than in float32 there: GPU since Ampere, CPU with AVX512_BF16."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return bool(torch.backends.cpu.get_cpu_capability() == "AVX512" and torch.cpu._is_avx512_bf16_supported())


def _keep_freed_memory() -> None:
    """Let glibc reuse freed memory instead of returning it: each step asks for the same large tensors again.

    Without this a sixth of the processor time of MLM steps at XLM-R-like sizes went into page faults. Other C libraries
    have no mallopt and are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    trim_threshold, mmap_max = -1, -4
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, -1)  # give nothing back
