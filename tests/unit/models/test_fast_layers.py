"""A base with fast layers is the same base."""

import copy

import pytest
import torch

from madx.models import products
from madx.models.dropout import Dropout
from madx.models.fast_layers import use_fast_layers
from madx.models.products import Linear
from tests.unit.adapters.tiny import MODEL_TYPES, random_input, tiny_base


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_such_layer_of_a_base_is_exchanged(model_type):
    model = tiny_base(model_type, dropout=0.5)
    names = set(model.state_dict())
    use_fast_layers(model)
    kinds = {type(module) for module in model.modules()}
    assert {Dropout, Linear} <= kinds
    assert not {torch.nn.Dropout, torch.nn.Linear} & kinds
    assert not any(module.training for module in model.modules())
    assert set(model.state_dict()) == names
    assert "madx" not in model.config.to_json_string()


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_a_base_in_training_uses_torch_s_dropout_nowhere(monkeypatch, model_type):
    model = tiny_base(model_type, dropout=0.5).train()
    use_fast_layers(model)

    def torch_s(*arguments, **others):
        raise AssertionError("torch's own dropout was called")

    monkeypatch.setattr(torch.nn.functional, "dropout", torch_s)
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", torch_s)
    hidden = model(input_ids=random_input()).logits
    assert torch.isfinite(hidden).all()


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_a_base_computes_the_same_and_has_the_same_gradients(monkeypatch, model_type):
    monkeypatch.setattr(products, "SMALLEST", 0)
    monkeypatch.setattr(products, "ONEDNN", torch.backends.mkldnn.is_available())
    model = tiny_base(model_type)
    fast = copy.deepcopy(model)
    use_fast_layers(fast)
    inputs = random_input()
    expected, found = model(input_ids=inputs).logits, fast(input_ids=inputs).logits
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    (expected**2).mean().backward()
    (found**2).mean().backward()
    for (name, one), other in zip(model.named_parameters(), fast.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-5, msg=lambda text, name=name: name + text)
