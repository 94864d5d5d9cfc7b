"""Question windows and choices of random sub-words whose answers can be learned."""

import numpy as np
import pytest

from madx.adapters import AdaptedModel
from madx.data.choices import ChoiceSequences
from madx.data.questions import QuestionWindows
from madx.data.sequences import pack_texts
from madx.tasks.kind import Encoder
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.task_phase import TaskPhase
from tests.unit.training.conftest import HIDDEN, tiny_model

CLS, SEP = 0, 2
SOUGHT, LAST = 30, 31  # the sub-words between which the answer stands


@pytest.fixture
def random_questions():
    """random_questions(count, seed) -> windows: the answer stands between the sub-words SOUGHT and LAST."""

    def make(count: int, seed: int = 0) -> QuestionWindows:
        rng = np.random.default_rng(seed)
        ids, begins, ends, offsets, firsts, lasts, contexts, answers = [], [], [], [0], [], [], [], []
        for _ in range(count):
            passage = rng.integers(5, 20, size=int(rng.integers(5, 11)))
            length = int(rng.integers(1, 4))
            place = int(rng.integers(0, len(passage) - length - 1))
            passage[[place, place + length + 1]] = SOUGHT, LAST
            words = [f"w{piece}" for piece in passage]
            starts = np.cumsum([0, *(len(word) + 1 for word in words[:-1])])
            ids += [CLS, 25, SEP, SEP, *passage, SEP]
            begins += [-1] * 4 + starts.tolist() + [-1]
            ends += [-1] * 4 + [int(s) + len(w) for s, w in zip(starts, words, strict=True)] + [-1]
            firsts.append(4 + place + 1)
            lasts.append(4 + place + length)
            offsets.append(len(ids))
            contexts.append(" ".join(words))
            answers.append([" ".join(words[place + 1 : place + length + 1])])
        texts = {"ids": [str(k) for k in range(count)], "contexts": contexts, "context_of": list(range(count))}
        return QuestionWindows.of(
            input_ids=ids,
            offsets=offsets,
            type_ids=np.zeros(len(ids)),
            questions=np.arange(count),
            begins=begins,
            ends=ends,
            answer_first=firsts,
            answer_last=lasts,
            texts=pack_texts(texts | {"answers": answers}),
        )

    return make


@pytest.fixture
def random_choices():
    """random_choices(count, options, seed) -> sequences: the right option begins as the premise does."""

    def make(count: int, options: int = 2, seed: int = 0) -> ChoiceSequences:
        rng = np.random.default_rng(seed)
        ids, offsets = [], [0]
        labels = rng.integers(0, options, size=count)
        for label in labels:
            premise = rng.integers(5, 20, size=3)
            for option in range(options):
                begin = premise[0] if option == label else 5 + (premise[0] - 4) % 15
                ids += [CLS, *premise, SEP, SEP, begin, *rng.integers(5, 20, size=int(rng.integers(1, 4))), SEP]
                offsets.append(len(ids))
        return ChoiceSequences.of(input_ids=ids, offsets=offsets, type_ids=np.zeros(len(ids)), labels=labels)

    return make


def train_whole_model(kind, train, dev, batch_size: int, settings: LoopSettings):
    """The phase and the outcome of one seed of a tiny model, all of whose weights train."""
    adapted = AdaptedModel(tiny_model())
    adapted.unfreeze()
    head = kind.new_head(None, HIDDEN, [0], 0.0)
    trainable = dict(head.named_parameters()) | {f"body.{name}": p for name, p in adapted.body.named_parameters()}
    phase = TaskPhase(kind, Encoder(adapted), head, trainable, train, dev, seeds=[0], batch_size=batch_size)
    return phase, optimize(phase, adamw(trainable.values(), 1e-2, 0.0), settings)
