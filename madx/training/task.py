"""Task training of a run: a task adapter and head of all seeds at once, or a whole model of one seed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from madx.adapters.adapter_set import AdapterSet, AdapterShape
from madx.adapters.model import AdaptedModel
from madx.adapters.storage import (
    WEIGHTS,
    fill,
    join_replicas,
    load_language,
    read_part,
    replica_state,
    save_part,
    weight_digests,
)
from madx.data.sequences import load_sequences
from madx.files import atomic_path, file_digest
from madx.models.base import check_length, load_base, read_description
from madx.tasks.kind import Encoder, kind_of
from madx.training.compute import Machine
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.outputs import finish_metrics
from madx.training.task_phase import TaskPhase

if TYPE_CHECKING:
    from madx.config import Adapters
    from madx.config_tasks import Task

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
    settings: Task,
    sizes: Adapters,
    *,
    trains: str,
    seeds: Sequence[int],
    learning_rate: float,
    epochs: int,
    batch_size: int,
    base_folder: Path,
    language_folder: Path | None,
    data_path: Path,
    description: dict[str, Any],
    folders: Sequence[Path],
    metrics_path: Path,
    checkpoint_folder: Path,
    machine: Machine,
    start_folders: Sequence[Path] = (),
) -> None:
    """Train on a source's sequences and save the best checkpoint of each seed by the source's dev score.

    trains: "adapter" (the base and the language's adapters frozen) or "model" (every weight; one seed).
    base_folder: the base, or one adapted as a whole. language_folder: the source language's adaptation under the task
    adapter, or None. start_folders: one a seed, trained parts of a first stage to go on from; none for new ones.
    folders: one a seed; each gets adapter.safetensors and adapter.json, and model.safetensors for whole models.
    adapter.json has the description, and what the training used: settings, digests of its data, its language adapter
    and its first stage.
    """
    whole = trains == "model"
    if whole and len(seeds) != 1:
        raise ValueError("whole models are trained one seed at a time")
    base, kind = read_description(base_folder), kind_of(settings)
    first = start_folders[0] if whole and start_folders else base_folder
    model = load_base(first / "model", None if whole else machine.frozen).to(machine.device)
    adapted = AdaptedModel(model, sizes.stack)
    train, dev = (load_sequences(kind.sequences, data_path, split) for split in ("train", "dev"))
    longest = int(max(train.lengths.max(), dev.lengths.max()))
    check_length(model.config, longest, f"tasks.{description['task']}.max_length")
    hidden = base["hidden_size"]
    head = kind.new_head(train, hidden, seeds, model.config.hidden_dropout_prob)
    adapters = None if whole else AdapterSet.create(task_shape(base, sizes), seeds, "task")
    part = TaskPart(adapters, head)
    if start_folders:
        stages = [read_part(folder, base["fingerprint"])[0] for folder in start_folders]
        fill(part, join_replicas(stages), str(start_folders[0]))
    part = part.to(machine.device)
    trainable = dict(part.named_parameters())
    if whole:
        adapted.unfreeze()
        # the MLM head takes no part in the task
        trainable |= {f"body.{name}": p for name, p in adapted.body.named_parameters()}
    adapted.task = part.adapters
    if language_folder is not None:
        language = load_language(language_folder, base["fingerprint"], hidden)
        adapted.language = language.to(machine.device, machine.frozen).requires_grad_(False)
    encode = Encoder(adapted, autocast=machine.autocast and whole)
    phase = TaskPhase(kind, encode, part.head, trainable, train, dev, seeds=seeds, batch_size=batch_size)
    steps = epochs * phase.steps_per_epoch
    used = {
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": batch_size,
        "data": file_digest(data_path),
        "adaptation": file_digest(language_folder / WEIGHTS) if language_folder else None,
    }
    outcome = optimize(
        phase,
        adamw(trainable.values(), learning_rate, settings.weight_decay),
        LoopSettings(steps, settings.evaluations, settings.warmup_fraction, settings.max_gradient_norm),
        checkpoint_folder=checkpoint_folder,
    )
    for replica, (seed, folder) in enumerate(zip(seeds, folders, strict=True)):
        value, step = outcome.best_value[replica], outcome.best_step[replica]
        log.info("seed %d: %s %.2f at step %d of %d", seed, phase.selection, value, step, steps)
        if whole:
            with atomic_path(folder / "model") as temporary:
                model.save_pretrained(temporary)
        save_part(
            folder,
            replica_state(part, replica),
            {
                **description,
                **used,
                **kind.describe(train),
                "first_stage": weight_digests(start_folders[replica]) if start_folders else None,
                "seed": seed,
                "base": {"name": base["name"], "fingerprint": base["fingerprint"]},
                "provenance": {**description.get("provenance", {}), "machine": machine.as_dict()},
                "stack": sizes.stack,
                "shape": None if whole else part.adapters.shape.as_dict(),
                "best_step": step,
                "steps": steps,
                "selection": phase.selection,
                "dev_score": value,
            },
        )
    finish_metrics(checkpoint_folder, outcome.metrics, metrics_path)
