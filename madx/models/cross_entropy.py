"""Cross-entropy over a large vocabulary from a frozen output embedding, without a second copy of the logits.

The usual way keeps logits, their logarithms and the gradient of both, each of 250,002 numbers a masked token. With a
frozen embedding the gradient that goes on needs one product with the probabilities, which can take the logits' place
while the loss is computed. torch 2.13's `linear_cross_entropy` in chunks does the same, but far more slowly on a CPU.
"""

from __future__ import annotations

import torch
from torch import Tensor

from madx.models.products import fill_up_rows, product

# numbers that are worked on at a time: on a CPU as many as its cache holds
ELEMENTS = {"cpu": 2**20, "cuda": 2**25}


def frozen_cross_entropy(hidden: Tensor, weight: Tensor, bias: Tensor | None, wanted: Tensor) -> Tensor:
    """Summed cross-entropy of hidden (n, hidden_size) through a frozen embedding against wanted (n,) token ids.

    weight: (vocabulary, hidden_size); bias: (vocabulary,) or None; neither gets a gradient. The sum is float32.
    """
    return _FrozenCrossEntropy.apply(hidden, weight, bias, wanted)


class _FrozenCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(context, hidden: Tensor, weight: Tensor, bias: Tensor | None, wanted: Tensor) -> Tensor:
        filled = product(fill_up_rows(hidden), weight.mT)
        logits = filled[: len(hidden)]
        total = torch.zeros((), device=hidden.device)
        rows = max(1, ELEMENTS.get(hidden.device.type, ELEMENTS["cpu"]) // len(weight))
        for part, expected in zip(logits.split(rows), wanted.unsqueeze(1).split(rows), strict=True):
            scores = part.float() if bias is None else part + bias.float()
            top = scores.amax(dim=1, keepdim=True)
            of_expected = scores.gather(1, expected) - top
            exponentials = scores.sub_(top).exp_()
            sums = exponentials.sum(dim=1, keepdim=True)
            total += (sums.log() - of_expected).sum()
            if context.needs_input_grad[0]:
                probabilities = exponentials.mul_(1 / sums)
                part.copy_(probabilities.scatter_add_(1, expected, torch.full_like(sums, -1.0)))
        if context.needs_input_grad[0]:
            filled[len(hidden) :] = 0.0
            context.save_for_backward(product(filled, weight)[: len(hidden)])
        return total

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (of_hidden,) = context.saved_tensors
        return of_hidden * gradient.to(of_hidden.dtype), None, None, None
