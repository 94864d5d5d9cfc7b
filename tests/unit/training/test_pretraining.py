"""Bases that are made: a small XLM-R from text, and an MLM head for a base without one."""

import pytest
import torch

from madx.models.base import fetch_base, load_base, read_description
from madx.training.pretraining import make_base, train_mlm_head
from tests.unit.training.conftest import digests, tiny_model, tiny_study


@pytest.fixture
def blocks(text_folder):
    return {"qaa": text_folder / "blocks.bin", "qac": text_folder / "blocks.bin"}


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_made_base_is_complete_and_the_same_each_time(tmp_path, text_folder, blocks, machine, optimizer):
    sizes = {"layers": 1, "hidden_size": 16, "feed_forward_size": 24, "attention_heads": 2, "steps": 4, "batch_size": 4}
    settings = tiny_study().bases["miniature-base"].model_copy(update=sizes | {"optimizer": optimizer})
    for name in ("first", "second"):
        make_base(
            settings, "tiny", text_folder / "tokenizer", blocks, 16, tmp_path / name, tmp_path / "checkpoints", machine
        )
    assert {"base.json", "metrics.jsonl", "model/config.json", "model/model.safetensors"} <= digests(
        tmp_path / "first"
    ).keys()
    assert not (tmp_path / "checkpoints").exists()
    description = read_description(tmp_path / "first")
    assert (description["layers"], description["hidden_size"], description["origin"]["languages"]) == (
        1,
        16,
        ["qaa", "qac"],
    )
    assert description["fingerprint"] == read_description(tmp_path / "second")["fingerprint"]


def test_head_is_trained_on_a_frozen_body(tmp_path, text_folder, blocks, machine):
    tiny_model().roberta.save_pretrained(tmp_path / "body")
    fetch_base(str(tmp_path / "body"), None, tmp_path / "headless", "tiny", head_expected=False)
    settings = tiny_study().adaptation.model_copy(update={"batch_size": 4})
    before = digests(tmp_path / "headless")
    train_mlm_head(
        settings,
        5,
        "tiny",
        tmp_path / "headless",
        text_folder / "tokenizer",
        blocks,
        tmp_path / "base",
        tmp_path / "checkpoints",
        machine,
    )
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
