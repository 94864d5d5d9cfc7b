"""The bottleneck adapter's two projections, for every replica at once (paper, equation 1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from madx.models.products import linear_of_replicas

INITIAL_DEVIATION = 0.02  # N(0, 0.02) and zero biases, as in the released code


def generators(seeds: Sequence[int], part: str) -> list[torch.Generator]:
    """A generator for each seed and part ("language", "task", "head"): equal seeds draw differently for each part."""
    states = [np.random.SeedSequence([seed, *part.encode()]).generate_state(1, np.uint64)[0] for seed in seeds]
    return [torch.Generator().manual_seed(int(state >> np.uint64(1))) for state in states]


class Bottleneck(nn.Module):
    """U·relu(D·x), the non-linear part of equations 1, 2 and 5; what it is added to is the stack's affair.

    Every parameter has a leading axis of replicas. A replica's initial values depend on its seed alone.
    """

    def __init__(self, size: int, bottleneck_size: int, replicas: int = 1) -> None:
        super().__init__()
        self.down_weight = nn.Parameter(torch.zeros(replicas, bottleneck_size, size))
        self.down_bias = nn.Parameter(torch.zeros(replicas, bottleneck_size))
        self.up_weight = nn.Parameter(torch.zeros(replicas, size, bottleneck_size))
        self.up_bias = nn.Parameter(torch.zeros(replicas, size))

    @torch.no_grad()
    def initialize(self, generators: Sequence[torch.Generator]) -> None:
        """Draw each replica's weights from its own generator."""
        for replica, generator in enumerate(generators):
            self.down_weight[replica].normal_(0, INITIAL_DEVIATION, generator=generator)
            self.up_weight[replica].normal_(0, INITIAL_DEVIATION, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """x: (replicas · batch, tokens, size), replica by replica -> same shape.

        With one replica the leading axis simply holds the whole batch: a language adapter that all replicas share.
        """
        replicas = self.down_weight.shape[0]
        rows = x.reshape(replicas, -1, x.shape[-1])
        inner = linear_of_replicas(rows, self.down_weight, self.down_bias).relu()
        return linear_of_replicas(inner, self.up_weight, self.up_bias).view_as(x)
