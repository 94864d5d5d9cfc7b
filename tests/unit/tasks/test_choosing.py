"""Causal reasoning as a kind of task: what is learned, predicted and counted."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from madx.adapters import AdaptedModel, AdapterSet, AdapterShape
from madx.tasks.choosing import Choosing
from madx.tasks.kind import Encoder
from madx.training.loop import LoopSettings
from madx.training.task import TaskPart
from tests.unit.tasks.conftest import train_whole_model
from tests.unit.training.conftest import HIDDEN, LAYERS, tiny_model

KIND = Choosing()


def parts(seeds):
    adapted = AdaptedModel(tiny_model())
    adapters = AdapterSet.create(AdapterShape(LAYERS, HIDDEN, 8), seeds, "task")
    part = TaskPart(adapters, KIND.new_head(None, HIDDEN, seeds, 0.0))
    adapted.task = part.adapters
    return Encoder(adapted), part


def test_loss_is_over_the_options_of_each_example(random_choices):
    data, seeds = random_choices(6, options=3), [0, 1]
    encode, part = parts(seeds)
    with torch.no_grad():
        for parameter in part.parameters():
            parameter.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
        chosen = np.array([[0, 1, 2], [3, 4, 5]])
        losses = KIND.loss(encode, part.head, data, chosen)
        for replica, examples in enumerate(chosen):
            alone = []
            for example in examples:
                options = np.arange(3 * example, 3 * example + 3)
                scores = [part.head(encode(data, options[[k]], copies=2))[replica, 0] for k in range(3)]
                alone.append(functional.cross_entropy(torch.stack(scores), torch.tensor(int(data.labels[example]))))
            assert losses[replica].item() == pytest.approx(torch.stack(alone).mean().item(), rel=1e-5)


def test_predictions_are_counted_by_example(random_choices):
    data = random_choices(10)
    assert KIND.scores(data, data.labels) == {"accuracy": 100.0}
    half = np.where(np.arange(10) < 5, data.labels, 1 - data.labels)
    assert KIND.counts(data, half)["accuracy"].tolist() == [100.0] * 5 + [0.0] * 5
    assert KIND.dev_score(data, half) == 50.0
    assert KIND.examples(data) == 10


@pytest.mark.parametrize("options", [2, 3])
def test_one_head_serves_any_number_of_options(random_choices, options):
    """As for a first stage with three options and a second one with two."""
    encode, part = parts([0, 1])
    data = random_choices(9, options)
    with torch.no_grad():
        predicted = KIND.predict(encode, part.head, data)
    assert [set(of_replica) <= set(range(options)) and len(of_replica) == 9 for of_replica in predicted] == [True, True]


def test_the_right_option_can_be_learned(random_choices):
    """By a whole model: the right option begins as the premise does."""
    train, dev = random_choices(400), random_choices(60, seed=1)
    phase, outcome = train_whole_model(KIND, train, dev, batch_size=32, settings=LoopSettings(400, 4, 0.1, 1.0))
    assert phase.selection == "dev_accuracy"
    assert outcome.best_value[0] > 75  # chance: 50
