"""The one optimisation loop: steps, schedule, evaluation, best checkpoint per replica, resume, metrics.

A phase (adaptation, base pretraining, task training) supplies trainable parameters, a loss for each step and an
evaluation. Its batches are functions of the step number, so that the step alone is the position in the data.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from madx.files import atomic_path

log = logging.getLogger(__name__)


class TrainingError(RuntimeError):
    """A training that cannot go on; one line for the user."""


class Phase(Protocol):
    """What a training phase tells the loop.

    seeds: one a replica. trainable: parameters by name; each holds all replicas, in equal parts, replica by replica.
    selection: the metric of `evaluate` whose highest value picks the checkpoint (of equal ones the earliest), or None
    to keep the last state.
    """

    seeds: Sequence[int]
    trainable: Mapping[str, nn.Parameter]
    selection: str | None

    def loss(self, step: int) -> Tensor:
        """Mean loss of each replica on its batch of this step: (replicas,)."""

    def evaluate(self) -> dict[str, Sequence[float]]:
        """Metrics on held-out data, one value a replica."""

    def train(self, mode: bool) -> None:
        """Dropout on or off."""


@dataclass(frozen=True)
class LoopSettings:
    """steps: optimiser steps; evaluations: evenly spaced, the last at the end; warmup_fraction: of the steps, linear,
    then linear decay to zero; max_gradient_norm: per replica; checkpoint_seconds: between resume states."""

    steps: int
    evaluations: int
    warmup_fraction: float
    max_gradient_norm: float
    save_steps: tuple[int, ...] = ()
    checkpoint_seconds: float = 120.0


@dataclass
class Outcome:
    """What a loop leaves: per replica the kept parameters (leading axis: replica), their step and selection value."""

    state: dict[str, Tensor]
    best_step: list[int]
    best_value: list[float | None]
    metrics: list[dict] = field(default_factory=list)


def adamw(parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """The paper's optimiser for adaptation and tasks."""
    return [torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay, fused=True)]


def learning_rate_factor(step: int, steps: int, warmup_fraction: float) -> float:
    """Linear warm-up, then linear decay; step counts from 0."""
    warmup = round(warmup_fraction * steps)
    if step < warmup:
        return (step + 1) / warmup
    return (steps - step) / max(1, steps - warmup)


def optimize(
    phase: Phase,
    optimizers: Sequence[torch.optim.Optimizer],
    settings: LoopSettings,
    *,
    checkpoint_folder: Path | None = None,
    at_step: Callable[[int], None] | None = None,
) -> Outcome:
    """Train a phase to its end and load the kept state into its parameters.

    checkpoint_folder: resume state and metrics while training; the caller removes it when its outputs are written.
    at_step: called after each of settings.save_steps, with evaluation mode on. Raises TrainingError when a loss is
    not finite. The global random state is left as it was.
    """
    device = next(iter(phase.trainable.values())).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(phase.seeds[0])
        return _Loop(phase, optimizers, settings, checkpoint_folder, at_step).run()


class _Loop:
    def __init__(self, phase, optimizers, settings: LoopSettings, folder: Path | None, at_step) -> None:
        self.phase, self.optimizers, self.settings = phase, list(optimizers), settings
        self.folder, self.at_step = folder, at_step
        self.replicas = len(phase.seeds)
        self.rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in self.optimizers]
        evaluations = min(settings.evaluations, settings.steps)
        self.evaluation_steps = {round(settings.steps * (k + 1) / evaluations) for k in range(evaluations)}
        self.log_interval = max(1, settings.steps // 50)
        self.step = 0
        self.best: dict[str, Tensor] = {}
        self.best_step = [0] * self.replicas
        self.best_value: list[float | None] = [None] * self.replicas
        self.metrics: list[dict] = []

    def run(self) -> Outcome:
        self._resume()
        started, first, saved = time.monotonic(), self.step, time.monotonic()
        parameters = list(self.phase.trainable.values())
        if self.step == 0 and self.phase.selection is None:
            self._evaluate(keep=False)  # where the curve starts; a task's new head knows nothing worth measuring
        self.phase.train(True)
        while self.step < self.settings.steps:
            factor = learning_rate_factor(self.step, self.settings.steps, self.settings.warmup_fraction)
            for optimizer, rates in zip(self.optimizers, self.rates, strict=True):
                for group, rate in zip(optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate * factor
            losses = self.phase.loss(self.step)
            losses.sum().backward()
            clip_gradients(parameters, self.replicas, self.settings.max_gradient_norm)
            for optimizer in self.optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            self.step += 1
            if self.step % self.log_interval == 0 or self.step == self.settings.steps:
                self._log_losses(losses.detach(), started, first)
            if self.step in self.settings.save_steps and self.at_step:
                self.phase.train(False)
                self.at_step(self.step)
                self.phase.train(True)
            if self.step in self.evaluation_steps:
                self._evaluate(keep=True)
                self.phase.train(True)
            if self.folder and time.monotonic() - saved >= self.settings.checkpoint_seconds:
                self._checkpoint()
                saved = time.monotonic()
        self.phase.train(False)
        if self.phase.selection is not None:
            with torch.no_grad():
                for name, parameter in self.phase.trainable.items():
                    parameter.copy_(self.best[name])
        else:
            self.best_step = [self.step] * self.replicas
        state = {name: parameter.detach() for name, parameter in self.phase.trainable.items()}
        return Outcome(state, self.best_step, self.best_value, self.metrics)

    # ---------------------------------------------------------------- measuring

    def _record(self, metric: str, values: Sequence[float]) -> None:
        now = round(time.time(), 3)
        for seed, value in zip(self.phase.seeds, values, strict=True):
            record = {"step": self.step, "steps": self.settings.steps, "seed": seed, "metric": metric}
            self.metrics.append({**record, "value": value, "time": now})
            if self.folder:
                self.folder.mkdir(parents=True, exist_ok=True)
                with open(self.folder / "metrics.jsonl", "a", encoding="utf-8") as stream:
                    stream.write(json.dumps(self.metrics[-1]) + "\n")

    def _log_losses(self, losses: Tensor, started: float, first: int) -> None:
        values = losses.tolist()
        for seed, value in zip(self.phase.seeds, values, strict=True):
            if not math.isfinite(value):
                raise TrainingError(
                    f"the loss of seed {seed} is {value} at step {self.step} of {self.settings.steps};"
                    " a lower learning rate or float32 precision may help"
                )
        self._record("loss", values)
        rate = (self.step - first) / max(1e-9, time.monotonic() - started)
        log.info(
            "step %d/%d loss %.4f %.0fs left",
            self.step,
            self.settings.steps,
            sum(values) / len(values),
            (self.settings.steps - self.step) / max(1e-9, rate),
        )

    @torch.no_grad()
    def _evaluate(self, keep: bool) -> None:
        self.phase.train(False)
        metrics = self.phase.evaluate()
        for metric, values in metrics.items():
            self._record(metric, values)
        if metrics:
            shown = ", ".join(f"{name} {sum(values) / len(values):.3f}" for name, values in metrics.items())
            log.info("step %d/%d %s", self.step, self.settings.steps, shown)
        if not keep or self.phase.selection is None:
            return
        for replica, value in enumerate(metrics[self.phase.selection]):
            if self.best_value[replica] is None or value > self.best_value[replica]:
                self.best_value[replica], self.best_step[replica] = value, self.step
                for name, parameter in self.phase.trainable.items():
                    kept = self.best.setdefault(name, parameter.detach().clone())
                    kept.view(self.replicas, -1)[replica] = parameter.detach().view(self.replicas, -1)[replica]

    # ---------------------------------------------------------------- resume

    def _checkpoint(self) -> None:
        state = {
            "step": self.step,
            "steps": self.settings.steps,
            "seeds": list(self.phase.seeds),
            "trainable": {name: p.detach() for name, p in self.phase.trainable.items()},
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
            "best": self.best,
            "best_step": self.best_step,
            "best_value": self.best_value,
            "metrics": self.metrics,
        }
        with atomic_path(self.folder / "state.pt") as temporary:
            torch.save(state, temporary)

    def _resume(self) -> None:
        if self.folder is None:
            return
        path = self.folder / "state.pt"
        if path.is_file():
            device = next(iter(self.phase.trainable.values())).device
            state = torch.load(path, weights_only=True, map_location="cpu")
            if (state["steps"], state["seeds"]) == (self.settings.steps, list(self.phase.seeds)):
                with torch.no_grad():
                    for name, parameter in self.phase.trainable.items():
                        parameter.copy_(state["trainable"][name])
                for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                    optimizer.load_state_dict(saved)
                torch.set_rng_state(state["random"])
                if device.type == "cuda" and state["cuda_random"] is not None:
                    torch.cuda.set_rng_state(state["cuda_random"])
                self.best = {name: tensor.to(device) for name, tensor in state["best"].items()}
                self.best_step, self.best_value = state["best_step"], state["best_value"]
                self.metrics, self.step = state["metrics"], state["step"]
                log.info("resuming at step %d/%d", self.step, self.settings.steps)
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(record) + "\n" for record in self.metrics)
        (self.folder / "metrics.jsonl").write_text(lines, encoding="utf-8")


def clip_gradients(parameters: Sequence[nn.Parameter], replicas: int, max_norm: float) -> None:
    """Scale each replica's gradient so that its Euclidean norm is at most max_norm, independently of the others."""
    gradients = [p.grad.view(replicas, -1) for p in parameters if p.grad is not None]
    squares = torch.stack([g.float().square().sum(dim=1) for g in gradients]).sum(dim=0)
    scale = (max_norm / (squares.sqrt() + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.unsqueeze(1).to(gradient.dtype))
