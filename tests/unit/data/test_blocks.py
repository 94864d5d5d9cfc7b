"""Packed blocks hold the token stream, whole and in order."""

import json
import logging
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from madx.data.blocks import Blocks, pack_blocks
from madx.data.errors import DataError
from tests.unit.data.conftest import SENTENCES

KINDS = ["unigram", "byte-level", "wordpiece"]


def pack(folder, tokenizer, documents, block_length=8, max_tokens=None, held_out=2) -> Blocks:
    (folder / "aa.txt").write_text("".join(f"{d}\n" for d in documents), encoding="utf-8")
    pack_blocks(folder / "aa.txt", tokenizer, folder / "aa.bin", folder / "aa.json", block_length, max_tokens, held_out)
    return Blocks.open(folder / "aa.bin")


def stream_of(tokenizer, documents) -> list[int]:
    stream = []
    for number, document in enumerate(documents):
        pieces = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(document))
        stream += ([tokenizer.sep_token_id] if number else []) + pieces
    return stream


def unpacked(blocks: Blocks) -> list[int]:
    return np.concatenate([blocks.train, blocks.held_out])[:, 1:-1].reshape(-1).tolist()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), block_length=st.integers(3, 12), batch=st.sampled_from([1, 30, 500_000]))
def test_blocks_contain_the_token_stream(tokenizer_folders, tmp_path, kind, data, block_length, batch):
    documents = data.draw(st.lists(st.sampled_from([*SENTENCES, "cat", "\u4e2d x"]), min_size=8, max_size=15))
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folders[kind])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("madx.data.blocks.BATCH", batch)
        blocks = pack(tmp_path, tokenizer_folders[kind], documents, block_length)
    stream = stream_of(tokenizer, documents)
    complete = len(stream) // (block_length - 2)
    assert unpacked(blocks) == stream[: complete * (block_length - 2)]
    assert blocks.description["tokens"] == len(stream)
    for part in (blocks.train, blocks.held_out):
        assert part.shape[1] == block_length
        assert set(part[:, 0]) == {tokenizer.cls_token_id}
        assert set(part[:, -1]) == {tokenizer.sep_token_id}
    assert len(blocks.held_out) == min(2, max(1, complete // 5))


@pytest.mark.parametrize("limit", [20, 21, 40])
@pytest.mark.parametrize("batch", [1, 500_000])
def test_max_tokens_takes_the_start_of_the_stream(tokenizer_folders, tmp_path, monkeypatch, limit, batch):
    monkeypatch.setattr("madx.data.blocks.BATCH", batch)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folders["unigram"])
    blocks = pack(tmp_path, tokenizer_folders["unigram"], SENTENCES * 3, block_length=5, max_tokens=limit)
    assert blocks.description["tokens"] == limit
    assert unpacked(blocks) == stream_of(tokenizer, SENTENCES)[: limit // 3 * 3]


def test_description_counts_words_and_unknown_pieces(tokenizer_folders, tmp_path):
    description = pack(tmp_path, tokenizer_folders["wordpiece"], ["cat \u4e2d", "cat \u4e2d"] * 10).description
    assert (description["documents"], description["words"], description["dtype"]) == (20, 40, "<u2")
    assert description["unknown_rate"] == 0.5
    assert description["subwords_per_word"] == 1.0
    assert description["tokens"] == 40 + 19


def test_large_vocabularies_need_int32(tokenizer_folders, tmp_path):
    words = ["<unk>", "<s>", "</s>", *(f"token{number}" for number in range(66_000))]
    model = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    model.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=model, unk_token="<unk>", cls_token="<s>", sep_token="</s>"
    ).save_pretrained(tmp_path / "large")
    blocks = pack(tmp_path, tmp_path / "large", ["token65999 token65998 token65997"] * 5, block_length=4)
    assert blocks.train.dtype == np.dtype("<i4")
    assert blocks.train.max() > 65_535


@pytest.mark.parametrize("kind", ["byte-level", "wordpiece"])
def test_text_that_spells_a_special_token_is_text(tokenizer_folders, tmp_path, kind):
    blocks = pack(tmp_path, tokenizer_folders[kind], ["a <s> <mask> [MASK] </s> [SEP]"] * 6, block_length=6)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folders[kind])
    separators = 5
    assert unpacked(blocks).count(tokenizer.mask_token_id) == 0
    assert unpacked(blocks).count(tokenizer.cls_token_id) == 0
    assert unpacked(blocks).count(tokenizer.sep_token_id) <= separators


def test_long_documents_give_no_warning(tokenizer_folders, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        pack(tmp_path, tokenizer_folders["wordpiece"], ["cat sat " * 2000])
    assert not caplog.records


@pytest.mark.parametrize("documents", [[], ["cat"]])
def test_too_little_text_names_the_file_and_leaves_nothing(tokenizer_folders, tmp_path, documents):
    with pytest.raises(DataError, match=r"aa\.txt: .* two are needed"):
        pack(tmp_path, tokenizer_folders["wordpiece"], documents)
    assert [path.name for path in tmp_path.iterdir()] == ["aa.txt"]


def test_equal_inputs_give_equal_bytes(tokenizer_folders, tmp_path):
    contents = []
    for _ in range(2):
        pack(tmp_path, tokenizer_folders["unigram"], SENTENCES)
        contents.append(((tmp_path / "aa.bin").read_bytes(), (tmp_path / "aa.json").read_bytes()))
    assert contents[0] == contents[1]


def test_a_file_of_another_size_is_refused(tokenizer_folders, tmp_path):
    pack(tmp_path, tokenizer_folders["unigram"], SENTENCES)
    description = json.loads((tmp_path / "aa.json").read_text())
    (tmp_path / "aa.bin").write_bytes((tmp_path / "aa.bin").read_bytes()[:-2])
    with pytest.raises(DataError, match=f"description says {description['blocks'] * 16}"):
        Blocks.open(tmp_path / "aa.bin")
    (tmp_path / "aa.json").unlink()
    with pytest.raises(DataError, match=r"aa\.json: missing"):
        Blocks.open(tmp_path / "aa.bin")


def test_a_folder_without_tokenizer_is_named(tmp_path):
    with pytest.raises(DataError, match=r"tokenizer\.json: missing"):
        pack(tmp_path, tmp_path, ["text"])


@pytest.mark.parametrize("module", ["blocks", "windows"])
def test_reading_imports_numpy_alone(module):
    code = (
        f"import sys, madx.data.{module}; "
        "print({'transformers', 'tokenizers', 'datasets', 'pyarrow', 'pandas', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
