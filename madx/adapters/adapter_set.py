"""All adapters that belong together: one language's (with or without the invertible adapter) or one task's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import nn

from madx.adapters.bottleneck import Bottleneck, generators
from madx.adapters.invertible import Invertible


@dataclass(frozen=True)
class AdapterShape:
    """Sizes of a set of adapters.

    layers: of the base; hidden_size: of the base; bottleneck_size: of each layer's adapter;
    invertible_bottleneck_size: of F and G, None without invertible adapter; leave_out: layers (from 0) without adapter.
    """

    layers: int
    hidden_size: int
    bottleneck_size: int
    invertible_bottleneck_size: int | None = None
    leave_out: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("layers", "hidden_size", "bottleneck_size", "invertible_bottleneck_size"):
            size = getattr(self, name)
            if not (isinstance(size, int) and size > 0) and (name, size) != ("invertible_bottleneck_size", None):
                raise ValueError(f"{name} must be a whole number above 0, found {size!r}")
        object.__setattr__(self, "leave_out", tuple(self.leave_out))
        outside = [layer for layer in self.leave_out if not 0 <= layer < self.layers]
        if outside:
            raise ValueError(f"leave_out names layers {outside}, but the base has layers 0 to {self.layers - 1}")

    def as_dict(self) -> dict:
        return {**asdict(self), "leave_out": list(self.leave_out)}


class AdapterSet(nn.Module):
    """Bottleneck adapters by layer and, for a language, perhaps an invertible adapter; `replicas` copies of each."""

    def __init__(self, shape: AdapterShape, replicas: int = 1) -> None:
        super().__init__()
        self.shape = shape
        self.replicas = replicas
        self.layers = nn.ModuleDict(
            {
                str(layer): Bottleneck(shape.hidden_size, shape.bottleneck_size, replicas)
                for layer in range(shape.layers)
                if layer not in shape.leave_out
            }
        )
        self.invertible = (
            Invertible(shape.hidden_size, shape.invertible_bottleneck_size, replicas)
            if shape.invertible_bottleneck_size
            else None
        )

    @classmethod
    def create(cls, shape: AdapterShape, seeds: Sequence[int], part: str = "language") -> AdapterSet:
        """New adapters, one replica a seed; a replica's values depend on its seed and the part, not on other seeds."""
        adapters = cls(shape, replicas=len(seeds))
        drawn = generators(seeds, part)
        for layer in adapters.layers.values():
            layer.initialize(drawn)
        if adapters.invertible is not None:
            adapters.invertible.initialize(drawn)
        return adapters

    def at(self, layer: int) -> Bottleneck | None:
        """The adapter of a layer, None where it is left out."""
        return self.layers[str(layer)] if str(layer) in self.layers else None  # noqa: SIM401 (a ModuleDict has no get)


def count_parameters(shape: AdapterShape, biases: bool) -> int:
    """Parameters of one replica. Table 4 of the paper counts the weight matrices only (biases=False)."""
    with torch.device("meta"):
        adapters = AdapterSet(shape)
    return sum(p.numel() for name, p in adapters.named_parameters() if biases or not name.endswith("bias"))
