"""Attention as transformers calls it, written out for training on a CPU."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from madx.models.dropout import dropout as drop

NAME = "madx"  # for transformers


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
    """Attention in transformers' form: torch's kernels, but on a CPU in training.

    With dropout torch has no kernel of its own there, and without it the gradients of its kernel are slow in bfloat16.

    query, key, value: (batch, heads, tokens, size of a head); attention_mask: booleans that broadcast to
    (batch, heads, tokens, tokens), or None -> (batch, tokens, heads, size of a head).
    """
    trains = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (query, key, value))
    if query.device.type != "cpu" or not (trains or dropout > 0.0):
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **others)
    # in float32, as torch, also under autocast: rounded to bfloat16 the scores would make four times the error
    with torch.autocast("cpu", enabled=False):
        dtype = query.dtype
        query, key, value = query.float(), key.float(), value.float()
        scores = (query * (scaling or 1 / math.sqrt(query.shape[-1]))) @ key.mT
        if attention_mask is not None:
            scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
        probabilities = drop(scores.softmax(dim=-1), dropout)
        return (probabilities @ value).transpose(1, 2).to(dtype).contiguous(), None


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
