"""Products by oneDNN are products: values and gradients equal torch's, and it is used where it may be."""

import pytest
import torch
from torch.nn import functional

from madx.models import products
from madx.models.products import linear, linear_of_replicas, onednn_linear, product

IN, OUT = 6, 5


@pytest.fixture(params=["torch", "oneDNN"])
def library(request, monkeypatch):
    """Each test runs with both, whatever the machine would choose."""
    if request.param == "oneDNN" and not torch.backends.mkldnn.is_available():
        pytest.skip("torch was built without oneDNN")
    monkeypatch.setattr(products, "ONEDNN", request.param == "oneDNN")
    monkeypatch.setattr(products, "SMALLEST", 0)
    return request.param


def drawn(*shapes: tuple[int, ...]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator).requires_grad_() for shape in shapes]


@pytest.mark.parametrize("shape", [(IN,), (3, IN), (2, 3, IN)])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("trained", [True, False])
def test_linear_and_its_gradients_equal_torch_s(library, shape, biased, trained):
    x, weight, bias = drawn(shape, (OUT, IN), (OUT,))
    inputs = [x, weight.requires_grad_(trained), bias.requires_grad_(trained) if biased else None]
    expected, found = functional.linear(*inputs), linear(*inputs)
    torch.testing.assert_close(found, expected)
    needed = [tensor for tensor in inputs if tensor is not None and tensor.requires_grad]
    factors = torch.linspace(-1, 1, found.numel()).view(found.shape)
    for one, other in zip(
        torch.autograd.grad((found * factors).sum(), needed),
        torch.autograd.grad((expected * factors).sum(), needed),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("replicas", [1, 3])
def test_replicas_have_weights_of_their_own(library, replicas):
    x, weight, bias = drawn((replicas, 7, IN), (replicas, OUT, IN), (replicas, OUT))
    found = linear_of_replicas(x, weight, bias)
    for replica in range(replicas):
        torch.testing.assert_close(found[replica], functional.linear(x[replica], weight[replica], bias[replica]))
    assert all(torch.isfinite(g).all() for g in torch.autograd.grad(found.sum(), (x, weight, bias)))


def test_product_takes_any_layout(library):
    a, b = (tensor.detach() for tensor in drawn((4, IN), (OUT, IN)))
    torch.testing.assert_close(product(a, b.mT), a @ b.mT)
    torch.testing.assert_close(product(b, a.mT.contiguous()), b @ a.mT)


@pytest.mark.parametrize("trained", [True, False])
def test_rows_are_kept_for_weights_that_train_alone(library, trained):
    x, weight = drawn((40, IN), (OUT, IN))
    weight.requires_grad_(trained)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor.numel()), lambda kept: kept):
        linear(x, weight)
    assert (x.numel() in kept) == trained


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 1025])
def test_any_number_of_rows_is_filled_up(rows):
    x, weight = (tensor.detach() for tensor in drawn((rows, IN), (OUT, IN)))
    torch.testing.assert_close(onednn_linear(x, weight), x @ weight.mT)


def test_there_are_few_numbers_of_rows():
    filled = [len(products.fill_up_rows(torch.ones(rows, 1))) for rows in range(1, 4097)]
    assert all(rows <= more <= max(rows + 31, 17 * rows / 16) for rows, more in enumerate(filled, start=1))
    assert len(set(filled)) < 80


def test_it_is_used_for_large_float32_products_alone(monkeypatch):
    monkeypatch.setattr(products, "ONEDNN", True)
    monkeypatch.setattr(products, "SMALLEST", 100)
    used = []
    monkeypatch.setattr(products, "onednn_linear", lambda x, weight, bias=None: used.append(x) or x @ weight.mT)
    large, small, weight = torch.ones(10, IN), torch.ones(1, IN), torch.ones(OUT, IN)
    linear(small, weight)
    linear(large.bfloat16(), weight.bfloat16())
    with torch.autocast("cpu", torch.bfloat16):
        linear(large, weight)
    assert not used
    linear(large, weight)
    assert len(used) == 1
