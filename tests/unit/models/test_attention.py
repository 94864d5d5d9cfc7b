"""Attention with the fast dropout is attention."""

import pytest
import torch
from torch.nn import functional

from madx.models.attention import attention

BATCH, HEADS, TOKENS, SIZE = 3, 2, 7, 4


def heads(seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(BATCH, HEADS, TOKENS, SIZE, generator=generator).requires_grad_() for _ in range(3)]


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("scaling", [None, 0.3])
def test_attention_equals_torch_s_but_for_dropout(monkeypatch, padded, scaling):
    monkeypatch.setattr("madx.models.attention.drop", lambda probabilities, p: probabilities)
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


def test_in_bfloat16_it_is_as_near_as_torch_s(monkeypatch):
    monkeypatch.setattr("madx.models.attention.drop", lambda probabilities, p: probabilities)
    inputs = [tensor.detach().bfloat16() for tensor in heads()]
    exact = functional.scaled_dot_product_attention(*(tensor.double() for tensor in inputs)).transpose(1, 2)
    found, _ = attention(torch.nn.Identity(), *inputs, None, dropout=0.1)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), exact, rtol=2**-8, atol=2**-8 * exact.abs().max().item())


def test_autocast_does_not_round_the_scores():
    inputs = [(3 * tensor.detach()).bfloat16() for tensor in heads()]
    trained = [tensor.clone().requires_grad_() for tensor in inputs]
    expected, _ = attention(torch.nn.Identity(), *trained, None)
    with torch.autocast("cpu", torch.bfloat16):
        found, _ = attention(torch.nn.Identity(), *trained, None)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_torch_s_kernel_is_for_predictions_alone(monkeypatch, dropout):
    asked = []
    monkeypatch.setattr("madx.models.attention.sdpa_attention_forward", lambda *inputs, **_: asked.append(inputs))
    inputs = heads()
    attention(torch.nn.Identity(), *inputs, None, dropout)
    assert not asked
    with torch.no_grad():
        attention(torch.nn.Identity(), *inputs, None, 0.0)
    assert len(asked) == 1
