"""Questions with their passages as windows of sub-words: long passages take several windows that overlap.

A gold answer is the smallest run of sub-words that covers its characters. Loading needs numpy alone.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from madx.data.errors import DataError
from madx.data.sequences import Sequences, array, pack_texts, unpack_texts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from madx.data.squad import Question

log = logging.getLogger(__name__)
BATCH = 1000  # questions or passages that are tokenized at a time
BLANK = "\u2581"  # Metaspace's sign for a blank


@dataclass(frozen=True)
class Texts:
    """What the windows of a split were made of.

    ids: of the questions. contexts: the distinct passages; context_of: of each question, the index of its passage.
    answers: of each question, its gold answers.
    """

    ids: list[str]
    contexts: list[str]
    context_of: list[int]
    answers: list[list[str]]


@dataclass(frozen=True)
class QuestionWindows(Sequences):
    """The windows of one split: a question and a part of its passage, with the tokenizer's special tokens.

    type_ids: (sub-words,) which segment each belongs to, as the tokenizer numbers them. begins, ends: (sub-words,) the
    characters of the passage that a sub-word of the passage covers, [begin, end) without blanks at the edges; -1 for
    all other sub-words, those of nothing but blanks among them. questions: (windows,) index of each one's question.
    answer_first, answer_last: (windows,) positions in the window of the first and last sub-word of the question's first
    gold answer; both 0 (where CLS stands) if the window does not hold all of it. texts: Texts, packed.
    """

    type_ids: np.ndarray = array(np.int8)
    questions: np.ndarray = array(np.int32)
    begins: np.ndarray = array(np.int32)
    ends: np.ndarray = array(np.int32)
    answer_first: np.ndarray = array(np.int32)
    answer_last: np.ndarray = array(np.int32)
    texts: np.ndarray = array(np.uint8)

    @cached_property
    def contents(self) -> Texts:
        """The texts, unpacked."""
        return Texts(**unpack_texts(self.texts))

    def passage_text(self, window: int, first: int, last: int) -> str:
        """The characters of the passage from one of its sub-words to another (positions in the window)."""
        start = self.offsets[window]
        context = self.contents.contexts[self.contents.context_of[self.questions[window]]]
        return context[self.begins[start + first] : self.ends[start + last]]


def make_question_windows(
    tokenizer: PreTrainedTokenizerBase, questions: Sequence[Question], max_length: int, stride: int
) -> QuestionWindows:
    """Windows of at most max_length sub-words, special tokens included; those of a passage share `stride` sub-words.

    An answer of up to stride + 1 sub-words lies wholly in some window. Each question has one window or more, in the
    passage's order. A question is cut off where it would leave its passage less than half of the window, or less than
    the stride and an eighth of the window, by which windows then move on. `tokenizer` is fast. Raises DataError for a
    tokenizer that does not put CLS before a pair, and for a stride that leaves no room for questions.
    """
    frame = _Frame.of(tokenizer)
    for_passage = max(max_length // 2, stride + max_length // 8)
    longest_question = max_length - frame.size - for_passage
    if longest_question < 1:
        raise DataError(
            f"windows of {max_length} sub-words that share {stride} have no room for a question; "
            "lower the task's stride (to a third of max_length, say) or set a higher max_length"
        )
    contexts = list(dict.fromkeys(question.context for question in questions))
    index = {context: number for number, context in enumerate(contexts)}
    context_of = [index[question.context] for question in questions]
    passages = _Passages.of(tokenizer, contexts)
    whole = list(_ids(tokenizer, [question.question for question in questions]))
    asked = [ids[:longest_question] for ids in whole]
    cut = sum(len(ids) > longest_question for ids in whole)
    log.info("%d of %d questions cut off after %d sub-words", cut, len(whole), longest_question)

    plan: list[tuple[int, int, int]] = []  # question, and [first, stop) of its passage's sub-words
    for number, context in enumerate(context_of):
        room = max_length - frame.size - len(asked[number])
        length = passages.length(context)
        starts = range(0, max(length - stride, 1), room - stride)
        plan += [(number, start, min(start + room, length)) for start in starts]

    sizes = [frame.size + len(asked[number]) + stop - first for number, first, stop in plan]
    offsets = np.cumsum([0, *sizes], dtype=np.int64)
    input_ids = np.empty(offsets[-1], np.int32)
    type_ids = np.empty(offsets[-1], np.int8)
    begins = np.full(offsets[-1], -1, np.int32)
    ends = np.full(offsets[-1], -1, np.int32)
    answer_first, answer_last = np.zeros((2, len(plan)), np.int32)
    runs = [passages.run(c, q.starts[0], q.answers[0]) for q, c in zip(questions, context_of, strict=True)]
    for window, (number, first, stop) in enumerate(plan):
        row = slice(offsets[window], offsets[window + 1])
        part = passages.part(context_of[number], first, stop)
        input_ids[row], type_ids[row] = frame.filled(asked[number], passages.ids[part])
        before = frame.before_passage(asked[number])
        shown = slice(row.start + before, row.start + before + stop - first)
        begins[shown], ends[shown] = passages.begins[part], passages.ends[part]
        run = runs[number]
        if run is not None and first <= run[0] and run[1] < stop:
            answer_first[window], answer_last[window] = (before + position - first for position in run)
    return QuestionWindows.of(
        input_ids=input_ids,
        offsets=offsets,
        type_ids=type_ids,
        questions=[number for number, _, _ in plan],
        begins=begins,
        ends=ends,
        answer_first=answer_first,
        answer_last=answer_last,
        texts=pack_texts(
            {
                "ids": [question.id for question in questions],
                "contexts": contexts,
                "context_of": context_of,
                "answers": [question.answers for question in questions],
            }
        ),
    )


def coverage(windows: QuestionWindows) -> dict[str, int]:
    """How well the sub-words fit the first gold answers.

    questions: how many there are; covered: some window holds the whole answer; exact: and the characters from its first
    sub-word to its last are the answer itself, neither more nor fewer.
    """
    holding = np.flatnonzero(windows.answer_first > 0)
    questions, firsts = np.unique(windows.questions[holding], return_index=True)
    spans = zip(questions, holding[firsts], strict=True)
    exact = sum(
        windows.passage_text(window, windows.answer_first[window], windows.answer_last[window])
        == windows.contents.answers[question][0]
        for question, window in spans
    )
    return {"questions": len(windows.contents.ids), "covered": len(questions), "exact": exact}


@dataclass(frozen=True)
class _Frame:
    """What a tokenizer puts around a pair: special tokens before, between and after, and all type ids."""

    special: tuple[np.ndarray, np.ndarray, np.ndarray]
    special_types: tuple[np.ndarray, np.ndarray, np.ndarray]
    pair_types: tuple[int, int]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> _Frame:
        """Read off the encoding of a pair of short texts."""
        encoded = tokenizer("a", "a", return_token_type_ids=True)
        ids, types = np.array(encoded["input_ids"], np.int32), np.array(encoded["token_type_ids"], np.int8)
        sides = np.array([-1 if side is None else side for side in encoded.sequence_ids(0)])
        one, other = np.flatnonzero(sides == 0), np.flatnonzero(sides == 1)
        if not len(one) or not len(other) or ids[0] != tokenizer.cls_token_id or sides[0] != -1:
            raise DataError(
                f"the tokenizer {tokenizer.name_or_path!r} does not start a pair of texts with {tokenizer.cls_token}; "
                'add a "pair" to the post_processor in its tokenizer.json'
            )
        cuts = (slice(0, one[0]), slice(one[-1] + 1, other[0]), slice(other[-1] + 1, None))
        return cls(
            tuple(ids[cut] for cut in cuts),
            tuple(types[cut] for cut in cuts),
            (int(types[one[0]]), int(types[other[0]])),
        )

    @property
    def size(self) -> int:
        return sum(map(len, self.special))

    def before_passage(self, question: np.ndarray) -> int:
        """Sub-words before the passage's first one."""
        return len(self.special[0]) + len(question) + len(self.special[1])

    def filled(self, question: np.ndarray, passage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Input and type ids of a window."""
        before, between, after = self.special
        types = [np.full(len(ids), kind) for ids, kind in zip((question, passage), self.pair_types, strict=True)]
        first, middle, last = self.special_types
        return (
            np.concatenate([before, question, between, passage, after]),
            np.concatenate([first, types[0], middle, types[1], last]),
        )


@dataclass(frozen=True)
class _Passages:
    """Passages as sub-words with the characters that they cover (see QuestionWindows), one after the other."""

    ids: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, contexts: Sequence[str]) -> _Passages:
        vocabulary = tokenizer.get_vocab().items()
        blanks = np.array([number for piece, number in vocabulary if not piece.strip(BLANK)], np.int64)
        ids, begins, ends = [], [], []
        for start in range(0, len(contexts), BATCH):
            batch = list(contexts[start : start + BATCH])
            encoded = tokenizer(batch, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
            for context, pieces, spans in zip(batch, encoded["input_ids"], encoded["offset_mapping"], strict=True):
                ids.append(np.array(pieces, np.int32))
                # such a piece at the start of a text is said to cover the first letter
                visible = ~np.isin(ids[-1], blanks)
                covered = _characters(context, np.array(spans, np.int32).reshape(-1, 2), visible)
                begins.append(covered[:, 0])
                ends.append(covered[:, 1])
        nothing = np.zeros(0, np.int32)
        joined = [np.concatenate([nothing, *parts]) for parts in (ids, begins, ends)]
        return cls(*joined, np.cumsum([0, *map(len, ids)]))

    def length(self, context: int) -> int:
        return int(self.offsets[context + 1] - self.offsets[context])

    def part(self, context: int, first: int, stop: int) -> slice:
        """Where some sub-words of a passage stand."""
        start = int(self.offsets[context])
        return slice(start + first, start + stop)

    def run(self, context: int, begin: int, text: str) -> tuple[int, int] | None:
        """First and last sub-word of those that cover any of the text's characters; None if none does."""
        part = self.part(context, 0, self.length(context))
        touching = np.flatnonzero((self.begins[part] < begin + len(text)) & (self.ends[part] > begin))
        return (int(touching[0]), int(touching[-1])) if len(touching) else None


def _ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Iterator[np.ndarray]:
    """The sub-words of each text, without special tokens."""
    for start in range(0, len(texts), BATCH):
        batch = list(texts[start : start + BATCH])
        for ids in tokenizer(batch, add_special_tokens=False, verbose=False)["input_ids"]:
            yield np.array(ids, np.int32)


def _characters(text: str, spans: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """The characters that sub-words cover, better than tokenizers say: (sub-words, 2) -> the same shape.

    Blanks at the edges do not count; sub-words without visible characters get -1. Where a tokenizer joins or drops
    letters (Unicode normalisation, accents), it says that a sub-word ends before the marks that belong to its last
    letter: these are added. Dropped control characters stay uncovered.
    """
    length = len(text)
    blank = np.fromiter((character.isspace() for character in text), bool, length)
    position = np.arange(length)
    next_letter = np.append(np.where(blank, length, position), length)
    next_letter = np.minimum.accumulate(next_letter[::-1])[::-1]
    letters_end = np.maximum.accumulate(np.append(0, np.where(blank, 0, position + 1)))
    begins, ends = next_letter[spans[:, 0]], letters_end[spans[:, 1]]
    visible = visible & (begins < ends)
    begins, ends = np.where(visible, begins, -1), np.where(visible, ends, -1)

    edges = np.zeros(length + 1, np.int64)
    np.add.at(edges, begins[visible], 1)
    np.add.at(edges, ends[visible], -1)
    uncovered = (np.cumsum(edges)[:length] == 0) & ~blank
    for missing in np.flatnonzero(uncovered):
        if not unicodedata.category(text[missing]).startswith("C"):
            ends[ends == missing] += 1
    return np.stack([begins, ends], axis=1)
