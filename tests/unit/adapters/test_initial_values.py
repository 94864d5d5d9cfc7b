"""New adapters: their values come from their own seed and from nothing else."""

import pytest
import torch

from madx.adapters import AdapterSet, AdapterShape, count_parameters
from madx.adapters.bottleneck import generators
from madx.adapters.storage import replica_state
from tests.unit.adapters.tiny import LAYERS, SHAPE


def equal(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_replica_does_not_depend_on_the_other_seeds() -> None:
    together = AdapterSet.create(SHAPE, seeds=(7, 0, 3))
    for replica, seed in enumerate((7, 0, 3)):
        assert equal(replica_state(together, replica), AdapterSet.create(SHAPE, seeds=(seed,)).state_dict())


@pytest.mark.parametrize("seed", [0, 1])
def test_values_are_drawn_with_the_seed_that_is_given(seed: int) -> None:
    """0 is a seed like another."""
    adapters = AdapterSet.create(SHAPE, seeds=(seed,))
    (generator,) = generators([seed], "language")
    first = torch.empty(SHAPE.bottleneck_size, SHAPE.hidden_size).normal_(0, 0.02, generator=generator)
    assert torch.equal(adapters.layers["0"].down_weight[0], first)
    torch.manual_seed(99)
    assert equal(adapters.state_dict(), AdapterSet.create(SHAPE, seeds=(seed,)).state_dict())


def test_global_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    AdapterSet.create(SHAPE, seeds=(0, 1))
    AdapterSet(SHAPE)
    assert torch.equal(torch.get_rng_state(), before)


def test_initial_values_are_those_of_the_released_code() -> None:
    """N(0, 0.02) for every matrix, zero biases."""
    wide = AdapterShape(layers=1, hidden_size=128, bottleneck_size=64, invertible_bottleneck_size=32)
    for name, parameter in AdapterSet.create(wide, seeds=(0,)).named_parameters():
        if name.endswith("bias"):
            assert not parameter.any()
        else:
            assert parameter.std().item() == pytest.approx(0.02, rel=0.1), name
            assert abs(parameter.mean().item()) < 0.002, name


def test_left_out_layers_have_no_parameters() -> None:
    adapters = AdapterSet.create(AdapterShape(LAYERS, 16, 8, leave_out=(0, 2)), seeds=(0,))
    assert {name.rsplit(".", 1)[0] for name, _ in adapters.named_parameters()} == {"layers.1"}
    assert [adapters.at(layer) is None for layer in range(LAYERS)] == [True, False, True]


@pytest.mark.parametrize("outside", [-1, 3])
def test_leaving_out_a_layer_that_is_not_there_is_an_error(outside: int) -> None:
    with pytest.raises(ValueError, match=rf"leave_out names layers \[{outside}\], but the base has layers 0 to 2"):
        AdapterShape(LAYERS, 16, 8, leave_out=(outside,))


@pytest.mark.parametrize(("biases", "expected"), [(False, 8_257_536), (True, 8_282_304)])
def test_parameters_of_table_4(biases: bool, expected: int) -> None:
    language = AdapterShape(layers=12, hidden_size=768, bottleneck_size=384, invertible_bottleneck_size=192)
    task = AdapterShape(layers=12, hidden_size=768, bottleneck_size=48)
    assert count_parameters(language, biases) + count_parameters(task, biases) == expected


def test_parts_of_equal_seeds_draw_differently() -> None:
    """A task adapter must not begin as a copy of the language adapter beneath it, nor a head of either."""
    language, task = (AdapterSet.create(SHAPE, seeds=(0,), part=part) for part in ("language", "task"))
    a, b = (part.layers["0"].down_weight.flatten() for part in (language, task))
    assert abs(torch.corrcoef(torch.stack([a, b]))[0, 1]) < 0.2
