"""Saved adapters come back bit for bit, or not at all and with one line that says why."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from madx.adapters import AdapterError, AdapterSet, AdapterShape, load_language
from madx.adapters.storage import (
    DESCRIPTION,
    WEIGHTS,
    adapters_from,
    join_replicas,
    read_part,
    replica_state,
    save_part,
)
from tests.unit.adapters.tiny import HIDDEN, LAYERS, SHAPE, TASK_SHAPE, random_adapters

BASE = {"name": "tiny", "fingerprint": "a" * 64}


@pytest.fixture
def folder(tmp_path):
    """A saved language."""
    save_part(tmp_path / "xx", random_adapters().state_dict(), {"shape": SHAPE.as_dict(), "base": BASE})
    return tmp_path / "xx"


def refused(folder, *parts: str, **expected) -> None:
    """Loading is an AdapterError of one line, which names the folder and each of the parts."""
    with pytest.raises(AdapterError) as caught:
        load_language(folder, **expected)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(folder))
    for part in parts:
        assert part in message


def change_description(folder, **changes) -> None:
    description = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps(description | changes))


# ---------------------------------------------------------------- what comes back


@pytest.mark.parametrize("shape", [SHAPE, TASK_SHAPE, AdapterShape(LAYERS, HIDDEN, 8, 4, leave_out=(0, 2))])
def test_adapters_come_back_bit_identical(tmp_path, shape: AdapterShape) -> None:
    adapters = random_adapters(shape)
    save_part(tmp_path, adapters.state_dict(), {"shape": shape.as_dict(), "base": BASE, "language": "xx"})
    loaded = load_language(tmp_path, BASE["fingerprint"], HIDDEN)
    assert loaded.shape == shape
    assert loaded.replicas == 1
    assert loaded.state_dict().keys() == adapters.state_dict().keys()
    assert all(torch.equal(tensor, adapters.state_dict()[name]) for name, tensor in loaded.state_dict().items())
    assert read_part(tmp_path)[1]["language"] == "xx"
    assert sorted(path.name for path in tmp_path.iterdir()) == [DESCRIPTION, WEIGHTS]


def test_replicas_are_saved_apart_and_joined_again(tmp_path) -> None:
    adapters = random_adapters(replicas=3)
    for replica in range(3):
        save_part(tmp_path / str(replica), replica_state(adapters, replica), {"shape": SHAPE.as_dict()})
    joined = join_replicas([read_part(tmp_path / str(replica))[0] for replica in range(3)])
    loaded = adapters_from(joined, {"shape": SHAPE.as_dict()}, "joined")
    assert loaded.replicas == 3
    assert all(torch.equal(tensor, adapters.state_dict()[name]) for name, tensor in loaded.state_dict().items())


def test_state_of_a_replica_is_a_copy() -> None:
    adapters = random_adapters(replicas=2)
    state = replica_state(adapters, 1)
    state["layers.0.up_bias"].zero_()
    assert adapters.layers["0"].up_bias.any()


def test_saving_again_replaces_what_was_there(folder) -> None:
    other = random_adapters(seed=9)
    save_part(folder, other.state_dict(), {"shape": SHAPE.as_dict(), "base": BASE})
    assert torch.equal(load_language(folder).state_dict()["layers.0.up_bias"], other.layers["0"].up_bias)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("name", [WEIGHTS, DESCRIPTION])
def test_missing_file(folder, name: str) -> None:
    (folder / name).unlink()
    refused(folder, f"no {name}")


def test_missing_folder(tmp_path) -> None:
    refused(tmp_path / "nowhere", f"no {WEIGHTS}")


@pytest.mark.parametrize("kept", [0, 4, 100, 2000])
def test_truncated_weights(folder, kept: int) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[:kept])
    refused(folder, f"{WEIGHTS}: damaged")


def test_weights_that_are_something_else(folder) -> None:
    (folder / WEIGHTS).write_bytes(b"PK\x03\x04" * 500)
    refused(folder, f"{WEIGHTS}: damaged")


def test_missing_and_unexpected_keys(folder) -> None:
    tensors = load_file(folder / WEIGHTS)
    tensors["layers.9.down_bias"] = tensors.pop("layers.1.down_bias")
    save_file(tensors, folder / WEIGHTS)
    refused(folder, "missing keys ['layers.1.down_bias']", "unexpected keys ['layers.9.down_bias']")


def test_layers_left_out_that_the_file_has(folder) -> None:
    change_description(folder, shape=AdapterShape(LAYERS, HIDDEN, 8, 4, leave_out=(2,)).as_dict())
    refused(folder, "missing keys none", "layers.2.down_weight")


def test_tensor_of_another_size(folder) -> None:
    tensors = load_file(folder / WEIGHTS)
    tensors["layers.1.up_weight"] = torch.zeros(1, HIDDEN, 5)
    save_file(tensors, folder / WEIGHTS)
    refused(folder, "layers.1.up_weight has shape (1, 16, 5), expected (1, 16, 8)")


def test_tensor_without_a_replica_axis(folder) -> None:
    save_file({name: torch.tensor(0.0) for name in load_file(folder / WEIGHTS)}, folder / WEIGHTS)
    refused(folder, "has shape (), expected (1, ")


def test_file_without_tensors(folder) -> None:
    save_file({}, folder / WEIGHTS)
    refused(folder, "missing keys ['invertible.F.down_bias'")


def test_other_hidden_size(folder) -> None:
    refused(folder, "hidden size 16, the base has 32", hidden_size=32)


def test_other_base(folder) -> None:
    refused(folder, "trained on base 'tiny' (fingerprint aaaaaaaaaaaa)", "has fingerprint bbbbbbbbbbbb", base="b" * 64)


@pytest.mark.parametrize("recorded", [{}, None, "tiny", {"name": "tiny", "fingerprint": None}])
def test_base_that_is_not_recorded(folder, recorded) -> None:
    change_description(folder, base=recorded)
    refused(folder, "the base in use has fingerprint", base="b" * 64)
    assert isinstance(load_language(folder), AdapterSet)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"{", f"{DESCRIPTION}:1: not valid JSON"),
        (b"", f"{DESCRIPTION}:1: not valid JSON"),
        (b'{"format": 1, "language": "\xff"}', f"{DESCRIPTION}: not UTF-8"),
        (b"[]", "not a description of format 1"),
        (b'{"format": 2}', "not a description of format 1"),
        (b'{"format": 1}', "no valid shape"),
    ],
)
def test_damaged_description(folder, content: bytes, part: str) -> None:
    (folder / DESCRIPTION).write_bytes(content)
    refused(folder, part)


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": "3"},
        {"layers": None},
        {"hidden_size": 15},
        {"bottleneck_size": -1},
        {"bottleneck_size": 1.5},
        {"leave_out": [7]},
        {"leave_out": 1},
        {"heads": 2},
    ],
    ids=str,
)
def test_shape_that_makes_no_adapters(folder, changes: dict) -> None:
    change_description(folder, shape=SHAPE.as_dict() | changes)
    refused(folder, "no valid shape")
