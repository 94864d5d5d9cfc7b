"""The cross-entropy of a frozen output embedding equals torch's, and so does its gradient."""

import pytest
import torch
from torch.nn import functional

from madx.models import cross_entropy
from madx.models.cross_entropy import frozen_cross_entropy

ROWS, HIDDEN, VOCABULARY = 23, 12, 70


def drawn(dtype, bias=True):
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(ROWS, HIDDEN, generator=generator).to(dtype).requires_grad_()
    weight = torch.randn(VOCABULARY, HIDDEN, generator=generator).to(dtype)
    wanted = torch.randint(VOCABULARY, (ROWS,), generator=generator)
    return hidden, weight, torch.randn(VOCABULARY, generator=generator).to(dtype) if bias else None, wanted


def plain(hidden, weight, bias, wanted):
    return functional.cross_entropy(functional.linear(hidden, weight, bias).float(), wanted, reduction="sum")


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("elements", [1, 5 * VOCABULARY, 10**9], ids=["row by row", "some rows", "all rows"])
def test_value_and_gradient_equal_torch_s(monkeypatch, bias, elements):
    monkeypatch.setitem(cross_entropy.ELEMENTS, "cpu", elements)
    hidden, *others = drawn(torch.float32, bias)
    expected = plain(hidden, *others)
    (expected_gradient,) = torch.autograd.grad(3 * expected, hidden)
    found = frozen_cross_entropy(hidden, *others)
    (gradient,) = torch.autograd.grad(3 * found, hidden)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("biased", [True, False])
def test_in_bfloat16_it_is_as_near_as_torch_s(biased):
    hidden, weight, bias, wanted = drawn(torch.bfloat16, biased)
    exact = hidden.detach().double().requires_grad_()
    offset = bias.double() if biased else 0.0
    truth = functional.cross_entropy(exact @ weight.double().T + offset, wanted, reduction="sum")
    (true_gradient,) = torch.autograd.grad(truth, exact)
    errors = []
    for compute in (frozen_cross_entropy, plain):
        value = compute(hidden, weight, bias, wanted)
        (gradient,) = torch.autograd.grad(value, hidden)
        assert value.dtype == torch.float32
        errors.append((abs(value.item() - truth.item()), (gradient.double() - true_gradient).norm().item()))
    assert errors[0][0] <= 1.5 * errors[1][0] + 1e-3
    assert errors[0][1] <= 1.5 * errors[1][1]


def test_without_gradients_nothing_is_kept():
    hidden, *others = drawn(torch.float32)
    with torch.no_grad():
        found = frozen_cross_entropy(hidden, *others)
    assert found.grad_fn is None
    assert found == pytest.approx(plain(hidden, *others).item(), rel=1e-6)
