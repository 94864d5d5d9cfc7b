"""The invertible adapter: NICE coupling on the input embeddings, undone before the output embedding (equations 3-5)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from madx.adapters.bottleneck import Bottleneck


class Invertible(nn.Module):
    """A_inv and its inverse: two halves of the hidden vector, coupled through F and G.

    hidden_size must be even: ValueError otherwise.
    """

    def __init__(self, hidden_size: int, bottleneck_size: int, replicas: int = 1) -> None:
        super().__init__()
        if hidden_size % 2:
            raise ValueError(f"an invertible adapter needs an even hidden size, found {hidden_size}")
        self.F = Bottleneck(hidden_size // 2, bottleneck_size, replicas)
        self.G = Bottleneck(hidden_size // 2, bottleneck_size, replicas)

    def initialize(self, generators: Sequence[torch.Generator]) -> None:
        """Draw each replica's weights from its own generator."""
        self.F.initialize(generators)
        self.G.initialize(generators)

    def forward(self, e: Tensor) -> Tensor:
        """e: (..., hidden_size) embeddings -> same shape (equation 3)."""
        e1, e2 = e.chunk(2, dim=-1)
        o1 = self.F(e2) + e1
        o2 = self.G(o1) + e2
        return torch.cat([o1, o2], dim=-1)

    def inverse(self, o: Tensor) -> Tensor:
        """o: (..., hidden_size) -> the e with forward(e) = o, up to rounding (equation 4)."""
        o1, o2 = o.chunk(2, dim=-1)
        e2 = o2 - self.G(o1)
        e1 = o1 - self.F(e2)
        return torch.cat([e1, e2], dim=-1)
