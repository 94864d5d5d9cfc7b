"""The tokenizer of a base that is made here: the same bytes each time, every character known."""

import pytest
from transformers import AutoTokenizer

from madx.models.tokenizer import train_tokenizer

TEXTS = {
    "eng": "The cat sat on the mat near the old harbour.\nA dog barked at night.\n",
    "yor": "Kò sí ẹ̀rí pé ọ̀rọ̀ náà jẹ́ òtítọ́.\nÓ wí pé kò sí.\n",
}


@pytest.fixture
def texts(tmp_path):
    paths = []
    for code, text in TEXTS.items():
        paths.append(tmp_path / f"{code}.txt")
        paths[-1].write_text(text * 20, encoding="utf-8")
    return paths


def test_equal_texts_give_equal_bytes(tmp_path, texts):
    for name in "abc":
        train_tokenizer(texts, 90, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert "tokenizer.json" in files
    for name in files:
        assert len({(tmp_path / run / name).read_bytes() for run in "abc"}) == 1, name


def test_special_tokens_stand_where_xlmr_has_them(tmp_path, texts):
    train_tokenizer(texts, 90, tmp_path / "made")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "made")
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["<s>", "<pad>", "</s>", "<unk>"]
    assert tokenizer.mask_token_id == len(tokenizer) - 1
    assert len(tokenizer) <= 90
    assert tokenizer("the cat")["input_ids"][0] == 0
    assert tokenizer("the cat")["input_ids"][-1] == 2


def test_every_character_of_the_texts_is_known(tmp_path, texts):
    train_tokenizer(texts, 90, tmp_path / "made")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "made")
    for text in TEXTS.values():
        for line in text.splitlines():
            ids = tokenizer(line, add_special_tokens=False)["input_ids"]
            assert tokenizer.unk_token_id not in ids
            assert tokenizer.decode(ids) == line


def test_only_the_first_characters_of_each_text_are_read(tmp_path, texts):
    longer = tmp_path / "longer.txt"
    longer.write_text(texts[0].read_text() + "Ж" * 50 + "\n", encoding="utf-8")
    limit = len(texts[0].read_text())
    train_tokenizer([texts[0]], 60, tmp_path / "short", characters_per_text=limit)
    train_tokenizer([longer], 60, tmp_path / "long", characters_per_text=limit)
    assert (tmp_path / "short/tokenizer.json").read_bytes() == (tmp_path / "long/tokenizer.json").read_bytes()
