"""Evaluation of one (method, source) on every target: scores, per-sentence counts and, if wanted, predictions."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from madx.adapters.model import AdaptedModel
from madx.adapters.storage import DESCRIPTION, WEIGHTS, adapters_from, fill, join_replicas, load_language, read_part
from madx.data.windows import Windows, load_windows
from madx.evaluation.spans import TagSet, count_spans, scores_from_counts
from madx.evaluation.tagging import predict_tags
from madx.files import atomic_path, file_digest, read_json, write_json
from madx.models.base import load_base, read_description
from madx.models.heads import TaggingHead
from madx.training.compute import Machine

log = logging.getLogger(__name__)
# of a trained part's description, what goes with its scores
TRAINING = ("seed", "learning_rate", "epochs", "batch_size", "steps", "best_step", "dev_f1", "data", "adaptation")


def evaluate_run(
    run: Mapping[str, str],
    *,
    trains: str,
    stack: str,
    seeds: Sequence[int],
    base_folder: Path,
    seed_folders: Sequence[Path],
    language_folders: Mapping[str, Path | None],
    windows_paths: Mapping[str, Path],
    provenance: Mapping[str, Any],
    scores_path: Path,
    counts_path: Path,
    machine: Machine,
    write_predictions: Callable[[str, int, Windows, np.ndarray], None] | None = None,
) -> None:
    """Score the test part of every target with every seed of a run.

    run: base, method, task, source. language_folders: target -> its adaptation, or None for methods without;
    windows_paths: target -> windows. Language and invertible adapters are exchanged for the target's; the task part
    stays. Writes scores (JSON) and, per target, seed, sentence and type, the counts of spans (parquet). The scores'
    provenance has the digests of all that was evaluated, and what made it: whole models are gone later.
    """
    targets = list(windows_paths)
    predictions: dict[str, dict[int, np.ndarray]] = {target: {} for target in targets}
    windows = {target: load_windows(path, "test") for target, path in windows_paths.items()}
    if trains == "adapter":
        groups = [(list(seeds), load_adapter_run(base_folder, seed_folders, stack, machine))]
    else:
        groups = (
            ([seed], load_model_run(base_folder, folder, stack, machine))
            for seed, folder in zip(seeds, seed_folders, strict=True)
        )
    base = read_description(base_folder)
    for group, (adapted, head) in groups:
        for number, target in enumerate(targets, start=1):
            started = time.monotonic()
            folder = language_folders[target]
            if folder is not None:
                adapted.language = load_language(folder, base["fingerprint"], base["hidden_size"]).to(machine.device)
            adapted.train(False)
            tags = predict_tags(adapted, head, windows[target], machine.autocast and trains == "model")
            predictions[target].update(zip(group, tags, strict=True))
            log.info("step %d/%d %s in %.1fs", number, len(targets), target, time.monotonic() - started)

    scores: list[dict] = []
    counted: list[dict] = []
    for target in targets:
        gold, offsets = windows[target].gold, windows[target].gold_offsets
        tag_set = TagSet(windows[target].tags)
        for seed in seeds:
            predicted = predictions[target][seed]
            counts = count_spans(gold, predicted, offsets, tag_set)
            for metric, value in span_scores(gold, predicted, offsets, tag_set, counts).items():
                scores.append(
                    {"target": target, "seed": seed, "metric": metric, "value": value, "n_examples": len(offsets) - 1}
                )
            counted.append(_count_rows(target, seed, counts, tag_set))
            if write_predictions:
                write_predictions(target, seed, windows[target], predicted)
        log.info(
            "%s: F1 %.2f",
            target,
            np.mean([s["value"] for s in scores if s["target"] == target and s["metric"] == "f1"]),
        )
    _write_counts(counts_path, counted)
    made = {
        **provenance,
        "stack": stack,
        "device": machine.device.type,
        "precision": str(machine.frozen).removeprefix("torch."),
        "base": base["fingerprint"],
        "adaptations": {
            target: file_digest(folder / WEIGHTS) for target, folder in language_folders.items() if folder is not None
        },
        "trained": [_trained(folder) for folder in seed_folders],
    }
    write_json(scores_path, {**run, "unit": "per cent", "scores": scores, "provenance": made})


def load_adapter_run(
    base_folder: Path, seed_folders: Sequence[Path], stack: str, machine: Machine
) -> tuple[AdaptedModel, TaggingHead]:
    """The base with the task parts of all seeds side by side along the replica axis."""
    base = read_description(base_folder)
    parts = [read_part(folder, base["fingerprint"]) for folder in seed_folders]
    tensors = join_replicas([tensors for tensors, _ in parts])
    description = parts[0][1]
    adapted = AdaptedModel(load_base(base_folder / "model", machine.frozen).to(machine.device), stack)
    where = str(seed_folders[0])
    adapters = adapters_from(_below(tensors, "adapters."), description, where, base["hidden_size"])
    adapted.task = adapters.to(machine.device)
    return adapted, _head(_below(tensors, "head."), where).to(machine.device)


def load_model_run(
    base_folder: Path, seed_folder: Path, stack: str, machine: Machine
) -> tuple[AdaptedModel, TaggingHead]:
    """A wholly fine-tuned model and its head."""
    tensors, _ = read_part(seed_folder, read_description(base_folder)["fingerprint"])
    adapted = AdaptedModel(load_base(seed_folder / "model").to(machine.device), stack)
    return adapted, _head(_below(tensors, "head."), str(seed_folder)).to(machine.device)


def span_scores(
    gold: np.ndarray, predicted: np.ndarray, offsets: np.ndarray, tags: TagSet, counts: np.ndarray
) -> dict[str, float]:
    """Precision, recall and F1 on 0-100, over all types and for each, by seqeval.

    Raises RuntimeError if the stored counts do not give seqeval's F1: statistics are made from the counts later.
    """
    from seqeval.metrics import classification_report

    report: dict = {}
    if counts.any():  # seqeval has no report on texts without any entity
        names = np.array(tags.tags)
        report = classification_report(
            _sentences(names[gold], offsets), _sentences(names[predicted], offsets), output_dict=True, zero_division=0
        )
    scores: dict[str, float] = {}
    for suffix, row in [("", report.get("micro avg")), *((f"_{name}", report.get(name)) for name in tags.types)]:
        # a type that neither the gold tags nor the predictions know is absent from the report
        values = row or {"f1-score": 0.0, "precision": 0.0, "recall": 0.0}
        scores[f"f1{suffix}"] = 100 * float(values["f1-score"])
        scores[f"precision{suffix}"] = 100 * float(values["precision"])
        scores[f"recall{suffix}"] = 100 * float(values["recall"])
    own = scores_from_counts(counts)[2]
    if abs(own - scores["f1"]) > 1e-6:
        raise RuntimeError(f"span counts give F1 {own:.6f}, seqeval {scores['f1']:.6f}; they must agree")
    return scores


def _trained(folder: Path) -> dict[str, Any]:
    """A trained part: digests of its weights by file name, how it was trained, and what made it."""
    part = read_json(folder / DESCRIPTION)
    weights = {path.relative_to(folder).as_posix(): file_digest(path) for path in sorted(folder.rglob("*.safetensors"))}
    return {**{key: part.get(key) for key in (*TRAINING, "provenance")}, "weights": weights}


def _sentences(names: np.ndarray, offsets: np.ndarray) -> list[list[str]]:
    words = names.tolist()
    return [words[a:b] for a, b in itertools.pairwise(offsets)]


def _head(tensors: dict, where: str) -> TaggingHead:
    replicas, tags, hidden = tensors["weight"].shape
    head = TaggingHead(hidden, tags, replicas)
    fill(head, tensors, where)
    return head.eval()


def _below(tensors: Mapping, prefix: str) -> dict:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _count_rows(target: str, seed: int, counts: np.ndarray, tags: TagSet) -> dict[str, Any]:
    sentence, kind = np.nonzero(counts.any(axis=2))
    columns = {name: counts[sentence, kind, k] for k, name in enumerate(("tp", "fp", "fn"))}
    size = len(sentence)
    return {
        "target": [target] * size,
        "seed": [seed] * size,
        "sentence": sentence,
        "type": [tags.types[k] for k in kind],
        **columns,
    }


def _write_counts(path: Path, tables: Sequence[Mapping[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    schema = pa.schema(
        [("target", pa.dictionary(pa.int32(), pa.string())), ("seed", pa.int64()), ("sentence", pa.int32())]
        + [("type", pa.dictionary(pa.int32(), pa.string()))]
        + [(name, pa.int32()) for name in ("tp", "fp", "fn")]
    )
    tables = [
        pa.table({name: pa.array(table[name]).cast(schema.field(name).type) for name in schema.names}, schema=schema)
        for table in tables
    ]
    with atomic_path(path) as temporary:
        parquet.write_table(pa.concat_tables(tables).unify_dictionaries(), temporary, compression="zstd")
