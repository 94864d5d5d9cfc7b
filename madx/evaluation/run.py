"""Evaluation of one (method, source) on every target: scores, counts of every example and, if wanted, predictions."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from madx.adapters.model import AdaptedModel
from madx.adapters.storage import (
    DESCRIPTION,
    WEIGHTS,
    adapters_from,
    fill,
    join_replicas,
    load_language,
    read_part,
    weight_digests,
)
from madx.data.sequences import Sequences, load_sequences
from madx.files import atomic_path, file_digest, read_json, write_json
from madx.models.base import load_base, read_description
from madx.paths import Trained
from madx.tasks.kind import Encoder, TaskKind, kind_of
from madx.training.compute import Machine

if TYPE_CHECKING:
    from madx.config_tasks import Task

log = logging.getLogger(__name__)
# of a trained part's description, what goes with its scores
TRAINING = (
    *("seed", "base", "learning_rate", "epochs", "batch_size", "steps", "best_step"),
    *("selection", "dev_score", "data", "adaptation", "first_stage"),
)


@dataclass(frozen=True)
class Loaded:
    """Trained parts in memory, the replica axis holding their seeds."""

    trained: Trained
    kind: TaskKind
    encode: Encoder
    head: nn.Module

    def predict(self, data: Sequences, language_folder: Path | None) -> dict[int, Any]:
        """Predictions of each seed, with a language's adapters from a folder in place of those in use."""
        adapted = self.encode.adapted
        if language_folder is not None:
            base = read_description(self.trained.base_folder)
            language = load_language(language_folder, base["fingerprint"], base["hidden_size"])
            adapted.language = language.to(adapted.model.device, adapted.model.dtype)
        adapted.train(False)
        with torch.no_grad(), self.encode.computing():
            predicted = self.kind.predict(self.encode, self.head, data)
        return dict(zip(self.trained.seeds, predicted, strict=True))


def evaluate_run(
    run: Mapping[str, str],
    settings: Task,
    groups: Iterable[Trained],
    *,
    trains: str,
    stack: str,
    language_folders: Mapping[str, Path | None],
    data_paths: Mapping[str, Path],
    provenance: Mapping[str, Any],
    scores_path: Path,
    counts_path: Path,
    machine: Machine,
    write_predictions: Callable[[str, int, Any, Any], None] | None = None,
) -> None:
    """Score the test part of every target with every seed of a run.

    run: base, method, task, source. language_folders: target -> its adaptation, or None for methods without;
    data_paths: target -> sequences. Language and invertible adapters are exchanged for the target's; the task part
    stays. Writes scores (JSON) and the counts of every example that they follow from (parquet). The scores' provenance
    has the digests of all that was evaluated, and what made it: whole models are gone later.
    """
    kind, groups = kind_of(settings), list(groups)
    data = {target: load_sequences(kind.sequences, path, "test") for target, path in data_paths.items()}
    predictions: dict[str, dict[int, Any]] = {target: {} for target in data}
    done, passes = 0, sum(len(group.targets) for group in groups)
    for group in groups:
        loaded = load_trained(kind, group, trains, stack, machine)
        for target in group.targets:
            started = time.monotonic()
            predictions[target] |= loaded.predict(data[target], language_folders[target])
            done += 1
            log.info("step %d/%d %s in %.1fs", done, passes, target, time.monotonic() - started)
    scores: list[dict] = []
    counted: list[dict] = []
    for target, of_target in data.items():
        for seed, predicted in sorted(predictions[target].items()):
            scores += _score_rows(kind, target, seed, of_target, predicted)
            counts = kind.counts(of_target, predicted)
            size = len(counts["example"])
            counted.append({"target": [target] * size, "seed": [seed] * size, **counts})
            if write_predictions:
                write_predictions(target, seed, of_target, predicted)
        log.info("%s: %s %.2f", target, kind.selection, _mean(scores, target, kind.selection))
    _write_counts(counts_path, counted)
    made = {
        **_made(provenance, stack, machine, groups),
        "adaptations": {
            target: file_digest(folder / WEIGHTS) for target, folder in language_folders.items() if folder is not None
        },
    }
    write_json(scores_path, {**run, "unit": "per cent", "scores": scores, "provenance": made})


def evaluate_steps(
    run: Mapping[str, str],
    settings: Task,
    trained: Trained,
    *,
    stack: str,
    step_folders: Mapping[str, Mapping[int, Path]],
    data_paths: Mapping[str, Path],
    provenance: Mapping[str, Any],
    scores_path: Path,
    machine: Machine,
) -> None:
    """Score targets with their language adapters as they were after some steps of adaptation (figure 6).

    step_folders: target -> steps of adaptation -> folder of the adapters. Writes one row per target, steps and seed.
    """
    kind = kind_of(settings)
    loaded = load_trained(kind, trained, "adapter", stack, machine)
    scores: list[dict] = []
    for number, (target, folders) in enumerate(step_folders.items(), start=1):
        data = load_sequences(kind.sequences, data_paths[target], "test")
        for steps, folder in sorted(folders.items()):
            for seed, predicted in loaded.predict(data, folder).items():
                value = kind.dev_score(data, predicted)
                row = {"target": target, "seed": seed, "steps": steps, "metric": kind.selection, "value": value}
                scores.append({**row, "n_examples": kind.examples(data)})
        log.info("step %d/%d %s", number, len(step_folders), target)
    made = {
        **_made(provenance, stack, machine, [trained]),
        "adaptations": {
            target: {steps: file_digest(folder / WEIGHTS) for steps, folder in folders.items()}
            for target, folders in step_folders.items()
        },
    }
    write_json(scores_path, {**run, "unit": "per cent", "scores": scores, "provenance": made})


def load_trained(kind: TaskKind, trained: Trained, trains: str, stack: str, machine: Machine) -> Loaded:
    """The base with the task parts of all seeds side by side along the replica axis, or one wholly trained model."""
    base, where = read_description(trained.base_folder), str(trained.folders[0])
    parts = [read_part(folder, base["fingerprint"]) for folder in trained.folders]
    tensors, description = join_replicas([tensors for tensors, _ in parts]), parts[0][1]
    whole = trains == "model"
    model = (
        load_base(trained.folders[0] / "model") if whole else load_base(trained.base_folder / "model", machine.frozen)
    )
    adapted = AdaptedModel(model.to(machine.device), stack)
    if not whole:
        adapters = adapters_from(_below(tensors, "adapters."), description, where, base["hidden_size"])
        adapted.task = adapters.to(machine.device)
    of_head = _below(tensors, "head.")
    head = kind.empty_head(of_head)
    fill(head, of_head, where)
    return Loaded(trained, kind, Encoder(adapted, machine.autocast and whole), head.to(machine.device).eval())


def _score_rows(kind: TaskKind, target: str, seed: int, data: Any, predicted: Any) -> Iterator[dict[str, Any]]:
    for metric, value in kind.scores(data, predicted).items():
        yield {"target": target, "seed": seed, "metric": metric, "value": value, "n_examples": kind.examples(data)}


def _mean(scores: Sequence[Mapping[str, Any]], target: str, metric: str) -> float:
    return float(np.mean([row["value"] for row in scores if (row["target"], row["metric"]) == (target, metric)]))


def _made(provenance: Mapping[str, Any], stack: str, machine: Machine, groups: Sequence[Trained]) -> dict[str, Any]:
    """What made scores: code and settings, machine, and everything that was trained for them."""
    return {
        **provenance,
        "stack": stack,
        "machine": machine.as_dict(),
        "trained": [_trained(folder, group) for group in groups for folder in group.folders],
    }


def _trained(folder: Path, group: Trained) -> dict[str, Any]:
    """A trained part: digests of its weights by file name, how it was trained, for what, and what made it."""
    part = read_json(folder / DESCRIPTION)
    known = {key: part.get(key) for key in (*TRAINING, "provenance")}
    return {**known, "targets": list(group.targets), "weights": weight_digests(folder)}


def _below(tensors: Mapping, prefix: str) -> dict:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _write_counts(path: Path, tables: Sequence[Mapping[str, Any]]) -> None:
    """Columns of all targets and seeds, one after the other; texts as categories."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    def column(name: str, values: Any) -> pa.Array:
        if name in ("target", "type"):
            return pa.array(values, pa.string()).cast(pa.dictionary(pa.int32(), pa.string()))
        return pa.array(values, pa.int64() if name == "seed" else None)

    parts = [pa.table({name: column(name, values) for name, values in table.items()}) for table in tables]
    with atomic_path(path) as temporary:
        parquet.write_table(pa.concat_tables(parts).unify_dictionaries(), temporary, compression="zstd")
