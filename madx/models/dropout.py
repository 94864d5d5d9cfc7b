"""Dropout whose random numbers cost little on a CPU.

There torch draws them one after the other with one thread, at 4 ns each: 15 % of a training step in bfloat16. Here 16
bits of a fast generator decide each value, and torch's own generator draws that generator's seed, so that the state
of torch's still is all that a resumed run needs. On other devices dropout is torch's.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

VALUES = 2**16  # that 16 bits have
# types of the same width: torch turns comparisons into these sooner
AS_INTEGERS = {torch.float32: torch.int32, torch.bfloat16: torch.int16, torch.float16: torch.int16}


class Dropout(nn.Dropout):
    """nn.Dropout with `dropout`."""

    def forward(self, x: Tensor) -> Tensor:
        return dropout(x, self.p) if self.training else x


def dropout(x: Tensor, p: float) -> Tensor:
    """Each value is zero with probability p (on a CPU rounded to 1/65,536), the others grow so that the mean stays."""
    dropped = round(p * VALUES)
    if x.device.type != "cpu" or x.dtype not in AS_INTEGERS or not 0 < dropped < VALUES:
        return functional.dropout(x, p)
    seed = int(torch.empty((), dtype=torch.int64).random_())
    bits = np.random.Generator(np.random.SFC64(seed)).integers(0, 2**64, -(-x.numel() // 4), dtype=np.uint64)
    kept = torch.from_numpy(bits.view(np.int16))[: x.numel()].view(x.shape) >= dropped - VALUES // 2
    factor = torch.tensor(VALUES / (VALUES - dropped), dtype=x.dtype)
    integers = AS_INTEGERS[x.dtype]
    return x * kept.to(integers).mul_(factor.view(integers)).view(x.dtype)
