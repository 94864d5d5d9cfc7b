"""The fast dropout is dropout, and attention with it is attention."""

import pytest
import torch
from torch.nn import functional

from madx.models.dropout import Dropout, attention, dropout, use_fast_dropout
from tests.unit.adapters.tiny import MODEL_TYPES, random_input, tiny_base

BATCH, HEADS, TOKENS, SIZE = 3, 2, 7, 4


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_share_of_values_is_zero_and_the_others_grow(p, dtype):
    x = torch.full((1000, 333), 2.0, dtype=dtype)
    torch.manual_seed(0)
    dropped = dropout(x, p)
    assert dropped.dtype == dtype
    deviation = (p * (1 - p) / x.numel()) ** 0.5
    assert (dropped == 0).float().mean().item() == pytest.approx(p, abs=5 * deviation)
    (value,) = dropped[dropped != 0].unique()
    assert value.item() == pytest.approx(2 / (1 - p), rel=1e-4 if dtype == torch.float32 else 1 / 128)


def test_rows_and_columns_are_dropped_alike():
    torch.manual_seed(0)
    kept = (dropout(torch.ones(2000, 2000), 0.1) != 0).float()
    for axis in (0, 1):
        shares = kept.mean(dim=axis)
        assert shares.std().item() == pytest.approx((0.1 * 0.9 / 2000) ** 0.5, rel=0.1)
    rows = kept - kept.mean()
    for shift in (1, 2, 3, 4):  # one draw of the generator serves four values
        assert (rows[:, shift:] * rows[:, :-shift]).mean().abs().item() < 5 * 0.09 / 2000


def test_the_state_of_torch_s_generator_decides():
    x = torch.ones(50, 11)
    torch.manual_seed(0)
    first, state, second = dropout(x, 0.3), torch.get_rng_state(), dropout(x, 0.3)
    assert not torch.equal(first, second)
    torch.set_rng_state(state)
    assert torch.equal(dropout(x, 0.3), second)
    torch.manual_seed(0)
    assert torch.equal(dropout(x, 0.3), first)


def test_gradients_pass_where_values_did():
    x = torch.randn(40, 9, requires_grad=True)
    result = dropout(x, 0.4)
    (gradient,) = torch.autograd.grad(result.sum(), x)
    torch.testing.assert_close(result, x * gradient)
    assert (gradient == 0).any()


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_nothing_or_everything(p):
    assert torch.equal(dropout(torch.ones(5, 3), p), torch.full((5, 3), 1.0 - p))


def test_the_module_drops_in_training_alone():
    module = Dropout(0.5)
    x = torch.ones(100)
    assert (module(x) == 0).any()
    assert torch.equal(module.eval()(x), x)


def heads(seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(BATCH, HEADS, TOKENS, SIZE, generator=generator).requires_grad_() for _ in range(3)]


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("scaling", [None, 0.3])
def test_attention_equals_torch_s_but_for_dropout(monkeypatch, padded, scaling):
    monkeypatch.setattr("madx.models.dropout._dropout", lambda probabilities, p: probabilities)
    lengths = torch.tensor([TOKENS, 3, 1])
    mask = (torch.arange(TOKENS) < lengths[:, None])[:, None, None, :].expand(-1, -1, TOKENS, -1) if padded else None
    inputs = heads()
    expected = functional.scaled_dot_product_attention(*inputs, mask, scale=scaling).transpose(1, 2)
    found, _ = attention(torch.nn.Identity(), *inputs, mask, dropout=0.1, scaling=scaling)
    torch.testing.assert_close(found, expected)
    weights = torch.randn(found.shape, generator=torch.Generator().manual_seed(1))
    for one, other in zip(
        torch.autograd.grad((found * weights).sum(), inputs),
        torch.autograd.grad((expected * weights).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_attention_drops_probabilities():
    query, key, _ = heads()
    torch.manual_seed(0)
    found, _ = attention(torch.nn.Identity(), query, key, torch.eye(TOKENS).expand(BATCH, HEADS, -1, -1), None, 0.5)
    expected = (query @ key.mT / SIZE**0.5).softmax(dim=-1).transpose(1, 2)
    kept = found != 0
    torch.testing.assert_close(found[kept], 2 * expected[kept])
    assert 0.3 < kept.float().mean() < 0.7


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_dropout_of_a_base_is_exchanged(model_type):
    model = tiny_base(model_type, dropout=0.5)
    names = set(model.state_dict())
    use_fast_dropout(model)
    dropouts = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    assert dropouts
    assert {type(module) for module in dropouts} == {Dropout}
    assert not any(module.training for module in dropouts)
    assert set(model.state_dict()) == names
    assert "madx" not in model.config.to_json_string()


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_a_base_in_training_uses_it_everywhere(monkeypatch, model_type):
    model = tiny_base(model_type, dropout=0.5).train()
    use_fast_dropout(model)

    def torch_s(*arguments, **others):
        raise AssertionError("torch's own dropout was called")

    monkeypatch.setattr(torch.nn.functional, "dropout", torch_s)
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", torch_s)
    hidden = model(input_ids=random_input()).logits
    assert torch.isfinite(hidden).all()
