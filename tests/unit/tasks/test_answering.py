"""Question answering as a kind of task: what is learned, predicted and counted."""

import numpy as np
import pytest
import torch

from madx.adapters import AdaptedModel, AdapterSet, AdapterShape
from madx.tasks.answering import Answering
from madx.tasks.kind import Encoder
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.task import TaskPart
from madx.training.task_phase import TaskPhase
from tests.unit.training.conftest import HIDDEN, LAYERS, tiny_model

KIND = Answering(n_best=5, max_answer_length=4)


def parts(seeds):
    adapted = AdaptedModel(tiny_model())
    part = TaskPart(AdapterSet.create(AdapterShape(LAYERS, HIDDEN, 8), seeds, "task"), KIND.new_head(None, HIDDEN, seeds, 0.0))
    adapted.task = part.adapters
    return Encoder(adapted), part


def train(train_data, dev_data, seeds, steps):
    encode, part = parts(seeds)
    trainable = dict(part.named_parameters())
    phase = TaskPhase(KIND, encode, part.head, trainable, train_data, dev_data, seeds=seeds, batch_size=8)
    outcome = optimize(phase, adamw(trainable.values(), 3e-2, 0.0), LoopSettings(steps, 2, 0.1, 1.0))
    return phase, outcome


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
    encode, part = parts(seeds)
    with torch.no_grad():
        for parameter in part.parameters():
            parameter.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
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
    phase, _ = train(data, data, [0, 1], steps=5)
    together = KIND.predict(phase.encode, phase.head, data)
    assert [len(of_replica) for of_replica in together] == [20, 20]
    for seed in (0, 1):
        phase_alone, _ = train(data, data, [seed], steps=5)
        assert KIND.predict(phase_alone.encode, phase_alone.head, data)[0] == together[seed]


def test_answers_can_be_learned(random_questions):
    _, outcome = train(random_questions(120), random_questions(40, seed=1), [0, 1], steps=400)
    assert min(outcome.best_value) > 60  # a random sub-word of the passage: about 15
