"""Floating-point operations of training and evaluation, in large matrix products that cannot be avoided.

Counted a real token (no padding): forward two operations a weight, backward two more where gradients pass and two more
where a weight trains; the output embedding at masked positions alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Sizes of a base."""

    layers: int
    hidden: int
    feed_forward: int
    vocabulary: int

    @property
    def layer(self) -> int:
        """Weights of a layer's matrices."""
        return 4 * self.hidden**2 + 2 * self.hidden * self.feed_forward

    @property
    def head(self) -> int:
        """Weights of the MLM head's matrices, the output embedding among them."""
        return self.hidden**2 + self.vocabulary * self.hidden

    def bottleneck(self, reduction_factor: int) -> int:
        """Weights of one adapter's matrices."""
        return 2 * self.hidden * (self.hidden // reduction_factor)

    def invertible(self, reduction_factor: int) -> int:
        """Weights of the invertible adapter's matrices (equation 5)."""
        half = self.hidden // 2
        return 2 * 2 * half * (half // reduction_factor)

    def attention(self, length: int) -> int:
        """Of a layer's forward pass, a token: its scores in a sequence and their product with the values."""
        return 4 * length * self.hidden


XLM_R_BASE = Shape(layers=12, hidden=768, feed_forward=3072, vocabulary=250_002)


def mlm_adapters(shape: Shape, length: int, masked: float, language: int, invertible: int | None) -> float:
    """MLM of language adapters with these reduction factors, a token of blocks of `length`, a part of them masked."""
    coupling = 6 * shape.invertible(invertible) if invertible else 0
    frozen = 2 * shape.layer + shape.attention(length)
    passed = shape.layers if invertible else shape.layers - 1  # gradients go down to the lowest adapter
    layers = shape.layers * (frozen + 6 * shape.bottleneck(language)) + passed * (frozen + shape.attention(length))
    return layers + coupling + masked * (4 * shape.head + coupling)


def mlm_model(shape: Shape, length: int, masked: float) -> float:
    """MLM of a whole model, a token."""
    return whole_model(shape, length) + masked * 6 * shape.head


def task_adapter(shape: Shape, length: int, task: int, language: int | None) -> float:
    """Training of a task adapter, a token and seed; nothing flows back below the adapter of the lowest layer."""
    frozen = 2 * (shape.layer + (shape.bottleneck(language) if language else 0)) + shape.attention(length)
    return shape.layers * (frozen + 6 * shape.bottleneck(task)) + (shape.layers - 1) * (
        frozen + shape.attention(length)
    )


def whole_model(shape: Shape, length: int) -> float:
    """Training of every weight on a task, a token."""
    return shape.layers * (6 * shape.layer + 3 * shape.attention(length))


def forward(shape: Shape, length: int, adapters: int) -> float:
    """Evaluation, a token and seed; adapters: weights of all adapters of a layer."""
    return shape.layers * (2 * (shape.layer + adapters) + shape.attention(length))
