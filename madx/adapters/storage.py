"""Saving and loading trained parts: `adapter.safetensors` with a description in `adapter.json` beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from madx.adapters.adapter_set import AdapterSet, AdapterShape
from madx.files import atomic_path, file_digest, read_json, write_json

WEIGHTS, DESCRIPTION = "adapter.safetensors", "adapter.json"


class AdapterError(ValueError):
    """An adapter folder that cannot be used with this base, or is damaged; one line for the user."""


def replica_state(module: nn.Module, replica: int) -> dict[str, Tensor]:
    """The parameters of one replica, with a leading axis of one."""
    return {name: tensor[replica : replica + 1].detach().clone() for name, tensor in module.state_dict().items()}


def save_part(folder: str | Path, tensors: Mapping[str, Tensor], description: Mapping[str, Any]) -> None:
    """Write weights and description; the description comes last, so that a folder with one is complete."""
    folder = Path(folder)
    with atomic_path(folder / WEIGHTS) as temporary:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, temporary)
    write_json(folder / DESCRIPTION, {"format": 1, **description})


def read_part(folder: str | Path, base: str | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read weights and description of a folder.

    base: fingerprint of the base in use; an adapter of another base is refused. Raises AdapterError.
    """
    folder = Path(folder)
    for name in (WEIGHTS, DESCRIPTION):
        if not (folder / name).is_file():
            raise AdapterError(f"{folder}: no {name}; this is not a folder with a saved adapter")
    try:
        description = read_json(folder / DESCRIPTION)
        tensors = load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise AdapterError(f"{folder / WEIGHTS}: damaged or no safetensors file ({error})") from None
    except ValueError as error:
        raise AdapterError(str(error)) from None
    if not isinstance(description, dict) or description.get("format") != 1:
        raise AdapterError(f"{folder / DESCRIPTION}: not a description of format 1")
    recorded = description.get("base")
    recorded = recorded if isinstance(recorded, dict) else {}
    name, fingerprint = recorded.get("name"), recorded.get("fingerprint")
    if base is not None and fingerprint != base:
        raise AdapterError(
            f"{folder}: trained on base {name!r} (fingerprint {str(fingerprint)[:12]}),"
            f" the base in use has fingerprint {base[:12]}"
        )
    return tensors, description


def weight_digests(folder: str | Path) -> dict[str, str]:
    """SHA-256 of every file of weights in a folder of a trained part, by its name there."""
    folder = Path(folder)
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in sorted(folder.rglob("*.safetensors"))}


def fill(module: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Copy tensors into a module's parameters; AdapterError names missing and unexpected keys and wrong sizes."""
    wanted = module.state_dict()
    missing, unexpected = sorted(wanted.keys() - tensors.keys()), sorted(tensors.keys() - wanted.keys())
    if missing or unexpected:
        raise AdapterError(f"{where}: missing keys {missing or 'none'}, unexpected keys {unexpected or 'none'}")
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape:
            raise AdapterError(f"{where}: {name} has shape {tuple(tensor.shape)}, expected {tuple(wanted[name].shape)}")
    module.load_state_dict(dict(tensors))


def load_language(folder: str | Path, base: str | None = None, hidden_size: int | None = None) -> AdapterSet:
    """The language adapters of a folder, one replica. `base` and `hidden_size` must match where they are given."""
    tensors, description = read_part(folder, base)
    return adapters_from(tensors, description, str(folder), hidden_size)


def adapters_from(
    tensors: Mapping[str, Tensor], description: Mapping[str, Any], where: str, hidden_size: int | None = None
) -> AdapterSet:
    """An AdapterSet from tensors (leading axis: replicas) and the description's `shape`."""
    try:
        shape = AdapterShape(**description["shape"])
        adapters = AdapterSet(shape, replicas=next((t.shape[0] for t in tensors.values() if t.dim()), 1))
    except (KeyError, TypeError, ValueError) as error:
        raise AdapterError(f"{where}: the description has no valid shape ({error})") from None
    if hidden_size is not None and shape.hidden_size != hidden_size:
        raise AdapterError(f"{where}: hidden size {shape.hidden_size}, the base has {hidden_size}")
    fill(adapters, tensors, where)
    return adapters


def join_replicas(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Several one-replica states, side by side along the replica axis."""
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
