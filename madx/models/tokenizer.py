"""A tokenizer for a base that the workflow makes: Unigram, as XLM-R's, on the covered languages' text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from madx.files import atomic_path

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]  # XLM-R's ids 0 to 3; <mask> comes last


def train_tokenizer(
    texts: Sequence[Path], vocabulary_size: int, folder: Path, characters_per_text: int = 20_000_000
) -> None:
    """Train on the first characters of each text (one document a line) and save for transformers.

    Every character of the texts stays a piece of its own, so that unseen languages in a known script can be spelled.
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


def _lines(texts: Sequence[Path], limit: int) -> Iterator[str]:
    for path in texts:
        characters = 0
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                characters += len(line)
                if characters > limit:
                    break
                yield line.rstrip("\n")
