"""The head on tokens: a linear layer for each replica, with dropout before it."""

import torch

from madx.models.heads import TokenHead

HIDDEN, TAGS = 64, 5


def head_and_input(dropout=0.5):
    head = TokenHead.create(HIDDEN, TAGS, seeds=(0, 1), dropout=dropout)
    return head, torch.randn(2 * 3, 7, HIDDEN, generator=torch.Generator().manual_seed(0))


def test_each_replica_scores_its_own_rows_without_dropout():
    head, hidden = head_and_input()
    scores = head.eval()(hidden)
    for replica, rows in enumerate(hidden.view(2, 21, HIDDEN)):
        wanted = torch.nn.functional.linear(rows, head.weight[replica], head.bias[replica])
        torch.testing.assert_close(scores[replica], wanted)


def test_training_drops_hidden_values():
    head, hidden = head_and_input()
    with torch.no_grad():
        head.weight.fill_(1.0)
    kept = head.train()(torch.ones_like(hidden))[..., 0] / 2  # what is kept is doubled
    assert torch.equal(kept, kept.round())
    assert 0.4 * HIDDEN < kept.mean() < 0.6 * HIDDEN
    assert not torch.equal(head(hidden), head(hidden))


def test_head_without_dropout_is_the_same_in_training():
    head, hidden = head_and_input(dropout=0.0)
    assert torch.equal(head.train()(hidden), head.eval()(hidden))
