"""Examples of causal commonsense reasoning as sub-words: a sequence for each option, beside premise and question.

The input is a pair of texts: premise and question word, then the option. Loading needs numpy alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from madx.data.copa import Choice
from madx.data.errors import DataError
from madx.data.sequences import Sequences, array

if TYPE_CHECKING:
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger(__name__)
BATCH = 1000  # examples that are tokenized at a time


@dataclass(frozen=True)
class ChoiceSequences(Sequences):
    """The sequences of one split, example by example and option by option; every example has the same number.

    type_ids: (sub-words,) of the tokenizer, which tell the two texts of a pair apart where its base wants that.
    labels: (examples,) number of the right option.
    """

    type_ids: np.ndarray = array(np.int8)
    labels: np.ndarray = array(np.int16)

    @property
    def options(self) -> int:
        """Sequences an example."""
        return len(self) // len(self.labels)


def make_choice_sequences(
    tokenizer: PreTrainedTokenizerBase, choices: Sequence[Choice], max_length: int, question_words: Mapping[str, str]
) -> ChoiceSequences:
    """Sequences of at most max_length sub-words, special tokens included.

    question_words: what a question becomes; one that is not among them stays as it is. A pair that is too long loses
    sub-words at the beginning of its premise. Raises DataError naming the example whose question and option alone are
    too long, or that has another number of options than the first, and for no examples at all.
    """
    _check_options(choices)
    ids: list[int] = []
    type_ids: list[int] = []
    offsets = [0]
    shortened = 0
    for choice, encoded in _encoded_pairs(tokenizer, choices, question_words):
        lost = _lost(encoded, choice, max_length)
        ids += _without(lost, encoded.ids)
        type_ids += _without(lost, encoded.type_ids)
        offsets.append(len(ids))
        shortened += bool(lost)
    pairs = len(offsets) - 1
    log.info("%d of %d pairs shortened to %d sub-words (their premises' beginnings)", shortened, pairs, max_length)
    labels = [choice.label for choice in choices]
    return ChoiceSequences.of(input_ids=ids, offsets=offsets, type_ids=type_ids, labels=labels)


def _check_options(choices: Sequence[Choice]) -> None:
    if not choices:
        raise DataError("no examples to choose an option in; every split of the task's data needs one")
    first = choices[0]
    for choice in choices:
        if len(choice.options) != len(first.options):
            raise DataError(
                f"{choice.place}: {len(choice.options)} options, but {first.place} has {len(first.options)}; "
                f"all examples of a task have the same number"
            )


def _encoded_pairs(
    tokenizer: PreTrainedTokenizerBase, choices: Sequence[Choice], question_words: Mapping[str, str]
) -> Iterator[tuple[Choice, Encoding]]:
    """The whole pair of every option, with its example."""
    for start in range(0, len(choices), BATCH):
        pairs = [(choice, option) for choice in choices[start : start + BATCH] for option in choice.options]
        firsts = [f"{choice.premise} {question_words.get(choice.question, choice.question)}" for choice, _ in pairs]
        encoded = tokenizer(firsts, [option for _, option in pairs], verbose=False).encodings
        for (choice, _), encoding in zip(pairs, encoded, strict=True):
            if encoding.ids[:1] != [tokenizer.cls_token_id]:
                raise DataError(
                    f"{tokenizer.name_or_path}: a pair of texts does not begin with {tokenizer.cls_token}; add a "
                    f"template for pairs to post_processor in its tokenizer.json"
                )
            yield choice, encoding


def _lost(encoded: Encoding, choice: Choice, max_length: int) -> set[int]:
    """Positions of the sub-words that a pair loses so that max_length of them stay.

    A sub-word belongs to the premise if it ends there: one that reaches into the question stays.
    """
    surplus = len(encoded) - max_length
    if surplus <= 0:
        return set()
    premise = [
        position
        for position, (text, (_, end)) in enumerate(zip(encoded.sequence_ids, encoded.offsets, strict=True))
        if text == 0 and end <= len(choice.premise)
    ]
    if surplus > len(premise):
        raise DataError(
            f"{choice.place}: question and option alone have {len(encoded) - len(premise)} sub-words with special "
            f"tokens, but max_length is {max_length}; raise it in the task's settings, or remove the example"
        )
    return set(premise[:surplus])


def _without(lost: set[int], values: list[int]) -> list[int]:
    """The values at all other positions."""
    return [value for position, value in enumerate(values) if position not in lost] if lost else values
