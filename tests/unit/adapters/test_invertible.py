"""The invertible adapter is undone by its inverse."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from madx.adapters import Invertible
from tests.unit.adapters.tiny import randomized


@given(
    half=st.integers(1, 20),
    bottleneck=st.integers(1, 9),
    replicas=st.integers(1, 4),
    rows=st.integers(0, 3),
    tokens=st.integers(1, 5),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None, derandomize=True)
@torch.no_grad()
def test_inverse_recovers_input(half: int, bottleneck: int, replicas: int, rows: int, tokens: int, seed: int) -> None:
    invertible = randomized(Invertible(2 * half, bottleneck, replicas), seed).double()
    generator = torch.Generator().manual_seed(seed)
    e = torch.randn(replicas * rows, tokens, 2 * half, generator=generator, dtype=torch.float64)
    o = invertible(e)
    assert o.shape == e.shape
    torch.testing.assert_close(invertible.inverse(o), e)
    torch.testing.assert_close(invertible(invertible.inverse(e)), e)


@torch.no_grad()
def test_adapter_is_not_the_identity() -> None:
    e = torch.randn(1, 5, 16, generator=torch.Generator().manual_seed(0))
    assert (randomized(Invertible(16, 4), seed=1)(e) - e).abs().min() > 0


def test_odd_hidden_size_is_refused() -> None:
    with pytest.raises(ValueError, match="even hidden size, found 15"):
        Invertible(15, 4)
