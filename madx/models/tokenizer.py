"""A tokenizer for a base that the workflow makes: Unigram, as XLM-R's, on the covered languages' text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from madx.files import atomic_path

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]  # XLM-R's ids 0 to 3; <mask> comes last
SCORE_DIGITS = 6


def train_tokenizer(
    texts: Sequence[Path], vocabulary_size: int, folder: Path, characters_per_text: int = 20_000_000
) -> None:
    """Train on the first characters of each text (one document a line) and save for transformers.

    Every character of the texts stays a piece of its own, so that unseen languages in a known script can be spelled.
    Equal texts give equal files.
    """
    # with several threads the trainer's sums, and so its pieces, can differ from run to run
    os.environ["RAYON_NUM_THREADS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        _lines(texts, characters_per_text),
        trainers.UnigramTrainer(
            vocab_size=vocabulary_size - 1, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
        ),
    )
    tokenizer = Tokenizer.from_str(_in_fixed_order(tokenizer.to_str()))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
        model_input_names=["input_ids", "attention_mask"],
    )
    with atomic_path(folder) as temporary:
        wrapped.save_pretrained(temporary)


def _in_fixed_order(trained: str) -> str:
    """A trained Unigram tokenizer (JSON) whose pieces and scores do not vary from run to run.

    The trainer walks through hash tables of random order: the last digits of its scores and the order of equal ones
    differ each time, and the characters that it adds to cover the texts get the lowest score in steps of 0.0001.
    """
    content = json.loads(trained)
    special, pieces = content["model"]["vocab"][: len(SPECIAL)], content["model"]["vocab"][len(SPECIAL) :]
    lowest = min(score for _, score in pieces)
    added = lowest + 0.0001 * sum(len(piece) == 1 for piece, _ in pieces)
    scores = {
        piece: round(lowest if len(piece) == 1 and score <= added else score, SCORE_DIGITS) for piece, score in pieces
    }
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    content["model"]["vocab"] = [*special, *map(list, ordered)]
    return json.dumps(content, ensure_ascii=False)


def _lines(texts: Sequence[Path], limit: int) -> Iterator[str]:
    for path in texts:
        characters = 0
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                characters += len(line)
                if characters > limit:
                    break
                yield line.rstrip("\n")
