"""Where the adapters of one layer get their input and residual from: the paper's placement and the released code's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from torch import Tensor

Stack = Literal["paper", "adapterhub"]


def paper(norm: Callable, adapters: Sequence[Callable], x: Tensor, r: Tensor) -> Tensor:
    """Equations 1 and 2: each adapter reads the one below it, and each adds r, the feed-forward block's output.

    LA = U·relu(D·h) + r with h = LayerNorm(r + x);  TA = U·relu(D·LA) + r (footnote 2 prefers this residual).
    x, r: (batch, tokens, hidden_size) -> the layer's output, same shape.
    """
    if not adapters:
        return norm(r + x)
    last = norm(r + x)
    for adapter in adapters:
        last = adapter(last) + r
    return norm(last + x)


def adapterhub(norm: Callable, adapters: Sequence[Callable], x: Tensor, r: Tensor) -> Tensor:
    """What the `adapters` library computes: each adapter reads LayerNorm(last + x) and adds `last`.

    LA = U·relu(D·LayerNorm(r + x)) + r;  TA = U·relu(D·LayerNorm(LA + x)) + LA.
    x, r: (batch, tokens, hidden_size) -> the layer's output, same shape.
    """
    last = r
    for adapter in adapters:
        last = adapter(norm(last + x)) + last
    return norm(last + x)


STACKS: dict[str, Callable] = {"paper": paper, "adapterhub": adapterhub}
