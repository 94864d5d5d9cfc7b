"""The head of choices: a score a sequence, for each replica as if it were alone."""

from functools import partial

import pytest
import torch

from madx.adapters.bottleneck import generators
from madx.adapters.storage import replica_state
from madx.models.heads import ChoiceHead, TokenHead

HIDDEN = 16


def hidden_states(sequences: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(sequences, 7, HIDDEN, generator=torch.Generator().manual_seed(0)).to(dtype)


def trained_like(head: ChoiceHead) -> ChoiceHead:
    """Values large enough for every parameter to matter."""
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.normal_(0, 0.5, generator=torch.Generator().manual_seed(1))
    return head


def test_scores_are_those_of_a_plain_head() -> None:
    """Linear, tanh, linear on the first token, by torch's own layers."""
    head, hidden = trained_like(ChoiceHead(HIDDEN, replicas=2, dropout=0.5)).eval(), hidden_states(2 * 6)
    scores = head(hidden)
    assert scores.shape == (2, 6)
    for replica, rows in enumerate(hidden.view(2, 6, 7, HIDDEN)):
        inner = torch.nn.functional.linear(rows[:, 0], head.dense_weight[replica], head.dense_bias[replica]).tanh()
        torch.testing.assert_close(scores[replica], torch.nn.functional.linear(inner, head.weight[replica])[:, 0])


def test_replica_equals_itself_alone() -> None:
    """Scores and gradients."""
    together, hidden = trained_like(ChoiceHead(HIDDEN, replicas=3, dropout=0.0)), hidden_states(3 * 4)
    scores = together(hidden)
    scores.sin().sum().backward()
    for replica in range(3):
        alone = ChoiceHead(HIDDEN, dropout=0.0)
        alone.load_state_dict(replica_state(together, replica))
        own = alone(hidden[4 * replica : 4 * (replica + 1)])
        torch.testing.assert_close(scores[replica], own[0])
        own.sin().sum().backward()
        for (name, all_replicas), one in zip(together.named_parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(all_replicas.grad[replica], one.grad[0], msg=lambda text, n=name: f"{n}: {text}")


def test_only_the_first_token_counts() -> None:
    head, hidden = trained_like(ChoiceHead(HIDDEN)).eval(), hidden_states(4)
    changed = hidden.clone()
    changed[:, 1:] += 1
    assert torch.equal(head(hidden), head(changed))
    changed[:, 0] += 1
    assert not torch.allclose(head(hidden), head(changed))


@pytest.mark.parametrize("new", [partial(TokenHead.create, scores=2), ChoiceHead.create])
@pytest.mark.parametrize("autocast", [False, True])
def test_heads_compute_in_float32_whatever_the_base_computes_in(new, autocast: bool) -> None:
    """In bfloat16 many of these scores would be equal to others."""
    head = new(HIDDEN, seeds=(0, 1)).eval()
    hidden = hidden_states(400, torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        scores = head(hidden)
    assert scores.dtype == torch.float32
    assert torch.equal(scores, head(hidden.float()))
    assert scores.unique().numel() > scores.bfloat16().unique().numel()


def test_training_drops_values_before_both_layers() -> None:
    head = ChoiceHead(HIDDEN, dropout=0.5)
    with torch.no_grad():
        head.dense_weight.fill_(1 / HIDDEN)
        head.weight.fill_(1.0)
    ones = torch.ones(1000, 1, HIDDEN)
    scores = head.train()(ones)[0]
    # a sequence's inner values are all equal: dropout after tanh leaves a whole number of them, each doubled
    inner = torch.tanh(torch.arange(HIDDEN + 1) * 2 / HIDDEN) * 2
    whole = scores[:, None] / inner[1:]
    assert ((whole - whole.round()).abs() < 1e-3).any(dim=1).all()
    assert scores.unique().numel() > HIDDEN  # more values than one dropout could give
    assert head.eval()(ones).unique().numel() == 1


def test_initial_values_come_from_the_seed_alone() -> None:
    """N(0, 0.02) for the matrices, a zero bias; 0 is a seed like another."""
    before = torch.get_rng_state()
    head = ChoiceHead.create(128, seeds=(7, 0))
    assert torch.equal(torch.get_rng_state(), before)
    assert not head.dense_bias.any()
    assert head.dense_weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert head.weight.std().item() == pytest.approx(0.02, rel=0.2)
    for replica, seed in enumerate((7, 0)):
        alone = ChoiceHead.create(128, seeds=(seed,)).state_dict()
        own = replica_state(head, replica)
        assert own.keys() == alone.keys() and all(torch.equal(own[name], alone[name]) for name in alone)
        (generator,) = generators([seed], "head")
        assert torch.equal(head.dense_weight[replica], torch.empty(128, 128).normal_(0, 0.02, generator=generator))
    assert not torch.equal(head.weight[0], head.weight[1])
