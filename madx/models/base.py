"""Base models on disk: loading, saving, and the description that every result refers to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from madx.files import atomic_path, file_digest, read_json, write_json
from madx.models.architectures import Architecture, ArchitectureError, architecture_of
from madx.repositories import COMMIT


class BaseError(ValueError):
    """A base that cannot be loaded; one line for the user."""


def load_base(folder: str | Path, dtype: torch.dtype | None = None) -> PreTrainedModel:
    """A base with its MLM head from a folder (config.json, model.safetensors), in evaluation mode."""
    return _load(str(folder), None, dtype or torch.float32)[0].eval()


def load_tokenizer(folder: str | Path, revision: str | None = None) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder or a hub id."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), revision=revision, add_prefix_space=True)
    except (OSError, ValueError) as error:
        raise BaseError(f"{folder}: no tokenizer can be loaded ({_short(error)})") from None
    # without files transformers makes one that knows its special tokens alone
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise BaseError(f"{folder}: no tokenizer there; tokenizer.json is needed (tokenizer.save_pretrained writes it)")
    return tokenizer


def fetch_tokenizer(path: str, revision: str | None, folder: Path) -> None:
    """Copy the fast tokenizer of a pretrained base (hub id or folder) into the study."""
    tokenizer = load_tokenizer(path, revision)
    if not tokenizer.is_fast:
        raise BaseError(f"{path}: has no fast tokenizer (tokenizer.json)")
    with atomic_path(folder) as temporary:
        tokenizer.save_pretrained(temporary)


def check_length(config, tokens: int, setting: str) -> None:
    """Raise BaseError if a base has fewer positions than `tokens`, the length that a setting of this name asks for."""
    # RoBERTa's positions start after the padding id
    positions = config.max_position_embeddings - (0 if config.model_type == "bert" else config.pad_token_id + 1)
    if tokens > positions:
        raise BaseError(f"{setting}: sequences of {tokens} tokens, but the base has {positions} positions")


def read_description(base_folder: str | Path) -> dict[str, Any]:
    """base.json: name, fingerprint, hidden_size, layers, parameters, origin."""
    return read_json(Path(base_folder) / "base.json")


def save_base(
    model: PreTrainedModel,
    base_folder: str | Path,
    name: str,
    origin: dict[str, Any],
    provenance: dict[str, Any] | None = None,
) -> None:
    """Write base_folder/model and, last, base_folder/base.json."""
    folder = Path(base_folder)
    with atomic_path(folder / "model") as temporary:
        model.save_pretrained(temporary)
    config = model.config
    write_json(
        folder / "base.json",
        {
            "name": name,
            "fingerprint": file_digest(folder / "model" / "model.safetensors"),
            "architecture": config.model_type,
            "layers": config.num_hidden_layers,
            "hidden_size": config.hidden_size,
            "vocabulary_size": config.vocab_size,
            "parameters": sum(p.numel() for p in model.parameters()),
            "body_parameters": sum(p.numel() for p in getattr(model, architecture_of(config).body).parameters()),
            "origin": origin,
            "provenance": provenance or {},
        },
    )


def fetch_base(
    path: str,
    revision: str | None,
    base_folder: Path,
    name: str,
    head_expected: bool,
    provenance: dict[str, Any] | None = None,
) -> None:
    """Copy a pretrained base from the hub or a folder into the study.

    head_expected: the MLM head must be there; otherwise only the body (`train_mlm_head` makes the head).
    Raises BaseError: nothing there, no safetensors weights, weights of the body missing, no MLM head, or another commit
    than the one that was asked for.
    """
    model, missing, architecture = _load(path, revision, torch.float32)
    head = [key for key in missing if key.startswith(architecture.mlm_head)]
    if head and head_expected:
        raise BaseError(f"{path}: has no MLM head ({', '.join(head[:3])} …); set mlm_head: train to make one")
    commit = getattr(model.config, "_commit_hash", None)
    if None not in (commit, revision) and COMMIT.fullmatch(revision) and commit != revision:
        raise BaseError(f"{path}: commit {commit} came instead of {revision}")
    origin = {"path": path, "revision": revision, "commit": commit}
    save_base(model, base_folder, name, origin, provenance)


def _load(path: str, revision: str | None, dtype: torch.dtype) -> tuple[PreTrainedModel, list[str], Architecture]:
    remedy = (
        f"download it where there is a network (hf download {path}) and give the folder as the base's path"
        if not Path(path).exists()
        else "the folder must hold config.json and model.safetensors"
    )
    transformers_logging.disable_progress_bar()  # a job's output is its log
    try:
        config = AutoConfig.from_pretrained(path, revision=revision, trust_remote_code=False)
        architecture = architecture_of(config)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # a missing head is drawn, always alike
            model, info = architecture.masked_lm.from_pretrained(
                path,
                config=config,
                revision=revision,
                dtype=dtype,
                use_safetensors=True,
                output_loading_info=True,
                attn_implementation="sdpa",
            )
    except ArchitectureError as error:
        raise BaseError(f"{path}: {error}") from None
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise BaseError(f"base {path!r} cannot be loaded: {_short(error)}; {remedy}") from None
    missing = sorted(key for key in info["missing_keys"])
    body = [key for key in missing if key.startswith(f"{architecture.body}.")]
    if body:
        raise BaseError(f"{path}: weights are missing: {', '.join(body[:3])}{' …' if len(body) > 3 else ''}")
    return model, missing, architecture


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
