"""The peer's side: the `adapters` library in its own environment, in a plain loop, or as its documentation trains.

    python -m benchmarks.speed.peer loop|trainer WORK PRECISION DEVICE THREADS

A run of `ner` or `evaluation` is that of one seed: five seeds are five such runs.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from itertools import count, cycle

import numpy as np
import torch
from adapters import AdapterTrainer, SeqBnConfig, XLMRobertaAdapterModel
from adapters.composition import Stack
from torch import Tensor
from transformers import PreTrainedModel, TrainingArguments, XLMRobertaConfig, XLMRobertaForTokenClassification

from benchmarks.speed import works
from benchmarks.speed.worker import serve
from benchmarks.speed.works import Work

EVALUATION_BATCH = 32
LANGUAGE = SeqBnConfig(
    reduction_factor=works.LANGUAGE_REDUCTION,
    inv_adapter="nice",
    inv_adapter_reduction_factor=works.INVERTIBLE_REDUCTION,
)
TASK = SeqBnConfig(reduction_factor=works.TASK_REDUCTION)


def prepare_loop(work: Work, precision: str, device: torch.device) -> Callable[[], dict[str, float]]:
    """A plain loop; bfloat16 is autocast in training, and all weights in evaluation."""
    model = _model(work, device)
    if work.name == "evaluation":
        if precision == "bfloat16":
            model.bfloat16()
        rounds = cycle(works.test_data(work))
        return lambda: {"tokens": _evaluate(model, next(rounds), device)}
    chosen = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(chosen, lr=1e-4, weight_decay=0.0, fused=True)

    rounds = cycle(_batches(_examples(work), work))

    def run() -> dict[str, float]:
        model.train()
        batches = next(rounds)
        for batch in batches:
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                loss = model(**{key: value.to(device) for key, value in batch.items()}).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(chosen, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return {"tokens": sum(int(batch["attention_mask"].sum()) for batch in batches)}

    return run


def prepare_trainer(work: Work, precision: str, device: torch.device) -> Callable[[], dict[str, float]]:
    """AdapterTrainer, with its own order, batches and optimiser; making it is a part of each run."""
    model = _model(work, device)
    examples, seen, rounds = _examples(work), [], count()

    def collate(batch: list[dict]) -> dict[str, Tensor]:
        padded = _collate(batch)
        seen.append(int(padded["attention_mask"].sum()))
        return padded

    def run() -> dict[str, float]:
        seen.clear()
        with tempfile.TemporaryDirectory() as folder:
            settings = TrainingArguments(
                output_dir=folder,
                per_device_train_batch_size=work.batch,
                max_steps=work.steps,
                seed=next(rounds),
                learning_rate=1e-4,
                bf16=precision == "bfloat16",
                use_cpu=device.type == "cpu",
                report_to=[],
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
            )
            AdapterTrainer(model=model, args=settings, train_dataset=examples, data_collator=collate).train()
        return {"tokens": sum(seen[: work.steps])}  # it may have fetched one more

    return run


def _model(work: Work, device: torch.device) -> PreTrainedModel:
    config = XLMRobertaConfig(**works.SHAPES, num_labels=len(works.TAGS))
    with device:
        if work.name == "fine-tuning":
            return XLMRobertaForTokenClassification(config)
        model = XLMRobertaAdapterModel(config)
    if work.name == "mlm":
        model.add_masked_lm_head("mlm")
        model.add_adapter("language", config=LANGUAGE)
        model.train_adapter("language")
        for parameter in model.heads["mlm"].parameters():
            parameter.requires_grad_(False)  # as ours: the head of the base stays
    else:
        for target in range(max(1, work.targets)):
            model.add_adapter(f"language{target}", config=LANGUAGE)
        model.add_adapter("task", config=TASK)
        model.add_tagging_head("task", num_labels=len(works.TAGS))
        model.train_adapter("task")
        model.active_adapters = Stack("language0", "task")
    return model.to(device)


@torch.no_grad()
def _evaluate(model: XLMRobertaAdapterModel, data: list[list], device: torch.device) -> int:
    model.eval()
    tokens = 0
    for target, sentences in enumerate(data):
        model.active_adapters = Stack(f"language{target}", "task")
        for start in range(0, len(sentences), EVALUATION_BATCH):
            batch = _padded(sentences[start : start + EVALUATION_BATCH])
            del batch["labels"]
            tokens += int(batch["attention_mask"].sum())
            model(**{key: value.to(device) for key, value in batch.items()}).logits.argmax(-1).cpu()
    return tokens


def _examples(work: Work) -> list[dict[str, Tensor]]:
    if work.name == "mlm":
        blocks, rng = works.blocks(works.ROUNDS * work.steps * work.batch, work.block), np.random.default_rng(0)
        found = []
        for ids in blocks:
            chosen = (rng.random(len(ids)) < works.MASKED) & (ids >= works.SPECIAL)
            inputs = np.where(chosen & (rng.random(len(ids)) < 0.8), works.MASK_ID, ids)
            found.append({"input_ids": inputs, "labels": np.where(chosen, ids, -100)})
        return found
    return [{"input_ids": ids, "labels": tags} for ids, tags in works.sentences(work.sentences)]


def _batches(examples: list[dict], work: Work) -> list[list[dict[str, Tensor]]]:
    """The batches of each round: of an epoch in random order, padded to their longest sequence."""
    order = np.random.default_rng(0).permutation(len(examples))
    starts = np.arange(works.ROUNDS * work.steps).reshape(works.ROUNDS, work.steps) * work.batch
    return [
        [_collate([examples[k] for k in order[start : start + work.batch]]) for start in of_round]
        for of_round in starts
    ]


def _collate(examples: list[dict]) -> dict[str, Tensor]:
    return _padded([(example["input_ids"], example["labels"]) for example in examples])


def _padded(sentences: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, Tensor]:
    longest = max(len(ids) for ids, _ in sentences)
    inputs = np.full((len(sentences), longest), works.SHAPES["pad_token_id"])
    labels, mask = np.full_like(inputs, -100), np.zeros_like(inputs)
    for row, (ids, tags) in enumerate(sentences):
        inputs[row, : len(ids)], labels[row, : len(ids)], mask[row, : len(ids)] = ids, tags, 1
    return {
        "input_ids": torch.from_numpy(inputs),
        "labels": torch.from_numpy(labels),
        "attention_mask": torch.from_numpy(mask),
    }


if __name__ == "__main__":
    serve({"loop": prepare_loop, "trainer": prepare_trainer}[sys.argv.pop(1)])
