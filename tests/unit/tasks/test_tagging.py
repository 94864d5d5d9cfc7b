"""Training on tags: the score that picks checkpoints, and dropout in the base and in the head."""

import itertools

import pytest
import torch
from seqeval.metrics import f1_score, precision_score, recall_score

from madx.adapters import AdaptedModel
from madx.models.heads import TokenHead
from madx.tasks.kind import Encoder
from madx.tasks.tagging import Tagging
from madx.training.task import TaskPart
from madx.training.task_phase import TaskPhase
from tests.unit.training.conftest import HIDDEN, TAGS, random_windows, tiny_model


def phase_of(base_dropout=0.0, head_dropout=0.0) -> TaskPhase:
    head = TokenHead.create(HIDDEN, len(TAGS), [0], head_dropout)
    trainable = dict(TaskPart(None, head).named_parameters())
    encode = Encoder(AdaptedModel(tiny_model(base_dropout)))
    train, dev = random_windows(16), random_windows(30, seed=1)
    return TaskPhase(Tagging(), encode, head, trainable, train, dev, seeds=[0], batch_size=8)


def test_checkpoints_are_picked_by_f1():
    """A head that tags every word B-PER finds all entities (recall 100) among many others (low precision)."""
    phase = phase_of()
    with torch.no_grad():
        phase.head.weight.zero_()
        phase.head.bias.copy_(torch.tensor([[0.0, 1.0, 0.0]]))
    phase.train(False)
    offsets = phase.dev_data.gold_offsets
    gold = [TAGS[phase.dev_data.gold[start:end]].tolist() for start, end in itertools.pairwise(offsets)]
    predicted = [["B-PER"] * len(sentence) for sentence in gold]
    precision, recall, f1 = (100 * score(gold, predicted) for score in (precision_score, recall_score, f1_score))
    assert precision < f1 < recall
    assert phase.evaluate()[phase.selection] == [pytest.approx(f1)]


@pytest.mark.parametrize("where", ["base_dropout", "head_dropout"])
def test_loss_has_dropout_in_training_mode_alone(where):
    phase = phase_of(**{where: 0.3})
    losses = {mode: [phase.train(mode) or phase.loss(0).item() for _ in range(2)] for mode in (True, False)}
    assert losses[True][0] != losses[True][1]
    assert losses[False][0] == losses[False][1]
    assert losses[False][0] not in losses[True]
