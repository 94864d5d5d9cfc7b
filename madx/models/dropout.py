"""Dropout whose random numbers cost little on a CPU.

There torch draws them one after the other with one thread, at 4 ns each: 15 % of a training step in bfloat16. Here 16
bits of a fast generator decide each value, and torch's own generator draws that generator's seed, so that the state
of torch's still is all that a resumed run needs. On other devices dropout is torch's.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

ATTENTION = "madx"  # its name for transformers
VALUES = 2**16  # that 16 bits have


class Dropout(nn.Dropout):
    """nn.Dropout with `dropout`."""

    def forward(self, x: Tensor) -> Tensor:
        return dropout(x, self.p) if self.training else x


def dropout(x: Tensor, p: float) -> Tensor:
    """Each value is zero with probability p (on a CPU rounded to 1/65,536), the others grow so that the mean stays."""
    if x.device.type != "cpu" or not 0 < p < 1:
        return functional.dropout(x, p)
    dropped = round(p * VALUES)
    seed = int(torch.empty((), dtype=torch.int64).random_())
    bits = np.random.Generator(np.random.SFC64(seed)).integers(0, 2**64, -(-x.numel() // 4), dtype=np.uint64)
    kept = torch.from_numpy(bits.view(np.int16))[: x.numel()].view(x.shape) >= dropped - VALUES // 2
    return x * kept.to(x.dtype).mul_(VALUES / (VALUES - dropped))


def attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **others,
) -> tuple[Tensor, None]:
    """Attention in transformers' form: torch's kernels, but on a CPU with dropout, where they have none of their own.

    query, key, value: (batch, heads, tokens, size of a head); attention_mask: booleans that broadcast to
    (batch, heads, tokens, tokens), or None -> (batch, tokens, heads, size of a head).
    """
    if query.device.type != "cpu" or dropout == 0.0:
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **others)
    scores = (query * (scaling or 1 / math.sqrt(query.shape[-1]))) @ key.mT
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
    probabilities = _dropout(scores.softmax(dim=-1), dropout)
    return (probabilities @ value).transpose(1, 2).contiguous(), None


_dropout = dropout  # in `attention` the name is transformers' argument
AttentionInterface.register(ATTENTION, attention)
AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def use_fast_dropout(model: PreTrainedModel) -> None:
    """Let a model's dropout be this module's, that of its attention with it; its weights and their names stay."""
    for parent in list(model.modules()):
        for name, module in parent.named_children():
            if type(module) is nn.Dropout:
                setattr(parent, name, Dropout(module.p).train(module.training))
    model.set_attn_implementation(ATTENTION)
