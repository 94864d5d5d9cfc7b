"""Task heads on the base's last hidden states, with the adapters' replica axis.

They compute in float32 whatever the base computes in: in bfloat16 the scores of two answers are often equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from madx.adapters.bottleneck import INITIAL_DEVIATION, generators
from madx.models.dropout import Dropout


class TokenHead(nn.Module):
    """A linear layer on each token: hidden state -> scores (of tags; of start and end); `replicas` copies of it."""

    def __init__(self, hidden_size: int, scores: int, replicas: int = 1, dropout: float = 0.1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(replicas, scores, hidden_size))
        self.bias = nn.Parameter(torch.zeros(replicas, scores))
        self.dropout = Dropout(dropout)

    @classmethod
    def create(cls, hidden_size: int, scores: int, seeds: Sequence[int], dropout: float = 0.1) -> TokenHead:
        """A new head, one replica a seed; a replica's values do not depend on the other seeds."""
        head = cls(hidden_size, scores, len(seeds), dropout)
        with torch.no_grad():
            for replica, generator in enumerate(generators(seeds, "head")):
                head.weight[replica].normal_(0, INITIAL_DEVIATION, generator=generator)
        return head

    @classmethod
    def like(cls, tensors: Mapping[str, Tensor]) -> TokenHead:
        """A head of the sizes of saved tensors."""
        replicas, scores, hidden_size = tensors["weight"].shape
        return cls(hidden_size, scores, replicas)

    def forward(self, hidden: Tensor) -> Tensor:
        """hidden: (replicas · batch, tokens, hidden_size), replica by replica -> (replicas, batch · tokens, scores)."""
        with torch.autocast(hidden.device.type, enabled=False):
            rows = self.dropout(hidden.float()).reshape(self.weight.shape[0], -1, hidden.shape[-1])
            return torch.baddbmm(self.bias.unsqueeze(1), rows, self.weight.mT)


class ChoiceHead(nn.Module):
    """One score a sequence, from its first token: dropout, linear, tanh, dropout, linear; `replicas` copies of it.

    The usual head of RoBERTa for whole sequences (Liu et al. 2019, arXiv 1907.11692, as transformers has it). All
    options of an example share it, so that it serves any number of them. A score has no bias: it would be the same for
    all options, which a softmax over them does not see; its gradient would be nothing but rounding errors, and Adam
    makes whole steps of such.
    """

    def __init__(self, hidden_size: int, replicas: int = 1, dropout: float = 0.1) -> None:
        super().__init__()
        self.dense_weight = nn.Parameter(torch.zeros(replicas, hidden_size, hidden_size))
        self.dense_bias = nn.Parameter(torch.zeros(replicas, hidden_size))
        self.weight = nn.Parameter(torch.zeros(replicas, 1, hidden_size))
        self.dropout = Dropout(dropout)

    @classmethod
    def create(cls, hidden_size: int, seeds: Sequence[int], dropout: float = 0.1) -> ChoiceHead:
        """A new head, one replica a seed; a replica's values do not depend on the other seeds."""
        head = cls(hidden_size, len(seeds), dropout)
        with torch.no_grad():
            for replica, generator in enumerate(generators(seeds, "head")):
                head.dense_weight[replica].normal_(0, INITIAL_DEVIATION, generator=generator)
                head.weight[replica].normal_(0, INITIAL_DEVIATION, generator=generator)
        return head

    @classmethod
    def like(cls, tensors: Mapping[str, Tensor]) -> ChoiceHead:
        """A head of the sizes of saved tensors."""
        replicas, _, hidden_size = tensors["weight"].shape
        return cls(hidden_size, replicas)

    def forward(self, hidden: Tensor) -> Tensor:
        """hidden: (replicas · sequences, tokens, hidden_size), replica by replica -> (replicas, sequences)."""
        with torch.autocast(hidden.device.type, enabled=False):
            first = self.dropout(hidden[:, 0].float()).view(self.weight.shape[0], -1, hidden.shape[-1])
            inner = torch.baddbmm(self.dense_bias.unsqueeze(1), first, self.dense_weight.mT).tanh()
            return torch.bmm(self.dropout(inner), self.weight.mT).squeeze(-1)
