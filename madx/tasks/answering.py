"""Extractive question answering: the start and the end of the answer in a passage; SQuAD v1.1's F1 and exact match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from madx.data.questions import QuestionWindows
from madx.evaluation.answers import decode
from madx.evaluation.squad_metrics import squad_scores
from madx.models.heads import TokenHead
from madx.tasks.kind import Encoder

if TYPE_CHECKING:
    from madx.config_tasks import QaTask

START_AND_END = 2


@dataclass(frozen=True)
class Answering:
    """n_best: starts and ends of a window that are tried as spans; max_answer_length: sub-words."""

    n_best: int
    max_answer_length: int
    sequences = QuestionWindows
    selection = "f1"

    @classmethod
    def of(cls, settings: QaTask) -> Answering:
        return cls(settings.n_best, settings.max_answer_length)

    def new_head(self, data: QuestionWindows, hidden_size: int, seeds: Sequence[int], dropout: float) -> TokenHead:
        return TokenHead.create(hidden_size, START_AND_END, seeds, dropout)

    def empty_head(self, tensors: Mapping[str, Tensor]) -> TokenHead:
        return TokenHead.like(tensors)

    def describe(self, data: QuestionWindows) -> dict[str, Any]:
        return {}

    def unit_lengths(self, data: QuestionWindows) -> np.ndarray:
        return data.lengths

    def examples(self, data: QuestionWindows) -> int:
        return len(data.contents.ids)

    def loss(self, encode: Encoder, head: TokenHead, data: QuestionWindows, chosen: np.ndarray) -> Tensor:
        """Cross-entropy over the sub-words of a window of where the answer starts and ends, averaged over windows.

        A window without the answer has both at its first token (CLS), as BERT's recipe for SQuAD has it.
        """
        windows = chosen.reshape(-1)
        scores = _window_scores(encode, head, data, windows)
        wanted = np.stack([data.answer_first[windows], data.answer_last[windows]], axis=1).astype(np.int64)
        losses = functional.cross_entropy(scores, torch.from_numpy(wanted).to(scores.device), reduction="none")
        return losses.mean(dim=1).view(chosen.shape).mean(dim=1)

    def predict(self, encode: Encoder, head: TokenHead, data: QuestionWindows) -> list[list[str]]:
        """Answers to all questions, for each replica."""
        replicas = head.weight.shape[0]
        scores = np.zeros((replicas, START_AND_END, len(data.input_ids)), dtype=np.float32)
        for chosen in encode.batches(data.lengths, replicas):
            found = _window_scores(encode, head, data, chosen, copies=replicas).cpu().numpy()
            found = found.reshape(replicas, len(chosen), *found.shape[1:])
            for row, window in enumerate(chosen):
                start, end = data.offsets[window], data.offsets[window + 1]
                scores[:, :, start:end] = found[:, row, : end - start].transpose(0, 2, 1)
        return [decode(data, start, end, self.n_best, self.max_answer_length) for start, end in scores]

    def dev_score(self, data: QuestionWindows, predicted: list[str]) -> float:
        return self.scores(data, predicted)["f1"]

    def scores(self, data: QuestionWindows, predicted: list[str]) -> dict[str, float]:
        counts = self.counts(data, predicted)
        return {metric: float(np.mean(counts[metric])) for metric in ("f1", "em")}

    def counts(self, data: QuestionWindows, predicted: list[str]) -> dict[str, Any]:
        """F1 and exact match of each question."""
        scores = squad_scores(predicted, data.contents.answers)
        return {"example": np.arange(len(predicted), dtype=np.int32), **scores}


KIND = Answering


def _window_scores(
    encode: Encoder, head: TokenHead, data: QuestionWindows, windows: np.ndarray, copies: int = 1
) -> Tensor:
    """Scores of each sub-word as start and as end: (copies · windows, longest, 2), padding without a chance."""
    hidden = encode(data, windows, copies)
    scores = head(hidden).reshape(*hidden.shape[:2], START_AND_END)
    padding = torch.from_numpy(data.mask(windows) == 0).to(scores.device).repeat(copies, 1)
    return scores.masked_fill(padding.unsqueeze(-1), float("-inf"))
