"""Bases that the workflow makes: a small XLM-R from the covered languages' text, or an MLM head for a base without."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from madx.adapters.model import AdaptedModel
from madx.data.blocks import Blocks
from madx.models.base import load_base, load_tokenizer, save_base
from madx.training.compute import Machine
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.mlm import MlmPhase, Vocabulary, mixed_sampler
from madx.training.outputs import finish_metrics

if TYPE_CHECKING:
    from madx.config import Adaptation, MadeBase

log = logging.getLogger(__name__)
HELD_OUT_PER_LANGUAGE = 32
EVALUATIONS = 5


def make_base(
    settings: MadeBase,
    name: str,
    tokenizer_folder: Path,
    blocks: Mapping[str, Path],
    max_length: int,
    base_folder: Path,
    checkpoint_folder: Path,
    machine: Machine,
    provenance: dict[str, Any] | None = None,
) -> None:
    """Pretrain an XLM-R of the given sizes on the covered languages' blocks (language -> block file).

    max_length: positions that the model has, in tokens. Every weight trains, without dropout.
    """
    tokenizer = load_tokenizer(tokenizer_folder)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.attention_heads,
        intermediate_size=settings.feed_forward_size,
        max_position_embeddings=max_length + 2,
        type_vocab_size=1,
        hidden_dropout_prob=settings.dropout,
        attention_probs_dropout_prob=settings.dropout,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        model = XLMRobertaForMaskedLM(config)
    model.to(machine.device)
    adapted = AdaptedModel(model)
    adapted.unfreeze()
    opened = [Blocks.open(path) for path in blocks.values()]
    phase = MlmPhase(
        adapted,
        dict(model.named_parameters()),
        mixed_sampler([b.train for b in opened], settings.batch_size, settings.sampling_exponent, settings.seed),
        _held_out([b.held_out for b in opened]),
        Vocabulary.of(tokenizer),
        mask_fraction=settings.mask_fraction,
        whole_words=False,
        seed=settings.seed,
        autocast=machine.autocast,
        dropout=False,
    )
    loop = LoopSettings(settings.steps, EVALUATIONS, settings.warmup_fraction, max_gradient_norm=1.0)
    outcome = optimize(phase, _optimizers(model, settings), loop, checkpoint_folder=checkpoint_folder)
    log.info("pretrained %s on %s", name, ", ".join(blocks))
    origin = {"made": settings.model_dump(mode="json"), "languages": list(blocks)}
    save_base(model, base_folder, name, origin, {**(provenance or {}), "machine": machine.as_dict()})
    finish_metrics(checkpoint_folder, outcome.metrics, base_folder / "metrics.jsonl")


def train_mlm_head(
    settings: Adaptation,
    steps: int,
    name: str,
    pretrained_folder: Path,
    tokenizer_folder: Path,
    blocks: Mapping[str, Path],
    base_folder: Path,
    checkpoint_folder: Path,
    machine: Machine,
    provenance: dict[str, Any] | None = None,
) -> None:
    """Train the MLM head of a base that came without, its body and its (tied) embeddings frozen.

    Rate, batch and masking are those of the adaptation; blocks: language -> block file of the covered languages.
    """
    model = load_base(pretrained_folder / "model").to(machine.device)
    adapted = AdaptedModel(model)
    head = head_parameters(adapted)
    for parameter in head.values():
        parameter.requires_grad_(True)
    opened = [Blocks.open(path) for path in blocks.values()]
    phase = MlmPhase(
        adapted,
        head,
        mixed_sampler([b.train for b in opened], settings.batch_size, 1.0, settings.seed),
        _held_out([b.held_out for b in opened]),
        Vocabulary.of(load_tokenizer(tokenizer_folder)),
        mask_fraction=settings.mask_fraction,
        whole_words=settings.whole_words,
        seed=settings.seed,
    )
    loop = LoopSettings(steps, EVALUATIONS, settings.warmup_fraction, settings.max_gradient_norm)
    optimizers = adamw(head.values(), settings.learning_rate.adapter, settings.weight_decay)
    outcome = optimize(phase, optimizers, loop, checkpoint_folder=checkpoint_folder)
    origin = {"mlm_head": "trained", "steps": steps, "languages": list(blocks)}
    save_base(model, base_folder, name, origin, {**(provenance or {}), "machine": machine.as_dict()})
    finish_metrics(checkpoint_folder, outcome.metrics, base_folder / "metrics.jsonl")


def head_parameters(adapted: AdaptedModel) -> dict[str, nn.Parameter]:
    """The MLM head's own parameters: all but the output embedding that it shares with the input."""
    tied = adapted.model.get_input_embeddings().weight
    return {
        name: parameter
        for name, parameter in adapted.model.named_parameters()
        if name.startswith(f"{adapted.architecture.mlm_head}.") and parameter is not tied
    }


def _held_out(languages: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([blocks[:HELD_OUT_PER_LANGUAGE] for blocks in languages])


def _optimizers(model: nn.Module, settings: MadeBase) -> list[torch.optim.Optimizer]:
    """AdamW on everything, or Muon on the layers' matrices and AdamW on the rest."""
    if settings.optimizer == "adamw":
        return adamw(model.parameters(), settings.learning_rate, weight_decay=0.01)
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and ".layer." in name]
    chosen = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    muon = torch.optim.Muon(matrices, lr=settings.muon_learning_rate, weight_decay=0.01)
    return [muon, *adamw(rest, settings.learning_rate, weight_decay=0.01)]
