"""Cross-entropy over a large vocabulary without a second copy of the logits.

The usual way keeps logits, their logarithms and the gradient of both, each of 250,002 numbers a masked token. Here the
gradient takes the logits' place while the loss is computed. torch 2.13's `linear_cross_entropy` in chunks does the
same, but far more slowly on a CPU.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from madx.models.products import fill_up_rows, product, weight_gradient

# numbers that are worked on at a time: on a CPU as many as its cache holds
ELEMENTS = {"cpu": 2**20, "cuda": 2**25}


def cross_entropy_of_output(hidden: Tensor, weight: Tensor, bias: Tensor | None, wanted: Tensor) -> Tensor:
    """Summed cross-entropy of hidden (n, hidden_size) through an output embedding against wanted (n,) token ids.

    weight: (vocabulary, hidden_size); bias: (vocabulary,) or None. The sum is float32, the products have the type of
    the inputs, or autocast's. Gradients go to those inputs that need them.
    """
    inputs = [tensor for tensor in (hidden, weight, bias) if tensor is not None]
    train = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
    return _CrossEntropy.apply(hidden, weight, bias, wanted, train)


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(context, hidden: Tensor, weight: Tensor, bias: Tensor | None, wanted: Tensor, train: bool) -> Tensor:
        device = hidden.device.type
        if torch.is_autocast_enabled(device):
            hidden, weight = (tensor.to(torch.get_autocast_dtype(device)) for tensor in (hidden, weight))
        rows = fill_up_rows(hidden)
        logits = product(rows, weight.mT)
        total = torch.zeros((), device=hidden.device)
        size = max(1, ELEMENTS[device] // len(weight))
        for part, expected in zip(logits[: len(hidden)].split(size), wanted.unsqueeze(1).split(size), strict=True):
            scores = part.float() if bias is None else part + bias.float()
            top = scores.amax(dim=1, keepdim=True)
            of_expected = scores.gather(1, expected) - top
            exponentials = scores.sub_(top).exp_()
            sums = exponentials.sum(dim=1, keepdim=True)
            total += (sums.log() - of_expected).sum()
            if train:
                probabilities = exponentials.mul_(1 / sums)
                part.copy_(probabilities.scatter_add_(1, expected, torch.full_like(sums, -1.0)))
        if train:
            logits[len(hidden) :] = 0.0
            context.rows = len(hidden)
            context.save_for_backward(logits, weight, rows if context.needs_input_grad[1] else None)
        return total

    @staticmethod
    @once_differentiable
    def backward(context, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None]:
        of_logits, weight, rows = context.saved_tensors
        of_hidden, of_weight, of_bias = context.needs_input_grad[:3]
        return (
            product(of_logits, weight)[: context.rows].mul_(gradient) if of_hidden else None,
            weight_gradient(of_logits, rows).mul_(gradient) if of_weight else None,
            of_logits.sum(dim=0, dtype=torch.float32) * gradient if of_bias else None,
            None,
            None,
        )
