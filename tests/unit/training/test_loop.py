"""The loop: schedule, per-replica clipping, best checkpoint, dropout, resume, bad losses."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from madx.training.loop import LoopSettings, TrainingError, adamw, clip_gradients, learning_rate_factor, optimize


class Quadratic:
    """Each replica pulls its parameters towards its own goal; with noise, so that the random state matters."""

    selection = "closeness"

    def __init__(self, replicas=2, fail_at=None, interrupt_at=None):
        self.seeds = tuple(range(replicas))
        self.weight = nn.Parameter(torch.zeros(replicas, 3))
        self.trainable = {"weight": self.weight}
        self.goal = torch.arange(replicas, dtype=torch.float32).unsqueeze(1) + 1
        self.fail_at, self.interrupt_at = fail_at, interrupt_at

    def loss(self, step):
        if step == self.interrupt_at:
            raise KeyboardInterrupt
        noise = torch.randn(self.weight.shape) * 0.1
        losses = ((self.weight - self.goal + noise) ** 2).mean(dim=1)
        return losses * (math.nan if step == self.fail_at else 1)

    def evaluate(self):
        return {"closeness": (-(self.weight - self.goal).abs().mean(dim=1)).tolist()}

    def train(self, mode):
        pass


SETTINGS = LoopSettings(steps=40, evaluations=8, warmup_fraction=0.1, max_gradient_norm=10.0, checkpoint_seconds=0.0)


def run(phase, **arguments):
    return optimize(phase, adamw(phase.trainable.values(), 0.3, 0.0), SETTINGS, **arguments)


def test_schedule_rises_then_falls_to_zero():
    factors = [learning_rate_factor(step, 100, 0.1) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == factors[9] == 1.0
    assert factors[100] == 0.0
    assert all(a > b for a, b in itertools.pairwise(factors[10:]))


@given(st.integers(1, 500), st.floats(0, 1))
def test_schedule_never_exceeds_the_rate(steps, warmup):
    factors = [learning_rate_factor(step, steps, warmup) for step in range(steps)]
    assert all(0 < factor <= 1 for factor in factors)
    assert max(factors) == 1


def test_schedule_without_warmup_starts_at_the_top():
    assert learning_rate_factor(0, 10, 0.0) == 1.0


class NotedRates(torch.optim.SGD):
    """Notes the rates of its groups at every step."""

    def step(self):
        self.noted = [*getattr(self, "noted", []), [group["lr"] for group in self.param_groups]]
        super().step()


def test_every_step_takes_the_rate_of_the_schedule():
    phase = Quadratic()
    groups = [{"params": [phase.weight], "lr": 0.3}, {"params": [nn.Parameter(torch.zeros(1))], "lr": 0.02}]
    optimizer = NotedRates(groups)
    optimize(phase, [optimizer], SETTINGS)
    factors = [learning_rate_factor(step, 40, 0.1) for step in range(40)]
    assert optimizer.noted == [[pytest.approx(0.3 * factor), pytest.approx(0.02 * factor)] for factor in factors]


def test_clipping_is_per_replica():
    parameter = nn.Parameter(torch.zeros(2, 4))
    parameter.grad = torch.stack([torch.full((4,), 0.1), torch.full((4,), 100.0)])
    clip_gradients([parameter], replicas=2, max_norm=1.0)
    assert torch.equal(parameter.grad[0], torch.full((4,), 0.1))
    assert parameter.grad[1].norm().item() == pytest.approx(1.0, abs=1e-4)


def test_clipping_of_one_replica_agrees_with_torch():
    torch.manual_seed(0)
    parameters = [nn.Parameter(torch.zeros(3, 5)), nn.Parameter(torch.zeros(7))]
    for p in parameters:
        p.grad = torch.randn_like(p)
    expected = [p.grad.clone() for p in parameters]
    norm = torch.sqrt(sum((g**2).sum() for g in expected))
    clip_gradients(parameters, replicas=1, max_norm=0.5)
    for p, g in zip(parameters, expected, strict=True):
        torch.testing.assert_close(p.grad, g * (0.5 / (norm + 1e-6)))


def test_best_checkpoint_is_kept_per_replica():
    phase = Quadratic()
    outcome = run(phase)
    measured = {
        (r["seed"], r["step"]): r["value"] for r in outcome.metrics if r["metric"] == "closeness" and r["step"] > 0
    }
    for replica, seed in enumerate(phase.seeds):
        best = max(value for (s, _), value in measured.items() if s == seed)
        assert outcome.best_value[replica] == best
        assert measured[seed, outcome.best_step[replica]] == best
    # the parameters now hold the best state, not the last
    assert phase.evaluate()["closeness"] == pytest.approx(outcome.best_value)


def test_ties_keep_the_earliest_checkpoint():
    """Of equal dev scores the first one picks the checkpoint, for each replica by itself."""
    curves = [[1.0, 3.0, 3.0, 2.0, 3.0, 1.0, 3.0, 3.0], [2.0] * 8]
    phase, states = Quadratic(), []

    def evaluate():
        states.append(phase.weight.detach().clone())
        return {"closeness": [curve[len(states) - 1] for curve in curves]}

    phase.evaluate = evaluate
    outcome = run(phase)
    assert outcome.best_step == [10, 5]  # of 5, 10, … 40
    assert outcome.best_value == [3.0, 2.0]
    assert torch.equal(outcome.state["weight"], torch.stack([states[1][0], states[0][1]]))


@pytest.mark.parametrize("selection", [None, "closeness"])
def test_dropout_is_on_in_steps_and_off_in_measurements(selection):
    phase, modes, seen = Quadratic(), [False], {"loss": [], "evaluate": [], "at_step": []}
    loss, evaluate = phase.loss, phase.evaluate
    phase.selection = selection
    phase.train = modes.append
    phase.loss = lambda step: seen["loss"].append(modes[-1]) or loss(step)
    phase.evaluate = lambda: seen["evaluate"].append(modes[-1]) or evaluate()
    optimize(
        phase,
        adamw(phase.trainable.values(), 0.3, 0.0),
        replace(SETTINGS, save_steps=(3, 17)),
        at_step=lambda step: seen["at_step"].append(modes[-1]),
    )
    evaluations = SETTINGS.evaluations + (selection is None)  # a curve without selection starts before the first step
    assert seen == {"loss": [True] * 40, "evaluate": [False] * evaluations, "at_step": [False] * 2}
    assert modes[-1] is False


def test_interrupted_run_resumes_bit_for_bit(tmp_path):
    undisturbed = run(Quadratic())
    with pytest.raises(KeyboardInterrupt):
        run(Quadratic(interrupt_at=23), checkpoint_folder=tmp_path)
    resumed = run(Quadratic(), checkpoint_folder=tmp_path)
    assert torch.equal(resumed.state["weight"], undisturbed.state["weight"])
    assert resumed.best_step == undisturbed.best_step
    strip = [{k: v for k, v in record.items() if k != "time"} for record in resumed.metrics]
    assert strip == [{k: v for k, v in record.items() if k != "time"} for record in undisturbed.metrics]


def test_nan_loss_stops_with_the_step():
    with pytest.raises(TrainingError, match="step 6 of 40"):
        run(Quadratic(fail_at=5))


def test_global_random_state_is_left_alone():
    before = torch.get_rng_state()
    run(Quadratic())
    assert torch.equal(before, torch.get_rng_state())
