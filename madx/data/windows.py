"""Labelled sentences as windows of sub-words: long ones are split between words, none is cut off.

A word is labelled at its first sub-word (paper, section 5.2; the convention of BERT's NER). Loading needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from madx.data.sequences import Sequences, array

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BATCH = 1000  # sentences that are tokenized at a time


@dataclass(frozen=True)
class Windows(Sequences):
    """The windows of one split; CLS and SEP of each are among its sub-words.

    words: (sub-words,) index in its sentence of the word whose first sub-word stands here, else -1.
    sentences: (windows,) index of each window's sentence. gold: (words,) tag ids of all words of all sentences;
    gold_offsets: (sentences + 1,). tags: (tags,) names, O first.
    """

    words: np.ndarray = array(np.int32)
    sentences: np.ndarray = array(np.int32)
    gold: np.ndarray = array(np.int16)
    gold_offsets: np.ndarray = array(np.int64)
    tags: np.ndarray = array(None)


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
    return Windows.of(
        input_ids=ids,
        offsets=offsets,
        words=words,
        sentences=sentences,
        gold=[tag for sentence in tag_ids for tag in sentence],
        gold_offsets=np.cumsum([0, *map(len, tag_ids)]),
        tags=list(tags),
    )


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
