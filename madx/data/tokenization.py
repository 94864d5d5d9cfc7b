"""Opening a base's tokenizer for running text and for words, and knowing it again by its fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from madx.data.errors import DataError
from madx.files import file_digest

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def open_tokenizer(folder: str | Path) -> PreTrainedTokenizerBase:
    """The fast tokenizer of a folder, checked to have the tokens that blocks and windows need.

    Characters of a text that spell a special token ("[SEP]") are read as text, where the model allows it: a Unigram
    model has the special tokens among its pieces.
    """
    from transformers import PreTrainedTokenizerFast  # unlike AutoTokenizer, it does not import torch (seconds a job)

    fingerprint_of(folder)
    try:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(str(folder), split_special_tokens=True)
    except (OSError, ValueError) as error:
        raise DataError(f"{folder}: no tokenizer can be loaded ({' '.join(str(error).split())[:200]})") from error
    for name in ("cls_token", "sep_token", "unk_token"):
        if getattr(tokenizer, name) is None:
            raise DataError(f"{folder}: the tokenizer has no {name}; add it to special_tokens_map.json")
    return tokenizer


def open_word_tokenizer(folder: str | Path) -> PreTrainedTokenizerBase:
    """As open_tokenizer, for sentences that are split into words: a byte-level one sees a blank before every word."""
    from tokenizers.pre_tokenizers import ByteLevel, Sequence

    tokenizer = open_tokenizer(folder)
    pre_tokenizer = tokenizer.backend_tokenizer.pre_tokenizer
    steps = list(pre_tokenizer) if isinstance(pre_tokenizer, Sequence) else [pre_tokenizer]
    for step in steps:
        if isinstance(step, ByteLevel):
            step.add_prefix_space = True
    return tokenizer


def fingerprint_of(folder: str | Path) -> str:
    """SHA-256 of tokenizer.json, by which a tokenizer is known again."""
    path = Path(folder) / "tokenizer.json"
    if not path.is_file():
        raise DataError(f"{path}: missing; a fast tokenizer is needed (tokenizer.save_pretrained writes the file)")
    return file_digest(path)
