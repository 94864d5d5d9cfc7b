"""The work that both sides do, at the shapes of XLM-R base with random weights: needs numpy alone.

Texts, lengths and batches are drawn from fixed seeds, so that both sides see the same tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

SHAPES = {
    "vocab_size": 250_002,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
MASK_ID = 250_001
SPECIAL = 4  # ids 0 to 3 (and the mask)
LANGUAGE_REDUCTION, INVERTIBLE_REDUCTION, TASK_REDUCTION = 2, 2, 16
TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
MASKED = 0.15
DEVIATION = 0.55  # of the logarithm of sentence lengths: batches of 16 in random order are then 57 % padding


@dataclass(frozen=True)
class Work:
    """What is timed in one run.

    title: for people. opponents: ways in which the peer does it. steps: of MLM, each `batch` blocks of `block` tokens;
    of task training, each `batch` of the `sentences` that a source has, for every seed (the peer: for one); products
    of square matrices of each of `sizes`. sentences: of a source, or of the test data of each of `targets` languages.
    seeds: task adapters.
    """

    name: str
    title: str = ""
    opponents: tuple[str, ...] = ("loop",)
    steps: int = 0
    batch: int = 16
    block: int = 128
    sentences: int = 0
    targets: int = 0
    seeds: int = 5
    sizes: tuple[int, ...] = ()


LIMIT = "limit"
ROUNDS = 8  # that have data of their own; then they come again
CPU = {
    LIMIT: Work(LIMIT, steps=2, sizes=(2048, 3072)),
    "mlm": Work("mlm", "MLM adaptation", ("loop", "trainer"), steps=3, batch=8),
    "ner": Work("ner", "NER task adapters, five seeds", ("loop", "trainer"), steps=8, sentences=20_000),
    "fine-tuning": Work("fine-tuning", "NER, whole model, one seed", steps=6, sentences=20_000, seeds=1),
    "evaluation": Work("evaluation", "Evaluation, 5 seeds × 16 targets", sentences=48, targets=16),
}
WORKS = tuple(name for name in CPU if name != LIMIT)
GPU = {
    LIMIT: Work(LIMIT, steps=50, sizes=(4096, 8192)),
    "mlm": replace(CPU["mlm"], steps=20, batch=64),
    "ner": replace(CPU["ner"], steps=100),
    "fine-tuning": replace(CPU["fine-tuning"], steps=100),
    "evaluation": replace(CPU["evaluation"], sentences=500),
}


def work_on(device: str, name: str) -> Work:
    """The work of this name in the size for `cpu` or `cuda`."""
    return (GPU if device == "cuda" else CPU)[name]


def blocks(count: int, length: int) -> np.ndarray:
    """(count, length) token ids, each block between <s> and </s>."""
    found = np.random.default_rng(1).integers(SPECIAL, MASK_ID, (count, length))
    found[:, 0], found[:, -1] = SHAPES["bos_token_id"], SHAPES["eos_token_id"]
    return found


def sentence_lengths(count: int, seed: int = 0) -> np.ndarray:
    """(count,) sub-words, <s> and </s> included: mean 21 as WikiANN's, log-normal."""
    drawn = np.random.default_rng([2, seed]).normal(size=count)
    return np.clip(np.round(21 * np.exp(DEVIATION * drawn - DEVIATION**2 / 2)), 4, 128).astype(int)


def sentences(count: int, seed: int = 0, vocabulary: int = MASK_ID) -> list[tuple[np.ndarray, np.ndarray]]:
    """Token ids and tag ids of each sentence; two thirds of the sub-words begin a word, the others have tag -100."""
    rng = np.random.default_rng([3, seed])
    found = []
    for length in sentence_lengths(count, seed):
        ids = rng.integers(SPECIAL, vocabulary, length)
        ids[0], ids[-1] = SHAPES["bos_token_id"], SHAPES["eos_token_id"]
        tags = np.where(rng.random(length) < 2 / 3, rng.integers(0, len(TAGS), length), -100)
        tags[[0, -1]], tags[1] = -100, 0
        found.append((ids, tags))
    return found


def test_data(work: Work) -> list[list[list[tuple[np.ndarray, np.ndarray]]]]:
    """The sentences of each round and target."""
    seeds = np.arange(ROUNDS * work.targets).reshape(ROUNDS, work.targets)
    return [[sentences(work.sentences, int(seed)) for seed in of_round] for of_round in seeds]
