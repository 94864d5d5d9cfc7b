"""Question answering as a kind of task: what is learned, predicted and counted."""

import numpy as np
import pytest
import torch

from madx.adapters import AdaptedModel, AdapterSet, AdapterShape
from madx.evaluation.answers import decode
from madx.tasks.answering import Answering
from madx.tasks.kind import Encoder
from madx.training.loop import LoopSettings
from madx.training.task import TaskPart
from tests.unit.tasks.conftest import train_whole_model
from tests.unit.training.conftest import HIDDEN, LAYERS, tiny_model

KIND = Answering(n_best=5, max_answer_length=4)


def random_parts(seeds):
    """Adapters and a head with large weights, so that their scores differ."""
    adapted = AdaptedModel(tiny_model())
    adapters = AdapterSet.create(AdapterShape(LAYERS, HIDDEN, 8), seeds, "task")
    part = TaskPart(adapters, KIND.new_head(None, HIDDEN, seeds, 0.0))
    with torch.no_grad():
        for parameter in part.parameters():
            parameter.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
    adapted.task = part.adapters
    return Encoder(adapted), part


def test_the_right_answers_give_full_scores(random_questions):
    data = random_questions(12)
    golds = [answers[0] for answers in data.contents.answers]
    assert KIND.scores(data, golds) == {"f1": 100.0, "em": 100.0}
    assert KIND.examples(data) == 12
    counts = KIND.counts(data, [*golds[:6], *[""] * 6])
    assert counts["em"].tolist() == [100.0] * 6 + [0.0] * 6
    assert KIND.dev_score(data, [*golds[:6], *[""] * 6]) == 50.0


def test_loss_is_the_mean_of_start_and_end(random_questions):
    """Against cross-entropies computed window by window, without padding."""
    data, seeds = random_questions(6), [0, 1]
    encode, part = random_parts(seeds)
    chosen = np.array([[0, 1, 2], [3, 4, 5]])
    with torch.no_grad():
        losses = KIND.loss(encode, part.head, data, chosen)
        for replica, windows in enumerate(chosen):
            alone = []
            for window in windows:
                both = encode(data, np.array([window]), copies=len(seeds))
                scores = part.head(both).view(len(seeds), -1, 2)[replica].log_softmax(dim=0)
                alone += [-scores[data.answer_first[window], 0], -scores[data.answer_last[window], 1]]
            assert losses[replica].item() == pytest.approx(torch.stack(alone).mean().item(), rel=1e-5)


def test_predictions_do_not_depend_on_what_else_is_in_the_batch(random_questions):
    data = random_questions(20)
    encode, part = random_parts([0, 1])
    with torch.no_grad():
        together = KIND.predict(encode, part.head, data)
    assert [len(of_replica) for of_replica in together] == [20, 20]
    assert together[0] != together[1]
    for window in range(20):
        places = slice(data.offsets[window], data.offsets[window + 1])
        scores = part.head(encode(data, np.array([window]), copies=2)).view(2, -1, 2).detach().numpy()
        for replica in (0, 1):
            everywhere = np.full((2, len(data.input_ids)), -1e9, dtype=np.float32)
            everywhere[:, places] = scores[replica].T
            assert decode(data, *everywhere, 5, 4)[window] == together[replica][window]


def test_answers_can_be_learned(random_questions):
    """By a whole model: the answer follows a certain sub-word, wherever that stands."""
    train, dev = random_questions(200), random_questions(40, seed=1)
    phase, outcome = train_whole_model(KIND, train, dev, batch_size=16, settings=LoopSettings(300, 3, 0.1, 1.0))
    assert phase.selection == "dev_f1"
    assert outcome.best_value[0] > 60  # a random sub-word of the passage: about 15
