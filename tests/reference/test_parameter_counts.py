"""Parameters at the size of XLM-R base: ours, the peer's and table 4 of the paper are the same numbers."""

from __future__ import annotations

import json

import pytest
import torch
from transformers import XLMRobertaConfig, XLMRobertaModel

from madx.adapters import AdapterShape, count_parameters

pytestmark = pytest.mark.reference

LAYERS = {"layers": 12, "hidden_size": 768}
LANGUAGE = AdapterShape(**LAYERS, bottleneck_size=384)
LANGUAGE_WITH_INVERTIBLE = AdapterShape(**LAYERS, bottleneck_size=384, invertible_bottleneck_size=192)
TASK = AdapterShape(**LAYERS, bottleneck_size=48)


@pytest.fixture(scope="module")
def peer_counts(peer_results) -> dict[str, int]:
    return json.loads((peer_results / "counts.json").read_text())


@pytest.mark.parametrize(
    ("biases", "language", "invertible", "task", "together"),
    [(False, 7_077_888, 294_912, 884_736, 8_257_536), (True, 7_091_712, 296_064, 894_528, 8_282_304)],
)
def test_adapters_have_the_peers_and_the_papers_parameters(
    peer_counts, biases: bool, language: int, invertible: int, task: int, together: int
) -> None:
    with_invertible = count_parameters(LANGUAGE_WITH_INVERTIBLE, biases)
    ours = {
        "language": count_parameters(LANGUAGE, biases),
        "invertible": with_invertible - count_parameters(LANGUAGE, biases),
        "task": count_parameters(TASK, biases),
    }
    assert ours == {"language": language, "invertible": invertible, "task": task}
    assert ours == {part: peer_counts[f"{part} with biases" if biases else part] for part in ours}
    assert sum(ours.values()) == with_invertible + ours["task"] == together


def test_base_has_the_peers_parameters(peer_counts) -> None:
    """XLM-R base: embeddings and layers, without pooler and MLM head (whose output embedding is tied)."""
    config = XLMRobertaConfig(vocab_size=250_002, max_position_embeddings=514, type_vocab_size=1)
    with torch.device("meta"):
        base = XLMRobertaModel(config, add_pooling_layer=False)
    assert sum(p.numel() for p in base.parameters()) == peer_counts["base"] == 277_453_056
