"""Masking and the adaptation phase."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from madx.adapters import AdaptedModel, AdapterSet, AdapterShape
from madx.models import products
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.mlm import MlmPhase, Vocabulary, epoch_sampler, mask_blocks, mixed_sampler
from tests.unit.training.conftest import HIDDEN, LAYERS, VOCABULARY, tiny_model

SPECIAL = np.zeros(VOCABULARY, dtype=bool)
SPECIAL[[0, 1, 2, 3, VOCABULARY - 1]] = True
VOCAB = Vocabulary(VOCABULARY - 1, np.arange(VOCABULARY) % 2 == 0, SPECIAL)


def random_blocks(count=50, length=20, seed=0):
    blocks = np.random.default_rng(seed).integers(4, VOCABULARY - 1, size=(count, length))
    blocks[:, 0], blocks[:, -1] = 0, 2
    return blocks


@given(st.integers(0, 1000), st.booleans(), st.floats(0.0, 1.0))
def test_special_tokens_are_never_masked_and_something_is(seed, whole_words, fraction):
    blocks = random_blocks(4, seed=seed)
    inputs, chosen = mask_blocks(blocks, VOCAB, fraction, whole_words, np.random.default_rng(seed))
    assert chosen.any()
    assert not chosen[SPECIAL[blocks]].any()
    assert (inputs[~chosen] == blocks[~chosen]).all()
    assert not (SPECIAL[inputs] & chosen & (inputs != VOCAB.mask_id)).any()


def test_masking_has_berts_rates():
    blocks = random_blocks(2000)
    inputs, chosen = mask_blocks(blocks, VOCAB, 0.15, False, np.random.default_rng(1))
    assert chosen[:, 1:-1].mean() == pytest.approx(0.15, abs=0.005)
    assert (inputs == VOCAB.mask_id)[chosen].mean() == pytest.approx(0.8, abs=0.01)
    assert (inputs == blocks)[chosen].mean() == pytest.approx(0.1, abs=0.01)


def test_whole_words_are_masked_together():
    blocks = random_blocks(200)
    _, chosen = mask_blocks(blocks, VOCAB, 0.3, True, np.random.default_rng(1))
    continues = ~VOCAB.starts_word[blocks[:, 1:]] & ~SPECIAL[blocks[:, 1:]] & ~SPECIAL[blocks[:, :-1]]
    assert (chosen[:, 1:] == chosen[:, :-1])[continues].all()
    assert chosen[:, 1:-1].mean() == pytest.approx(0.3, abs=0.03)


def test_masking_differs_between_epochs():
    blocks = random_blocks(4)
    first = mask_blocks(blocks, VOCAB, 0.15, False, np.random.default_rng([0, 1, 0]))[1]
    second = mask_blocks(blocks, VOCAB, 0.15, False, np.random.default_rng([0, 1, 1]))[1]
    assert (first != second).any()


def test_an_epoch_visits_every_block_once():
    blocks = np.arange(12)[:, None]
    sample = epoch_sampler(blocks, batch_size=5, seed=3)
    drawn = np.concatenate([sample(step) for step in range(12)]).ravel()  # 60 draws: five epochs
    for epoch in range(5):
        assert sorted(drawn[epoch * 12 : (epoch + 1) * 12]) == list(range(12))
    assert (epoch_sampler(blocks, 5, 3)(7) == sample(7)).all()  # a function of the step


def test_every_epoch_and_seed_has_an_order_of_its_own():
    blocks = np.arange(12)[:, None]
    orders = [epoch_sampler(blocks, 12, seed)(epoch).ravel().tolist() for seed in (3, 4) for epoch in range(3)]
    assert len({*map(tuple, orders), tuple(range(12))}) == 7  # all different, none that of the file


def test_mixed_sampler_draws_by_size_to_the_exponent():
    small, large = np.zeros((10, 1)), np.ones((1000, 1))
    share = np.mean([mixed_sampler([small, large], 200, 0.5, 0)(step).mean() for step in range(20)])
    assert share == pytest.approx(10 / 11, abs=0.02)


def phase_and_parts(**options):
    model = tiny_model(dropout=0.1)
    adapted = AdaptedModel(model)
    adapted.language = AdapterSet.create(AdapterShape(LAYERS, HIDDEN, 8, 4), [0])
    blocks = random_blocks()
    phase = MlmPhase(
        adapted,
        dict(adapted.language.named_parameters()),
        epoch_sampler(blocks[:40], 8, 0),
        blocks[40:],
        VOCAB,
        mask_fraction=0.15,
        whole_words=False,
        seed=0,
        **options,
    )
    return model, adapted, phase


def test_loss_has_dropout_in_training_mode_alone():
    _, _, phase = phase_and_parts()
    losses = {mode: [phase.train(mode) or phase.loss(0).item() for _ in range(2)] for mode in (True, False)}
    assert losses[True][0] != losses[True][1]
    assert losses[False][0] == losses[False][1]
    assert losses[False][0] not in losses[True]


def test_phase_without_dropout_has_none_in_training_mode():
    _, _, phase = phase_and_parts(dropout=False)
    losses = {phase.train(mode) or phase.loss(0).item() for mode in (True, True, False)}
    assert len(losses) == 1


def test_loss_is_computed_at_masked_positions_only():
    _, adapted, phase = phase_and_parts()
    phase.train(False)
    seen = []
    original = adapted.mlm_loss
    adapted.mlm_loss = lambda hidden, wanted: seen.append(len(hidden)) or original(hidden, wanted)
    phase.loss(0)
    assert 0 < seen[0] < 0.4 * 8 * 20


def test_masked_output_equals_the_full_output_there():
    _, adapted, _ = phase_and_parts()
    adapted.train(False)
    ids = torch.from_numpy(random_blocks(3))
    hidden = adapted(ids)
    chosen = torch.zeros(3, 20, dtype=torch.bool)
    chosen[:, [2, 5]] = True
    full = adapted.mlm_logits(hidden)
    torch.testing.assert_close(adapted.mlm_logits(hidden[chosen]), full[chosen], atol=1e-6, rtol=1e-5)


def test_base_weights_are_bit_identical_after_adaptation():
    model, _, phase = phase_and_parts()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    adapters = {name: p.detach().clone() for name, p in phase.trainable.items()}
    optimize(phase, adamw(phase.trainable.values(), 1e-2, 0.0), LoopSettings(10, 2, 0.1, 1.0))
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(not torch.equal(adapters[name], p) for name, p in phase.trainable.items())


def test_adaptation_lowers_held_out_perplexity():
    _, _, phase = phase_and_parts()
    blocks = random_blocks() // 8 * 8 + 1  # few kinds of token: learnable
    blocks[:, 0], blocks[:, -1] = 0, 2
    phase.sample, phase.held_out = epoch_sampler(blocks[:40], 8, 0), blocks[40:]
    outcome = optimize(phase, adamw(phase.trainable.values(), 1e-2, 0.0), LoopSettings(60, 2, 0.1, 1.0))
    curve = [record["value"] for record in outcome.metrics if record["metric"] == "perplexity"]
    assert curve[-1] < 0.9 * curve[0]


@pytest.mark.parametrize("onednn", [False, True])
def test_interrupted_adaptation_with_dropout_resumes_bit_for_bit(tmp_path, monkeypatch, onednn):
    monkeypatch.setattr(products, "ONEDNN", onednn and torch.backends.mkldnn.is_available())
    monkeypatch.setattr(products, "SMALLEST", 0)

    def run(interrupt_at=None, folder=None):
        _, _, phase = phase_and_parts()
        whole = phase.loss

        def loss(step):
            if step == interrupt_at:
                raise KeyboardInterrupt
            return whole(step)

        phase.loss = loss
        settings = LoopSettings(12, 3, 0.1, 1.0, checkpoint_seconds=0.0)
        return optimize(phase, adamw(phase.trainable.values(), 1e-2, 0.01), settings, checkpoint_folder=folder)

    undisturbed = run()
    with pytest.raises(KeyboardInterrupt):
        run(interrupt_at=7, folder=tmp_path)
    resumed = run(folder=tmp_path)
    assert resumed.state.keys() == undisturbed.state.keys()
    assert all(torch.equal(resumed.state[name], tensor) for name, tensor in undisturbed.state.items())
