"""A tiny base on disk and windows in memory, made at random."""

import numpy as np
import pytest
import torch
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from madx.data.windows import Windows
from madx.models.base import save_base
from madx.training.compute import Machine

VOCABULARY, HIDDEN, LAYERS = 60, 16, 2
TAGS = np.array(["O", "B-PER", "I-PER"])


def tiny_model(dropout: float = 0.0) -> XLMRobertaForMaskedLM:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return XLMRobertaForMaskedLM(
            XLMRobertaConfig(
                vocab_size=VOCABULARY,
                hidden_size=HIDDEN,
                num_hidden_layers=LAYERS,
                num_attention_heads=2,
                intermediate_size=32,
                max_position_embeddings=40,
                type_vocab_size=1,
                hidden_dropout_prob=dropout,
                attention_probs_dropout_prob=dropout,
            )
        ).eval()


def random_windows(sentences: int, seed: int = 0) -> Windows:
    """One window a sentence; each word is one sub-word, and its tag depends on the sub-word, so it can be learned."""
    rng = np.random.default_rng(seed)
    input_ids, words, gold, offsets, gold_offsets = [], [], [], [0], [0]
    for _ in range(sentences):
        pieces = rng.integers(5, 20, size=int(rng.integers(2, 12)))
        input_ids += [0, *pieces, 2]
        words += [-1, *range(len(pieces)), -1]
        gold += [int(piece % 5 == 0) for piece in pieces]
        offsets.append(len(input_ids))
        gold_offsets.append(len(gold))
    return Windows(
        input_ids=np.array(input_ids, dtype=np.int32),
        offsets=np.array(offsets),
        words=np.array(words, dtype=np.int32),
        sentences=np.arange(sentences, dtype=np.int32),
        gold=np.array(gold, dtype=np.int16),
        gold_offsets=np.array(gold_offsets),
        tags=TAGS,
    )


@pytest.fixture
def machine() -> Machine:
    return Machine(torch.device("cpu"), torch.float32)


@pytest.fixture
def base_folder(tmp_path):
    save_base(tiny_model(dropout=0.1), tmp_path / "base", "tiny", {"made": "in a test"})
    return tmp_path / "base"
