"""The fast dropout is dropout."""

import pytest
import torch

from madx.models.dropout import Dropout, dropout


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


def test_other_types_and_near_certainty_are_torch_s():
    assert dropout(torch.ones(100, dtype=torch.float64), 0.5).unique().tolist() == [0.0, 2.0]
    assert not dropout(torch.ones(100), 1 - 2**-20).any()


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_nothing_or_everything(p):
    assert torch.equal(dropout(torch.ones(5, 3), p), torch.full((5, 3), 1.0 - p))


def test_the_module_drops_in_training_alone():
    module = Dropout(0.5)
    x = torch.ones(100)
    assert (module(x) == 0).any()
    assert torch.equal(module.eval()(x), x)
