"""The formulas count what torch counts."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from madx.adapters import AdaptedModel, AdapterSet, AdapterShape
from madx.planning import operations
from madx.planning.operations import XLM_R_BASE, Shape

SHAPE = Shape(layers=3, hidden=64, feed_forward=160, vocabulary=500)
BLOCKS, LENGTH, MASKED = 4, 16, 8
LANGUAGE, INVERTIBLE, TASK = AdapterShape(3, 64, 32, 16, ()), 2, AdapterShape(3, 64, 16, None, ())
PASSES = BLOCKS * LENGTH


@pytest.fixture
def adapted() -> AdaptedModel:
    config = XLMRobertaConfig(
        vocab_size=SHAPE.vocabulary,
        hidden_size=SHAPE.hidden,
        num_hidden_layers=SHAPE.layers,
        intermediate_size=SHAPE.feed_forward,
        num_attention_heads=4,
        type_vocab_size=1,
    )
    adapted = AdaptedModel(XLMRobertaForMaskedLM(config).eval())
    adapted.model.set_attn_implementation("eager")  # whose products are counted
    return adapted


def counted(compute) -> int:
    with FlopCounterMode(display=False) as counter:
        compute()
    return counter.get_total_flops()


def inputs() -> torch.Tensor:
    return torch.arange(PASSES).view(BLOCKS, LENGTH) + 5


def mlm(adapted: AdaptedModel) -> None:
    logits = adapted.mlm_logits(adapted(inputs()).view(PASSES, -1)[:MASKED])
    functional.cross_entropy(logits, torch.arange(MASKED)).backward()


def test_mlm_of_language_and_invertible_adapters(adapted):
    adapted.language = AdapterSet.create(LANGUAGE, [0])
    expected = PASSES * operations.mlm_adapters(SHAPE, LENGTH, MASKED / PASSES, 2, INVERTIBLE)
    # of the first of the coupling's matrices no gradient goes on into the frozen embeddings
    assert counted(lambda: mlm(adapted)) == pytest.approx(expected, rel=0.01)


def test_mlm_of_language_adapters_alone(adapted):
    adapted.language = AdapterSet.create(replace(LANGUAGE, invertible_bottleneck_size=None), [0])
    expected = PASSES * operations.mlm_adapters(SHAPE, LENGTH, MASKED / PASSES, 2, None)
    # of the first matrix of the lowest adapter no gradient goes on
    assert counted(lambda: mlm(adapted)) == pytest.approx(expected, rel=0.01)


def test_mlm_of_whole_models(adapted):
    adapted.unfreeze()
    expected = PASSES * operations.mlm_model(SHAPE, LENGTH, MASKED / PASSES)
    assert counted(lambda: mlm(adapted)) == pytest.approx(expected, rel=1e-9)


def test_task_adapters_on_language_adapters(adapted):
    adapted.language, adapted.task = AdapterSet.create(LANGUAGE, [0]), AdapterSet.create(TASK, [0], "task")
    adapted.language.requires_grad_(False)
    adapted.language.invertible = None  # too little to count
    expected = PASSES * operations.task_adapter(SHAPE, LENGTH, 4, 2)
    assert counted(lambda: adapted(inputs()).square().sum().backward()) == pytest.approx(expected, rel=0.02)


def test_forward(adapted):
    adapted.task = AdapterSet.create(TASK, [0], "task")
    expected = PASSES * operations.forward(SHAPE, LENGTH, SHAPE.bottleneck(4))
    with torch.no_grad():
        assert counted(lambda: adapted(inputs())) == pytest.approx(expected, rel=1e-9)


def test_operations_at_the_size_of_xlm_r_base():
    assert operations.mlm_adapters(XLM_R_BASE, 128, 0.15, 2, 2) == pytest.approx(0.51e9, rel=0.02)
    assert operations.task_adapter(XLM_R_BASE, 21, 16, 2) == pytest.approx(0.36e9, rel=0.03)
