"""Text packed into blocks of sub-words without padding, made once per (language, tokenizer) and memory-mapped.

A file holds raw little-endian integers of shape (blocks, block_length); a JSON file beside it describes them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from madx.data.errors import DataError
from madx.files import atomic_path, file_digest, read_json, write_json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger(__name__)
BATCH = 500_000  # characters that are tokenized at a time
PROGRESS = 10_000_000  # sub-words between two lines of the log


@dataclass(frozen=True)
class Blocks:
    """Blocks of one language: memory-mapped arrays of shape (blocks, block_length) and their description."""

    train: np.ndarray
    held_out: np.ndarray
    description: dict[str, Any]

    @classmethod
    def open(cls, bin_path: str | Path) -> Blocks:
        """Map the file that pack_blocks wrote; its description lies beside it, ending in .json.

        Raises DataError where a file is missing or its size does not fit the description.
        """
        bin_path = Path(bin_path)
        for path in (bin_path, bin_path.with_suffix(".json")):
            if not path.is_file():
                raise DataError(f"{path}: missing; the workflow's rule pack_blocks makes it")
        description = read_json(bin_path.with_suffix(".json"))
        shape = (description["blocks"], description["block_length"])
        dtype = np.dtype(description["dtype"])
        expected, found = shape[0] * shape[1] * dtype.itemsize, bin_path.stat().st_size
        if found != expected:
            raise DataError(f"{bin_path}: {found} bytes, but its description says {expected}; delete both files")
        blocks = np.memmap(bin_path, dtype=dtype, mode="r", shape=shape)
        first_held_out = shape[0] - description["held_out"]
        return cls(blocks[:first_held_out], blocks[first_held_out:], description)


@dataclass
class _Counts:
    """What is counted while text becomes sub-words; tokens are sub-words and separators."""

    documents: int = 0
    words: int = 0
    subwords: int = 0
    unknown: int = 0
    tokens: int = 0


def pack_blocks(
    text_path: Path,
    tokenizer_folder: Path,
    bin_path: Path,
    json_path: Path,
    block_length: int,
    max_tokens: int | None,
    held_out_blocks: int,
) -> dict[str, Any]:
    """Tokenize a text (one document a line) and pack it, in memory that does not depend on its length.

    The stream is the documents' sub-words with SEP between documents, at most max_tokens; a block is CLS, the next
    block_length - 2 of the stream, SEP; an incomplete last block is dropped. Held out for perplexity are the last
    held_out_blocks, at most a fifth of all and at least one. Integers are uint16 for vocabularies below 65,536, else
    int32. Returns the description. Raises DataError naming the text if it fills fewer than two blocks.
    """
    from madx.data.tokenization import fingerprint_of, open_tokenizer

    if block_length < 3:
        raise DataError(f"block_length is {block_length}; a block has two special tokens and needs at least 3")
    tokenizer = open_tokenizer(tokenizer_folder)
    dtype = np.dtype("<u2" if len(tokenizer) < 65_536 else "<i4")
    counts = _Counts()
    with atomic_path(bin_path) as temporary:
        with open(temporary, "wb") as stream:
            blocks = 0
            for packed in _blocks(_tokens(text_path, tokenizer, counts, max_tokens), tokenizer, block_length):
                stream.write(packed.astype(dtype).tobytes())
                blocks += len(packed)
        if blocks < 2:
            raise DataError(
                f"{text_path}: {counts.tokens} tokens fill {blocks} blocks of {block_length}, two are needed; "
                f"give more text or a smaller block_length"
            )
        description = {
            "blocks": blocks,
            "held_out": min(held_out_blocks, max(1, blocks // 5)),
            "block_length": block_length,
            "dtype": dtype.str,
            "documents": counts.documents,
            "tokens": counts.tokens,
            "words": counts.words,
            "subwords_per_word": round(counts.subwords / max(1, counts.words), 4),
            "unknown_rate": round(counts.unknown / max(1, counts.subwords), 6),
            "tokenizer": fingerprint_of(tokenizer_folder),
            "text_sha256": file_digest(text_path),
            "sha256": file_digest(temporary),
        }
    write_json(json_path, description)
    log.info(
        "%s: %d tokens of %d documents in %d blocks; %.2f sub-words a word, %.2f %% of them unknown",
        bin_path,
        counts.tokens,
        counts.documents,
        blocks,
        description["subwords_per_word"],
        100 * description["unknown_rate"],
    )
    return description


def _tokens(
    text_path: Path, tokenizer: PreTrainedTokenizerBase, counts: _Counts, max_tokens: int | None
) -> Iterator[list[int]]:
    """The stream in pieces: sub-words of the documents, SEP between two documents, at most max_tokens in all."""
    limit = float("inf") if max_tokens is None else max_tokens
    progress = PROGRESS
    for documents in _batches(text_path):
        encoded = tokenizer(
            documents, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False, verbose=False
        )["input_ids"]
        piece: list[int] = []
        for document, ids in zip(documents, encoded, strict=True):
            piece += [tokenizer.sep_token_id] * (counts.documents > 0) + ids
            counts.documents += 1
            counts.words += len(document.split())
            counts.subwords += len(ids)
            counts.unknown += ids.count(tokenizer.unk_token_id)
            if counts.tokens + len(piece) >= limit:
                break
        if counts.tokens + len(piece) >= limit:
            piece = piece[: max_tokens - counts.tokens]
            counts.tokens += len(piece)
            yield piece
            return
        counts.tokens += len(piece)
        yield piece
        if counts.tokens >= progress:
            log.info("%s: %d million tokens, %d documents", text_path, counts.tokens // 1_000_000, counts.documents)
            progress += PROGRESS


def _batches(text_path: Path) -> Iterator[list[str]]:
    """The documents of a text, about BATCH characters at a time."""
    documents: list[str] = []
    characters = 0
    with open(text_path, encoding="utf-8", newline="\n") as stream:
        for line in stream:
            documents.append(line.rstrip("\n"))
            characters += len(line)
            if characters >= BATCH:
                yield documents
                documents, characters = [], 0
    if documents:
        yield documents


def _blocks(pieces: Iterator[list[int]], tokenizer: PreTrainedTokenizerBase, block_length: int) -> Iterator[np.ndarray]:
    """The complete blocks of a stream, as arrays (some blocks, block_length)."""
    room = block_length - 2
    rest: list[int] = []
    for piece in pieces:
        rest += piece
        complete = len(rest) // room
        packed = np.empty((complete, block_length), np.int64)
        packed[:, 0], packed[:, -1] = tokenizer.cls_token_id, tokenizer.sep_token_id
        packed[:, 1:-1] = np.reshape(rest[: complete * room], (complete, room))
        yield packed
        rest = rest[complete * room :]
