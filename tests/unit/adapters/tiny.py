"""Tiny bases and adapters with random values in every parameter, so that nothing agrees by being zero."""

import torch
from torch import Tensor, nn
from transformers import AutoConfig, PreTrainedModel

from madx.adapters import AdapterSet, AdapterShape
from madx.models.architectures import ARCHITECTURES

MODEL_TYPES = list(ARCHITECTURES)
HIDDEN, LAYERS, HEADS, VOCABULARY = 16, 3, 2, 50
SHAPE = AdapterShape(layers=LAYERS, hidden_size=HIDDEN, bottleneck_size=8, invertible_bottleneck_size=4)
TASK_SHAPE = AdapterShape(layers=LAYERS, hidden_size=HIDDEN, bottleneck_size=3)


def randomized(module: nn.Module, seed: int, deviation: float = 0.3) -> nn.Module:
    """The module, with N(0, deviation) added to each of its parameters."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += torch.empty_like(parameter).normal_(0, deviation, generator=generator)
    return module


def tiny_base(model_type: str = "xlm-roberta", dropout: float = 0.0) -> PreTrainedModel:
    config = AutoConfig.for_model(
        model_type,
        vocab_size=VOCABULARY,
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=24,
        max_position_embeddings=32,
        type_vocab_size=2 if model_type == "bert" else 1,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    with torch.random.fork_rng():
        return randomized(ARCHITECTURES[model_type].masked_lm(config), seed=1).eval()


def random_adapters(shape: AdapterShape = SHAPE, seed: int = 2, replicas: int = 1) -> AdapterSet:
    return randomized(AdapterSet(shape, replicas), seed)


def random_input(rows: int = 2, tokens: int = 7, seed: int = 3) -> Tensor:
    return torch.randint(5, VOCABULARY, (rows, tokens), generator=torch.Generator().manual_seed(seed))
