"""Bases on disk: what is fetched and loaded, and what is refused with which line."""

import json

import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel

from madx.files import file_digest
from madx.models.base import BaseError, fetch_base, fetch_tokenizer, load_base, read_description, save_base
from madx.models.tokenizer import train_tokenizer
from tests.unit.adapters.tiny import MODEL_TYPES, tiny_base


@pytest.fixture
def pretrained(tmp_path):
    """A folder as people have them: config.json and model.safetensors, with an MLM head."""
    tiny_base().save_pretrained(tmp_path / "pretrained")
    return tmp_path / "pretrained"


def refused(pretrained, target, *parts: str, head_expected: bool = True) -> None:
    """Fetching is an error of one line with each of the parts, and leaves nothing behind."""
    with pytest.raises(BaseError) as error:
        fetch_base(str(pretrained), None, target, "tiny", head_expected)
    assert "\n" not in str(error.value)
    for part in (str(pretrained), *parts):
        assert part in str(error.value)
    assert not target.exists()


# ---------------------------------------------------------------- what comes back


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_weights_come_back_bit_identical(tmp_path, model_type):
    model = tiny_base(model_type)
    save_base(model, tmp_path, "tiny", {"made": "here"})
    loaded = load_base(tmp_path / "model")
    assert not loaded.training
    wanted = model.state_dict()
    assert loaded.state_dict().keys() == wanted.keys()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in loaded.state_dict().items())


def test_description_tells_what_the_base_is(tmp_path):
    model = tiny_base()
    save_base(model, tmp_path, "tiny", {"made": "here"})
    description = read_description(tmp_path)
    assert (description["name"], description["origin"]) == ("tiny", {"made": "here"})
    assert description["fingerprint"] == file_digest(tmp_path / "model/model.safetensors")
    assert description["parameters"] == sum(p.numel() for p in model.parameters())
    assert description["body_parameters"] == sum(p.numel() for p in model.roberta.parameters())
    assert (description["layers"], description["hidden_size"]) == (3, 16)


def test_fetched_base_equals_the_folder(tmp_path, pretrained):
    before = file_digest(pretrained / "model.safetensors")
    fetch_base(str(pretrained), None, tmp_path / "base", "tiny", head_expected=True)
    wanted = load_base(pretrained).state_dict()
    fetched = load_base(tmp_path / "base/model").state_dict()
    assert all(torch.equal(tensor, fetched[name]) for name, tensor in wanted.items())
    assert read_description(tmp_path / "base")["origin"]["path"] == str(pretrained)
    assert file_digest(pretrained / "model.safetensors") == before


def test_base_can_be_loaded_in_bfloat16(pretrained):
    assert {p.dtype for p in load_base(pretrained, torch.bfloat16).parameters()} == {torch.bfloat16}


# ---------------------------------------------------------------- what is refused


def test_folder_without_weights(tmp_path, pretrained):
    (pretrained / "model.safetensors").unlink()
    refused(pretrained, tmp_path / "base", "the folder must hold config.json and model.safetensors")


def test_pickled_weights_are_not_taken(tmp_path, pretrained):
    (pretrained / "model.safetensors").unlink()
    torch.save(tiny_base().state_dict(), pretrained / "pytorch_model.bin")
    refused(pretrained, tmp_path / "base", "model.safetensors")


def test_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", tmp_path / "base", "the folder must hold config.json and model.safetensors")


@pytest.mark.parametrize("content", [b"", b"not safetensors at all"])
def test_damaged_weights(tmp_path, pretrained, content):
    (pretrained / "model.safetensors").write_bytes(content)
    refused(pretrained, tmp_path / "base", "cannot be loaded")


def test_truncated_weights(tmp_path, pretrained):
    content = (pretrained / "model.safetensors").read_bytes()
    (pretrained / "model.safetensors").write_bytes(content[:-50])
    refused(pretrained, tmp_path / "base", "cannot be loaded")


def test_missing_weights_of_the_body_are_named(tmp_path, pretrained):
    tensors = load_file(pretrained / "model.safetensors")
    del tensors["roberta.encoder.layer.1.output.dense.weight"]
    save_file(tensors, pretrained / "model.safetensors", metadata={"format": "pt"})
    refused(pretrained, tmp_path / "base", "weights are missing: roberta.encoder.layer.1.output.dense.weight")


def test_weights_of_another_size(tmp_path, pretrained):
    config = json.loads((pretrained / "config.json").read_text())
    (pretrained / "config.json").write_text(json.dumps(config | {"intermediate_size": 48}))
    refused(pretrained, tmp_path / "base", "cannot be loaded")


def test_unsupported_architecture_names_the_supported_ones(tmp_path):
    config = AutoConfig.for_model("distilbert", dim=16, hidden_dim=16, n_layers=1, n_heads=2, vocab_size=20)
    AutoModel.from_config(config).save_pretrained(tmp_path / "other")
    refused(
        tmp_path / "other", tmp_path / "base", "'distilbert' are not supported; supported: xlm-roberta, roberta, bert"
    )


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_base_without_mlm_head_is_taken_only_where_none_is_expected(tmp_path, model_type):
    model = tiny_base(model_type)
    getattr(model, "bert" if model_type == "bert" else "roberta").save_pretrained(tmp_path / "body")
    refused(tmp_path / "body", tmp_path / "base", "has no MLM head", "set mlm_head: train")
    fetch_base(str(tmp_path / "body"), None, tmp_path / "base", "tiny", head_expected=False)
    assert read_description(tmp_path / "base")["architecture"] == model_type


def test_hub_id_without_network_says_what_to_download(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    remedy = "download it where there is a network (hf download nobody/no-such-base) and give the folder"
    refused("nobody/no-such-base", tmp_path / "base", remedy)


# ---------------------------------------------------------------- tokenizers


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_folder_without_tokenizer(tmp_path, model_type):
    tiny_base(model_type).save_pretrained(tmp_path / "pretrained")
    with pytest.raises(BaseError, match=r"no tokenizer there; tokenizer\.json is needed") as error:
        fetch_tokenizer(str(tmp_path / "pretrained"), None, tmp_path / "tokenizer")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "tokenizer").exists()


def test_tokenizer_comes_back(tmp_path):
    (tmp_path / "text.txt").write_text("the cat sat on the mat\n" * 20, encoding="utf-8")
    train_tokenizer([tmp_path / "text.txt"], 40, tmp_path / "made")
    fetch_tokenizer(str(tmp_path / "made"), None, tmp_path / "fetched")
    made, fetched = (json.loads((tmp_path / name / "tokenizer.json").read_text()) for name in ("made", "fetched"))
    assert made["model"] == fetched["model"]
