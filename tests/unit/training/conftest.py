"""A tiny base on disk, with windows and blocks of tokens, made at random."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from madx.config import SPLITS, Study, load_study
from madx.data.blocks import pack_blocks
from madx.data.windows import ARRAYS, Windows
from madx.files import file_digest
from madx.models.base import save_base
from madx.models.tokenizer import train_tokenizer
from madx.training.compute import Machine

ROOT = Path(__file__).parents[3]
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


def save_windows(path: Path, sentences: int, seed: int) -> None:
    """A file as tokenize_ner writes it, with random windows in its three splits."""
    arrays = {"tags": TAGS}
    for number, split in enumerate(SPLITS):
        windows = random_windows(sentences, seed=10 * seed + number)
        arrays |= {f"{split}_{name}": getattr(windows, name) for name in ARRAYS}
    np.savez(path, **arrays)


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder, with the digest of its bytes."""
    return {str(p.relative_to(folder)): file_digest(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def tiny_study() -> Study:
    """Settings of config/tiny.yaml, for their types: tests set the numbers that they depend on."""
    return load_study(ROOT / "config/tiny.yaml", {"languages_table": str(ROOT / "config/languages.tsv")})


@pytest.fixture
def machine() -> Machine:
    return Machine(torch.device("cpu"), torch.float32)


@pytest.fixture
def base_folder(tmp_path):
    save_base(tiny_model(dropout=0.1), tmp_path / "base", "tiny", {"made": "in a test"})
    return tmp_path / "base"


@pytest.fixture(scope="session")
def text_folder(tmp_path_factory) -> Path:
    """A tokenizer, and the blocks of one language packed with it: tokenizer/, blocks.bin, blocks.json."""
    folder = tmp_path_factory.mktemp("text")
    words = np.random.default_rng(0).choice(["kala", "mi", "toko", "ela", "suno", "pi"], size=(120, 8))
    text = folder / "text.txt"
    text.write_text("".join(" ".join(line) + "\n" for line in words), encoding="utf-8")
    train_tokenizer([text], VOCABULARY - 20, folder / "tokenizer")
    pack_blocks(
        text,
        folder / "tokenizer",
        folder / "blocks.bin",
        folder / "blocks.json",
        16,
        max_tokens=None,
        held_out_blocks=8,
    )
    return folder
