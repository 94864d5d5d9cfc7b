"""Labelled sentences as windows of sub-words: long ones are split between words, none is cut off.

A word is labelled at its first sub-word (paper, section 5.2; the convention of BERT's NER). Loading needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from madx.data import SPLITS
from madx.data.errors import DataError
from madx.files import atomic_path

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BATCH = 1000  # sentences that are tokenized at a time
ARRAYS = {
    "input_ids": np.int32,
    "offsets": np.int64,
    "words": np.int32,
    "sentences": np.int32,
    "gold": np.int16,
    "gold_offsets": np.int64,
}


@dataclass(frozen=True)
class Windows:
    """The windows of one split.

    input_ids: (sub-words,) of all windows one after the other, CLS and SEP of each included; offsets: (windows + 1,)
    where each starts. words: (sub-words,) index in its sentence of the word whose first sub-word stands here, else -1.
    sentences: (windows,) index of each window's sentence. gold: (words,) tag ids of all words of all sentences;
    gold_offsets: (sentences + 1,). tags: (tags,) names, O first.
    """

    input_ids: np.ndarray
    offsets: np.ndarray
    words: np.ndarray
    sentences: np.ndarray
    gold: np.ndarray
    gold_offsets: np.ndarray
    tags: np.ndarray

    def __len__(self) -> int:
        return len(self.sentences)


def tag_names(labels: Sequence[str]) -> list[str]:
    """O, then B-X and I-X for each label X in order."""
    return ["O", *(f"{position}-{label}" for label in labels for position in "BI")]


def make_windows(
    tokenizer: PreTrainedTokenizerBase,
    tokens: Sequence[Sequence[str]],
    tag_ids: Sequence[Sequence[int]],
    max_length: int,
    tags: Sequence[str],
) -> Windows:
    """Windows of at most max_length sub-words, special tokens included, over sentences of words.

    tokens, tag_ids: one sequence a sentence, of equal lengths. A window takes as many whole words as fit. A word with
    more sub-words than fit keeps its first ones in a window of its own. A word that the tokenizer drops (a lone
    combining mark) becomes the unknown token, so that every word has a position. `tokenizer` is fast and sees a blank
    before every word (see open_word_tokenizer).
    """
    ids: list[int] = []
    words: list[int] = []
    offsets, sentences = [0], []
    room = max_length - 2  # CLS and SEP
    for sentence, pieces in enumerate(_pieces_of_words(tokenizer, tokens)):
        for window in _packed(pieces, room):
            body = [(piece, word if i == 0 else -1) for word in window for i, piece in enumerate(pieces[word][:room])]
            ids += [tokenizer.cls_token_id, *(piece for piece, _ in body), tokenizer.sep_token_id]
            words += [-1, *(word for _, word in body), -1]
            offsets.append(len(ids))
            sentences.append(sentence)
    arrays = {
        "input_ids": ids,
        "offsets": offsets,
        "words": words,
        "sentences": sentences,
        "gold": [tag for sentence in tag_ids for tag in sentence],
        "gold_offsets": np.cumsum([0, *map(len, tag_ids)]),
    }
    return Windows(
        **{name: np.asarray(arrays[name], dtype) for name, dtype in ARRAYS.items()}, tags=np.asarray(list(tags))
    )


def tokenize_ner(
    parquet_folder: str | Path, tokenizer_folder: str | Path, labels: Sequence[str], max_length: int, npz_path: Path
) -> None:
    """Write the windows of train, dev and test.parquet into one npz file (equal inputs give equal bytes)."""
    import pyarrow.parquet

    from madx.data.tokenization import open_word_tokenizer

    tokenizer = open_word_tokenizer(tokenizer_folder)
    tags = tag_names(labels)
    ids = {tag: number for number, tag in enumerate(tags)}
    arrays: dict[str, np.ndarray] = {"tags": np.asarray(tags)}
    for split in SPLITS:
        path = Path(parquet_folder) / f"{split}.parquet"
        table = pyarrow.parquet.read_table(path, columns=["tokens", "tags"]).to_pydict()
        try:
            tag_ids = [[ids[tag] for tag in sentence] for sentence in table["tags"]]
        except KeyError as error:
            raise DataError(f"{path}: tag {error} is not in the label set {', '.join(labels)}") from None
        windows = make_windows(tokenizer, table["tokens"], tag_ids, max_length, tags)
        arrays |= {f"{split}_{name}": getattr(windows, name) for name in ARRAYS}
    with atomic_path(npz_path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def load_windows(path: str | Path, split: str) -> Windows:
    """The windows of one split from the file that tokenize_ner wrote; DataError if it lacks the split."""
    with np.load(path, allow_pickle=False) as arrays:
        missing = [name for name in (*(f"{split}_{name}" for name in ARRAYS), "tags") if name not in arrays]
        if missing:
            raise DataError(f"{path}: no array {missing[0]!r}; the workflow's rule tokenize_ner makes the file")
        return Windows(**{name: arrays[f"{split}_{name}"] for name in ARRAYS}, tags=arrays["tags"])


def _pieces_of_words(
    tokenizer: PreTrainedTokenizerBase, sentences: Sequence[Sequence[str]]
) -> Iterator[list[list[int]]]:
    """For every sentence, the sub-words of each of its words (at least one)."""
    for start in range(0, len(sentences), BATCH):
        batch = [list(words) for words in sentences[start : start + BATCH]]
        encoded = tokenizer(batch, is_split_into_words=True, add_special_tokens=False, verbose=False)
        for number, words in enumerate(batch):
            pieces: list[list[int]] = [[] for _ in words]
            for piece, word in zip(encoded["input_ids"][number], encoded.word_ids(number), strict=True):
                pieces[word].append(piece)
            yield [of_word or [tokenizer.unk_token_id] for of_word in pieces]


def _packed(pieces: Sequence[Sequence[int]], room: int) -> Iterable[range]:
    """Ranges of consecutive words whose sub-words fit into `room`, each as long as possible."""
    first = filled = 0
    for word, of_word in enumerate(pieces):
        if word > first and filled + len(of_word) > room:
            yield range(first, word)
            first, filled = word, 0
        filled += len(of_word)
    if pieces:
        yield range(first, len(pieces))
