"""Task training of one (method, source): a task adapter and head of all seeds at once, or a whole model of one seed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from madx.adapters.adapter_set import AdapterSet, AdapterShape
from madx.adapters.model import AdaptedModel
from madx.adapters.storage import WEIGHTS, load_language, replica_state, save_part
from madx.data.windows import load_windows
from madx.files import atomic_path, file_digest
from madx.models.base import check_length, load_base, read_description
from madx.models.heads import TaggingHead
from madx.training.compute import Machine
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.outputs import finish_metrics
from madx.training.tagging import TaggingPhase

if TYPE_CHECKING:
    from madx.config import Adapters, NerTask

log = logging.getLogger(__name__)


class TaskPart(nn.Module):
    """What a task adds: its adapters (None for whole models) and its head, with the replica axis."""

    def __init__(self, adapters: AdapterSet | None, head: nn.Module) -> None:
        super().__init__()
        self.adapters = adapters
        self.head = head


def task_shape(base: Mapping[str, Any], sizes: Adapters) -> AdapterShape:
    """Sizes of a task's adapters on a base (its description)."""
    hidden = base["hidden_size"]
    return AdapterShape(base["layers"], hidden, hidden // sizes.task_reduction_factor, None, sizes.leave_out)


def train_task(
    settings: NerTask,
    sizes: Adapters,
    *,
    trains: str,
    seeds: Sequence[int],
    learning_rate: float,
    epochs: int,
    batch_size: int,
    base_folder: Path,
    language_folder: Path | None,
    windows_path: Path,
    description: dict[str, Any],
    folders: Sequence[Path],
    metrics_path: Path,
    checkpoint_folder: Path,
    machine: Machine,
) -> None:
    """Train on a source's windows and save the best checkpoint of each seed by the source's dev F1.

    trains: "adapter" (the base and the language's adapters frozen) or "model" (every weight; one seed).
    language_folder: the source language's adaptation under the task adapter, or None.
    folders: one a seed; each gets adapter.safetensors and adapter.json, and model.safetensors for whole models.
    adapter.json has the description, and what the training used: settings, digests of its data and language adapter.
    """
    whole = trains == "model"
    if whole and len(seeds) != 1:
        raise ValueError("whole models are trained one seed at a time")
    base = read_description(base_folder)
    model = load_base(base_folder / "model", None if whole else machine.frozen).to(machine.device)
    adapted = AdaptedModel(model, sizes.stack)
    train, dev = load_windows(windows_path, "train"), load_windows(windows_path, "dev")
    check_length(
        model.config, int(max(np.diff(train.offsets).max(), np.diff(dev.offsets).max())), "tasks.ner.max_length"
    )
    hidden, dropout = base["hidden_size"], model.config.hidden_dropout_prob
    head = TaggingHead.create(hidden, len(train.tags), seeds, dropout)
    adapters = None
    if not whole:
        adapters = AdapterSet.create(task_shape(base, sizes), seeds, "task")
    part = TaskPart(adapters, head).to(machine.device)
    trainable = dict(part.named_parameters())
    if whole:
        adapted.unfreeze()
        # the MLM head takes no part in the task
        trainable |= {f"body.{name}": p for name, p in adapted.body.named_parameters()}
    adapted.task = part.adapters
    if language_folder is not None:
        language = load_language(language_folder, base["fingerprint"], hidden)
        adapted.language = language.to(machine.device).requires_grad_(False)
    phase = TaggingPhase(
        adapted,
        part.head,
        trainable,
        train,
        dev,
        seeds=seeds,
        batch_size=batch_size,
        autocast=machine.autocast and whole,
    )
    steps = epochs * phase.steps_per_epoch
    used = {
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": batch_size,
        "data": file_digest(windows_path),
        "adaptation": file_digest(language_folder / WEIGHTS) if language_folder else None,
    }
    outcome = optimize(
        phase,
        adamw(trainable.values(), learning_rate, settings.weight_decay),
        LoopSettings(steps, settings.evaluations, settings.warmup_fraction, settings.max_gradient_norm),
        checkpoint_folder=checkpoint_folder,
    )
    for replica, (seed, folder) in enumerate(zip(seeds, folders, strict=True)):
        log.info(
            "seed %d: dev F1 %.2f at step %d of %d",
            seed,
            outcome.best_value[replica],
            outcome.best_step[replica],
            steps,
        )
        if whole:
            with atomic_path(folder / "model") as temporary:
                model.save_pretrained(temporary)
        save_part(
            folder,
            replica_state(part, replica),
            {
                **description,
                **used,
                "seed": seed,
                "base": {"name": base["name"], "fingerprint": base["fingerprint"]},
                "stack": sizes.stack,
                "tags": [str(tag) for tag in train.tags],
                "shape": None if whole else part.adapters.shape.as_dict(),
                "best_step": outcome.best_step[replica],
                "steps": steps,
                "dev_f1": outcome.best_value[replica],
            },
        )
    finish_metrics(checkpoint_folder, outcome.metrics, metrics_path)
