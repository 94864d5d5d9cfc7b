"""Windows of labelled sentences lose no word and no label."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madx.data.errors import DataError
from madx.data.labelled import prepare_labelled, tokenize_labelled
from madx.data.sequences import load_sequences
from madx.data.tokenization import open_word_tokenizer
from madx.data.windows import Windows, make_windows, tag_names

KINDS = ["unigram", "byte-level", "wordpiece"]
TAGS = tag_names(["PER", "LOC"])
WORD = st.one_of(
    st.sampled_from(["cat", "Kampala", "ẹ̀rí", "\u0301", "\ufe0f", "", "<s>", "[MASK]", "中文", "a b", "x" * 30, " "]),
    st.text(min_size=1, max_size=12),
)


@pytest.fixture(scope="module")
def tokenizers(tokenizer_folders):
    return {kind: open_word_tokenizer(tokenizer_folders[kind]) for kind in KINDS}


def test_tags_start_with_o():
    assert TAGS == ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_windows_hold_every_word_exactly_once(tokenizers, kind, data):
    tokenizer = tokenizers[kind]
    sentences = data.draw(st.lists(st.lists(WORD, min_size=1, max_size=12), min_size=1, max_size=4))
    max_length = data.draw(st.integers(8, 20))
    tag_ids = [[data.draw(st.integers(0, 4)) for _ in sentence] for sentence in sentences]
    windows = make_windows(tokenizer, sentences, tag_ids, max_length, TAGS)

    assert windows.offsets[0] == 0 and windows.offsets[-1] == len(windows.input_ids) == len(windows.words)
    lengths = np.diff(windows.offsets)
    assert lengths.max() <= max_length and lengths.min() >= 3
    assert (windows.input_ids[windows.offsets[:-1]] == tokenizer.cls_token_id).all()
    assert (windows.input_ids[windows.offsets[1:] - 1] == tokenizer.sep_token_id).all()
    assert (np.diff(windows.sentences) >= 0).all()

    words_of = [[] for _ in sentences]
    for number, sentence in enumerate(windows.sentences):
        words = windows.words[windows.offsets[number] : windows.offsets[number + 1]]
        assert words[0] == words[-1] == -1
        words_of[sentence] += words[words >= 0].tolist()
    assert words_of == [list(range(len(sentence))) for sentence in sentences]
    gold = [windows.gold[a:b].tolist() for a, b in zip(windows.gold_offsets, windows.gold_offsets[1:], strict=False)]
    assert gold == tag_ids


@pytest.mark.parametrize("kind", KINDS)
def test_windows_reassemble_to_the_sentence(tokenizers, kind):
    tokenizer = tokenizers[kind]
    words = ["The", "cat", "sat", "on", "the", "mat", "near", "the", "old", "harbour", "of", "Hamburg", "."]
    whole = tokenizer(words, is_split_into_words=True)["input_ids"]
    one = make_windows(tokenizer, [words], [[0] * len(words)], 100, TAGS)
    assert len(one) == 1 and one.input_ids.tolist() == whole
    many = make_windows(tokenizer, [words], [[0] * len(words)], 12, TAGS)
    assert len(many) > 1
    bodies = [many.input_ids[a + 1 : b - 1] for a, b in zip(many.offsets, many.offsets[1:], strict=False)]
    assert np.concatenate(bodies).tolist() == whole[1:-1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_longer_than_a_window_keeps_its_first_pieces(tokenizers, kind):
    windows = make_windows(tokenizers[kind], [["cat", "barked" * 8, "cat"]], [[0, 1, 0]], 10, TAGS)
    cat = make_windows(tokenizers[kind], [["cat"]], [[0]], 10, TAGS)
    assert len(windows) == 3
    assert np.diff(windows.offsets).tolist() == [len(cat.input_ids), 10, len(cat.input_ids)]
    assert windows.words[windows.words >= 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("kind", ["unigram", "wordpiece"])
def test_a_word_without_sub_words_becomes_the_unknown_token(tokenizers, kind):
    tokenizer = tokenizers[kind]
    windows = make_windows(tokenizer, [["cat", ""]], [[0, 0]], 10, TAGS)
    assert windows.input_ids[windows.words == 1].tolist() == [tokenizer.unk_token_id]


def test_byte_level_words_start_with_a_blank(tokenizers):
    tokenizer = tokenizers["byte-level"]
    windows = make_windows(tokenizer, [["cat", "sat"]], [[0, 0]], 20, TAGS)
    firsts = windows.input_ids[windows.words >= 0]
    assert [tokenizer.convert_ids_to_tokens(int(piece))[0] for piece in firsts] == ["\u0120", "\u0120"]


@pytest.fixture
def labelled(make_study, tmp_path):
    (tmp_path / "ner" / "aa").mkdir(parents=True)
    contents = {"train": "Ada B-PER\nsat O\n\nKampala I-LOC\n", "dev": "cat O\n", "test": "the O\nmat B-LOC\n. O\n"}
    for split, content in contents.items():
        (tmp_path / "ner" / "aa" / f"{split}.txt").write_text(content, encoding="utf-8")
    prepare_labelled(make_study(), "ner", "aa", contents, tmp_path / "labelled")
    return [tmp_path / "labelled" / f"{split}.parquet" for split in contents]


def test_file_round_trip_and_equal_bytes(labelled, make_study, tokenizer_folders, tmp_path):
    settings = make_study(ner={"max_length": 32}).tasks["ner"]
    contents = []
    for name in ("one.npz", "two.npz"):
        tokenize_labelled(settings, labelled, tokenizer_folders["unigram"], tmp_path / name)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]
    train = load_sequences(Windows, tmp_path / "one.npz", "train")
    assert len(train) == 2
    assert [str(train.tags[tag]) for tag in train.gold] == ["B-PER", "O", "I-LOC"]
    assert train.gold_offsets.tolist() == [0, 2, 3]
    types = {name: str(getattr(train, name).dtype) for name in ("input_ids", "offsets", "words", "sentences", "gold")}
    assert types == {"input_ids": "int32", "offsets": "int64", "words": "int32", "sentences": "int32", "gold": "int16"}
    assert len(load_sequences(Windows, tmp_path / "one.npz", "test").gold) == 3
    with pytest.raises(DataError, match="no array 'extra_input_ids'"):
        load_sequences(Windows, tmp_path / "one.npz", "extra")


def test_a_tag_outside_the_labels_is_refused(labelled, make_study, tokenizer_folders, tmp_path):
    settings = make_study(ner={"labels": ["PER"]}).tasks["ner"]
    with pytest.raises(DataError, match=r"train\.parquet: tag 'I-LOC' is not in the label set PER"):
        tokenize_labelled(settings, labelled, tokenizer_folders["unigram"], tmp_path / "one.npz")
    assert not (tmp_path / "one.npz").exists()
