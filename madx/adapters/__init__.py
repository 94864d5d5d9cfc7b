"""The adapters of MAD-X: bottleneck, invertible, their stack, and their insertion into a base."""

from madx.adapters.adapter_set import AdapterSet, AdapterShape, count_parameters
from madx.adapters.bottleneck import Bottleneck
from madx.adapters.invertible import Invertible
from madx.adapters.model import AdaptedModel
from madx.adapters.storage import AdapterError, load_language

__all__ = [
    "AdaptedModel",
    "AdapterError",
    "AdapterSet",
    "AdapterShape",
    "Bottleneck",
    "Invertible",
    "count_parameters",
    "load_language",
]
