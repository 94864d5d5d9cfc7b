"""Batches of predictions: every unit once, in passes of the size that the device wants."""

from itertools import pairwise

import numpy as np
import pytest

from madx.adapters import AdaptedModel
from madx.tasks import kind
from madx.tasks.kind import Encoder
from tests.unit.training.conftest import tiny_model


@pytest.fixture
def encode() -> Encoder:
    return Encoder(AdaptedModel(tiny_model()))


@pytest.mark.parametrize("replicas", [1, 5])
def test_batches_hold_every_unit_once_and_no_more_sub_words_than_they_may(encode, replicas):
    lengths = np.random.default_rng(0).integers(1, 200, size=3000)
    batches = list(encode.batches(lengths, replicas))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    sizes = np.array([replicas * len(batch) * lengths[batch].max() for batch in batches])
    assert sizes.max() <= kind.PASS_TOKENS["cpu"]
    assert np.median(sizes) > 0.8 * kind.PASS_TOKENS["cpu"]  # and hardly less
    assert all(lengths[one].max() <= lengths[other].min() for one, other in pairwise(batches))


def test_a_unit_that_is_too_long_is_a_batch_of_its_own(encode):
    batches = list(encode.batches(np.array([3 * kind.PASS_TOKENS["cpu"], 4, 2 * kind.PASS_TOKENS["cpu"]]), 1))
    assert [batch.tolist() for batch in batches] == [[1], [2], [0]]
