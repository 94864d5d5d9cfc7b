"""The cross-entropy of an output embedding equals torch's, and so do its gradients."""

import pytest
import torch
from torch.nn import functional

from madx.models import cross_entropy
from madx.models.cross_entropy import cross_entropy_of_output

ROWS, HIDDEN, VOCABULARY = 23, 12, 70


def drawn(dtype, bias=True):
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(ROWS, HIDDEN, generator=generator).to(dtype).requires_grad_()
    weight = torch.randn(VOCABULARY, HIDDEN, generator=generator).to(dtype)
    wanted = torch.randint(VOCABULARY, (ROWS,), generator=generator)
    return hidden, weight, torch.randn(VOCABULARY, generator=generator).to(dtype) if bias else None, wanted


def plain(hidden, weight, bias, wanted):
    return functional.cross_entropy(functional.linear(hidden, weight, bias).float(), wanted, reduction="sum")


def gradients(compute, hidden, weight, bias, wanted, trained):
    """Value, and gradients of three times it."""
    inputs = [tensor for tensor in ((hidden, weight, bias) if trained else (hidden,)) if tensor is not None]
    for tensor in inputs:
        tensor.requires_grad_()
    value = compute(hidden, weight, bias, wanted)
    return value.detach(), *torch.autograd.grad(3 * value, inputs)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("trained", [True, False], ids=["trained embedding", "frozen embedding"])
@pytest.mark.parametrize("elements", [1, 5 * VOCABULARY, 10**9], ids=["row by row", "some rows", "all rows"])
def test_value_and_gradients_equal_torch_s(monkeypatch, bias, trained, elements):
    monkeypatch.setitem(cross_entropy.ELEMENTS, "cpu", elements)
    inputs = drawn(torch.float32, bias)
    expected, *expected_gradients = gradients(plain, *inputs, trained)
    found, *found_gradients = gradients(cross_entropy_of_output, *inputs, trained)
    assert len(found_gradients) == (1 + trained + (trained and bias))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    torch.testing.assert_close(found_gradients, expected_gradients, rtol=1e-5, atol=1e-5)


def test_autocast_rounds_as_torch_s():
    inputs = drawn(torch.float32)
    exact = gradients(plain, *inputs, True)
    errors = []
    for compute in (cross_entropy_of_output, plain):
        with torch.autocast("cpu", torch.bfloat16):
            found = gradients(compute, *inputs, True)
        assert all(tensor.dtype == torch.float32 for tensor in found)
        errors.append([(a - b).norm().item() for a, b in zip(found, exact, strict=True)])
    assert min(errors[0]) > 0  # it was bfloat16
    assert all(ours <= 1.5 * torchs + 1e-3 for ours, torchs in zip(*errors, strict=True))


@pytest.mark.parametrize("biased", [True, False])
def test_in_bfloat16_it_is_as_near_as_torch_s(biased):
    hidden, weight, bias, wanted = drawn(torch.bfloat16, biased)
    exact = hidden.detach().double().requires_grad_()
    offset = bias.double() if biased else 0.0
    truth = functional.cross_entropy(exact @ weight.double().T + offset, wanted, reduction="sum")
    (true_gradient,) = torch.autograd.grad(truth, exact)
    errors = []
    for compute in (cross_entropy_of_output, plain):
        value = compute(hidden, weight, bias, wanted)
        (gradient,) = torch.autograd.grad(value, hidden)
        assert value.dtype == torch.float32
        errors.append((abs(value.item() - truth.item()), (gradient.double() - true_gradient).norm().item()))
    assert errors[0][0] <= 1.5 * errors[1][0] + 1e-3
    assert errors[0][1] <= 1.5 * errors[1][1]


def test_without_gradients_nothing_is_kept():
    hidden, *others = drawn(torch.float32)
    with torch.no_grad():
        found = cross_entropy_of_output(hidden, *others)
    assert found.grad_fn is None
    assert found == pytest.approx(plain(hidden, *others).item(), rel=1e-6)
