"""Attention as transformers calls it, with fast dropout where torch has no kernel of its own for it."""

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
    """Attention in transformers' form: torch's kernels, but on a CPU with dropout, where they have none of their own.

    query, key, value: (batch, heads, tokens, size of a head); attention_mask: booleans that broadcast to
    (batch, heads, tokens, tokens), or None -> (batch, tokens, heads, size of a head).
    """
    if query.device.type != "cpu" or dropout == 0.0:
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **others)
    # in float32, as torch: rounded to bfloat16 the scores would make four times the error
    query, key, value, dtype = query.float(), key.float(), value.float(), query.dtype
    scores = (query * (scaling or 1 / math.sqrt(query.shape[-1]))) @ key.mT
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
    probabilities = drop(scores.softmax(dim=-1), dropout)
    return (probabilities @ value).transpose(1, 2).to(dtype, memory_format=torch.contiguous_format), None


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
