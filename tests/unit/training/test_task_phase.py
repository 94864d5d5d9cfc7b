"""Task training: batches, replicas against a run alone, the frozen base."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from madx.adapters import AdaptedModel, AdapterSet, AdapterShape
from madx.models.heads import TokenHead
from madx.tasks.kind import Encoder
from madx.tasks.tagging import Tagging
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.task import TaskPart
from madx.training.task_phase import TaskPhase, epoch_batches
from tests.unit.training.conftest import HIDDEN, LAYERS, TAGS, random_windows, tiny_model


@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 5), st.integers(0, 5))
def test_an_epoch_has_every_window_once(count, batch_size, seed, epoch):
    lengths = np.random.default_rng(count).integers(1, 50, size=count)
    batches = epoch_batches(lengths, batch_size, seed, epoch)
    assert sorted(np.concatenate(batches)) == list(range(count))
    assert len(batches) == -(-count // batch_size)
    assert max(map(len, batches)) <= batch_size


def test_batches_of_all_seeds_have_equal_sizes_at_each_step():
    lengths = np.random.default_rng(0).integers(1, 50, size=103)
    sizes = [[len(batch) for batch in epoch_batches(lengths, 8, seed, 2)] for seed in range(4)]
    assert all(other == sizes[0] for other in sizes)


@pytest.mark.parametrize(("count", "batch_size"), [(100, 8), (150, 16), (1000, 8)])
def test_batches_differ_between_seeds_and_epochs(count, batch_size):
    lengths = np.random.default_rng(0).lognormal(3, 0.5, size=count).astype(int)

    def shared(one, other):
        """Part of the windows that two epochs have at the same step."""
        return sum(len(np.intersect1d(a, b)) for a, b in zip(one, other, strict=True)) / count

    epochs = [[epoch_batches(lengths, batch_size, seed, epoch) for epoch in range(4)] for seed in range(4)]
    assert np.mean([shared(epochs[0][k], epochs[seed][k]) for seed in (1, 2, 3) for k in range(4)]) < 0.15
    kept = [max(len(np.intersect1d(batch, b)) for b in epochs[0][1]) / len(batch) for batch in epochs[0][0]]
    assert np.mean(kept) < 0.5, "the batches of one epoch come back in the next"


def train_replicas(seeds, steps=50, model=None, learning_rate=2e-2):
    model = model or tiny_model()
    adapted = AdaptedModel(model)
    adapted.language = AdapterSet.create(AdapterShape(LAYERS, HIDDEN, 8, 4), [7]).requires_grad_(False)
    shape = AdapterShape(LAYERS, HIDDEN, 4)
    part = TaskPart(AdapterSet.create(shape, seeds), TokenHead.create(HIDDEN, len(TAGS), seeds, dropout=0.0))
    adapted.task = part.adapters
    trainable = dict(part.named_parameters())
    train, dev = random_windows(60), random_windows(30, seed=1)
    phase = TaskPhase(Tagging(), Encoder(adapted), part.head, trainable, train, dev, seeds=seeds, batch_size=8)
    outcome = optimize(phase, adamw(trainable.values(), learning_rate, 0.01), LoopSettings(steps, 5, 0.1, 1.0))
    return model, outcome


def test_replica_equals_its_run_alone():
    seeds = [3, 1, 4, 0, 2]
    _, together = train_replicas(seeds)
    for replica, seed in enumerate(seeds):
        _, alone = train_replicas([seed])
        assert alone.best_step == [together.best_step[replica]]
        assert alone.best_value == pytest.approx([together.best_value[replica]])
        for name, tensor in alone.state.items():
            difference = (together.state[name][replica] - tensor[0]).norm() / tensor[0].norm().clamp(min=1e-12)
            assert difference <= 1e-6, (seed, name, difference.item())


def test_base_and_language_are_bit_identical_after_task_training():
    model = tiny_model()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    train_replicas([0, 1], steps=10, model=model)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_replicas_learn_and_differ():
    _, outcome = train_replicas([0, 1], steps=400, learning_rate=1e-2)
    assert min(outcome.best_value) > 40  # chance is near 10
    weight = outcome.state["head.weight"]
    assert not torch.equal(weight[0], weight[1])
