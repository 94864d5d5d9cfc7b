"""Bases that are made: a small XLM-R from text, and an MLM head for a base without one."""

import json

import numpy as np
import pytest
import torch

from madx.config import AdaptationRates
from madx.data.blocks import Blocks
from madx.models.base import fetch_base, load_base, read_description
from madx.training import pretraining
from madx.training.pretraining import make_base, train_mlm_head
from tests.unit.training.conftest import digests, save_blocks, tiny_model, tiny_study


@pytest.fixture
def blocks(text_folder, tmp_path):
    """Two languages of about the same size, without a common row."""
    rows = np.random.default_rng(1).integers(6, 17, size=(len(Blocks.open(text_folder / "blocks.bin").train), 16))
    rows[:, 0], rows[:, -1] = 0, 2
    save_blocks(tmp_path / "other.bin", rows, held_out=5)
    return {"qaa": text_folder / "blocks.bin", "qac": tmp_path / "other.bin"}


@pytest.fixture
def make(tmp_path, text_folder, blocks, machine):
    """make(name, machine) -> folder of a base that is made; keywords change the settings."""
    sizes = {"layers": 1, "hidden_size": 16, "feed_forward_size": 24, "attention_heads": 2, "steps": 4, "batch_size": 4}

    def run(name="base", on=machine, **changes):
        settings = tiny_study().bases["miniature-base"].model_copy(update=sizes | changes)
        files = tmp_path / name, tmp_path / "checkpoints"
        make_base(settings, "tiny", text_folder / "tokenizer", blocks, 16, *files, on)
        return tmp_path / name

    return run


@pytest.fixture
def train_head(tmp_path, text_folder, blocks, machine):
    """train_head() -> folder of a base whose head is trained for 5 steps; keywords change the settings."""
    tiny_model().roberta.save_pretrained(tmp_path / "body")
    fetch_base(str(tmp_path / "body"), None, tmp_path / "headless", "tiny", head_expected=False)

    def run(**changes):
        settings = tiny_study().adaptation.model_copy(update={"batch_size": 4} | changes)
        files = tmp_path / "headless", text_folder / "tokenizer", blocks, tmp_path / "base", tmp_path / "checkpoints"
        train_mlm_head(settings, 5, "tiny", *files, machine)
        return tmp_path / "base"

    return run


def has_read_every_language(rows, blocks) -> None:
    """Steps and measurements read the text of every language, and what is held out is measured alone."""
    opened = [Blocks.open(path) for path in blocks.values()]
    train, held_out = (
        [{tuple(row) for row in getattr(part, name).tolist()} for part in opened] for name in ("train", "held_out")
    )
    assert all(language & set(rows.trained) for language in train)
    assert set(rows.trained) <= set.union(*train)
    assert set(rows.measured) == set.union(*held_out)
    assert not set(rows.trained) & set(rows.measured)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_made_base_is_complete_and_the_same_each_time(tmp_path, make, optimizer):
    for name in ("first", "second"):
        make(name, optimizer=optimizer)
    assert {"base.json", "metrics.jsonl", "model/config.json", "model/model.safetensors"} <= digests(
        tmp_path / "first"
    ).keys()
    assert not (tmp_path / "checkpoints").exists()
    description = read_description(tmp_path / "first")
    assert description["provenance"]["machine"]["precision"] == "float32"
    assert (description["layers"], description["hidden_size"], description["origin"]["languages"]) == (
        1,
        16,
        ["qaa", "qac"],
    )
    assert description["fingerprint"] == read_description(tmp_path / "second")["fingerprint"]


def test_made_base_learns_from_every_language(make, blocks, mlm_rows):
    make()
    has_read_every_language(mlm_rows, blocks)


def test_dropout_is_for_later_training(make):
    """A base's dropout stands in its configuration; pretraining itself runs without."""
    without, with_dropout = make("without", dropout=0.0), make("with", dropout=0.5)
    assert json.loads((with_dropout / "model/config.json").read_text(encoding="utf-8"))["hidden_dropout_prob"] == 0.5
    assert read_description(without)["fingerprint"] == read_description(with_dropout)["fingerprint"]


@pytest.mark.parametrize(
    ("optimizer", "rates"), [("adamw", [(4e-3, 0.01)]), ("muon", [(2e-2, 0.01), (4e-3, 0.01)])], ids=["adamw", "muon"]
)
def test_made_base_trains_as_configured(make, handed_to_loop, optimizer, rates):
    handed = handed_to_loop(pretraining)
    make(optimizer=optimizer, learning_rate=4e-3, muon_learning_rate=2e-2, warmup_fraction=0.4)
    (training,) = handed
    assert [(rate, decay) for rate, decay, _ in training.groups] == rates
    names = [name for _, _, group in training.groups for name in group]
    assert sorted(names) == sorted(training.phase.trainable)  # every weight, once
    if optimizer == "muon":
        assert all(".layer." in name and name.endswith("weight") for name in training.groups[0][2])
    assert (training.settings.steps, training.settings.warmup_fraction) == (4, 0.4)


def test_made_base_keeps_float32_weights_and_computes_in_bfloat16(make, bfloat16_machine):
    exact, fast = make("exact"), make("fast", on=bfloat16_machine)
    assert read_description(exact)["fingerprint"] != read_description(fast)["fingerprint"]
    assert {p.dtype for p in load_base(fast / "model").parameters()} == {torch.float32}


def test_head_learns_from_every_language(train_head, blocks, mlm_rows):
    train_head()
    has_read_every_language(mlm_rows, blocks)


def test_head_trains_as_configured(train_head, handed_to_loop):
    handed = handed_to_loop(pretraining)
    rates = AdaptationRates(adapter=3e-3, full=7e-4)
    train_head(learning_rate=rates, weight_decay=0.07, warmup_fraction=0.4, max_gradient_norm=0.9)
    (training,) = handed
    assert training.groups == [(3e-3, 0.07, set(training.phase.trainable))]
    settings = training.settings
    assert (settings.steps, settings.warmup_fraction, settings.max_gradient_norm) == (5, 0.4, 0.9)


def test_head_is_trained_on_a_frozen_body(tmp_path, train_head):
    before = digests(tmp_path / "headless")
    train_head()
    assert digests(tmp_path / "headless") == before
    old, new = (load_base(tmp_path / name / "model").state_dict() for name in ("headless", "base"))
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert all(
        torch.equal(new[name], tensor) for name, tensor in tiny_model().state_dict().items() if "lm_head" not in name
    )
    assert changed
    assert all(name.startswith("lm_head.") for name in changed)
    assert "lm_head.decoder.weight" not in changed  # the embeddings, which the head shares
    assert read_description(tmp_path / "base")["origin"]["mlm_head"] == "trained"
