"""A tiny base on disk, with windows and blocks of tokens, made at random."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from madx.config import Study, load_study
from madx.data import SPLITS
from madx.data.blocks import pack_blocks
from madx.data.sequences import save_sequences
from madx.data.windows import Windows
from madx.files import file_digest, write_json
from madx.models.base import save_base
from madx.models.tokenizer import train_tokenizer
from madx.training import mlm
from madx.training.compute import Machine
from madx.training.loop import LoopSettings

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
    return Windows.of(
        input_ids=input_ids,
        offsets=offsets,
        words=words,
        sentences=np.arange(sentences),
        gold=gold,
        gold_offsets=gold_offsets,
        tags=TAGS,
    )


def save_windows(path: Path, sentences: int, seed: int) -> None:
    """A file as tokenize_labelled writes it, with random windows in three splits."""
    splits = enumerate(SPLITS)
    save_sequences(path, {split: random_windows(sentences, seed=10 * seed + number) for number, split in splits})


def save_blocks(bin_path: Path, rows: np.ndarray, held_out: int) -> None:
    """Files as pack_blocks writes them, of these rows of token ids; the last held_out are kept apart."""
    bin_path.write_bytes(rows.astype("<u2").tobytes())
    description = {"blocks": len(rows), "held_out": held_out, "block_length": rows.shape[1], "dtype": "<u2"}
    write_json(bin_path.with_suffix(".json"), description)


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
def bfloat16_machine() -> Machine:
    return Machine(torch.device("cpu"), torch.bfloat16)


@dataclass
class Handed:
    """What a training hands to the loop; groups: learning rate, weight decay and parameter names of each."""

    phase: object
    settings: LoopSettings
    groups: list[tuple[float, float, set[str]]]


@pytest.fixture
def handed_to_loop(monkeypatch):
    """handed_to_loop(module) -> list to which each training of that module adds what it hands to the loop."""

    def watch(module) -> list[Handed]:
        handed, optimize = [], module.optimize

        def recording(phase, optimizers, settings, **options):
            names = {parameter: name for name, parameter in phase.trainable.items()}
            groups = [group for optimizer in optimizers for group in optimizer.param_groups]
            rates = [(g["lr"], g["weight_decay"], {names[p] for p in g["params"]}) for g in groups]
            handed.append(Handed(phase, settings, rates))
            return optimize(phase, optimizers, settings, **options)

        monkeypatch.setattr(module, "optimize", recording)
        return handed

    return watch


@dataclass
class MlmRows:
    """Rows of token ids in the order of their use: in steps, and in measurements (which have no gradients)."""

    trained: list[tuple[int, ...]]
    measured: list[tuple[int, ...]]


@pytest.fixture
def mlm_rows(monkeypatch) -> MlmRows:
    """The rows that masked language modelling reads from here on."""
    rows, mask_blocks = MlmRows([], []), mlm.mask_blocks

    def recording(blocks, *arguments):
        (rows.trained if torch.is_grad_enabled() else rows.measured).extend(map(tuple, blocks.tolist()))
        return mask_blocks(blocks, *arguments)

    monkeypatch.setattr(mlm, "mask_blocks", recording)
    return rows


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
