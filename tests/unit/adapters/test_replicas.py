"""Replicas in one pass: each is what it would be alone."""

import pytest
import torch
from torch import Tensor, nn

from madx.adapters import AdaptedModel, AdapterSet
from madx.adapters.stack import STACKS
from madx.adapters.storage import adapters_from, replica_state
from tests.unit.adapters.tiny import MODEL_TYPES, SHAPE, TASK_SHAPE, random_adapters, random_input, tiny_base

REPLICAS, ROWS = 3, 2


def alone(adapters: AdapterSet, replica: int) -> AdapterSet:
    return adapters_from(replica_state(adapters, replica), {"shape": adapters.shape.as_dict()}, "in memory")


def loss(adapted: AdaptedModel, input_ids: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states, and a sum over all of them that makes every adapter matter."""
    hidden = adapted(input_ids, torch.ones_like(input_ids))
    return hidden, hidden.sin().sum() + adapted.mlm_logits(hidden.flatten(0, 1)).sin().sum()


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@pytest.mark.parametrize("stack", list(STACKS))
@pytest.mark.parametrize("language_replicas", [REPLICAS, 1], ids=["own language", "shared language"])
def test_replica_equals_itself_alone(model_type: str, stack: str, language_replicas: int) -> None:
    """Outputs and gradients, with the language's adapters trained as well or shared by all replicas."""
    adapted = AdaptedModel(tiny_base(model_type), stack)
    language = random_adapters(SHAPE, seed=20, replicas=language_replicas)
    task = random_adapters(TASK_SHAPE, seed=21, replicas=REPLICAS)
    input_ids = random_input(REPLICAS * ROWS)
    adapted.language, adapted.task = language, task
    hidden, total = loss(adapted, input_ids)
    total.backward()
    for replica in range(REPLICAS):
        rows = slice(replica * ROWS, (replica + 1) * ROWS)
        adapted.task = own_task = alone(task, replica)
        adapted.language = own_language = alone(language, replica) if language_replicas > 1 else language
        hidden_alone, loss_alone = loss(adapted, input_ids[rows])
        torch.testing.assert_close(hidden[rows], hidden_alone, atol=1e-6, rtol=1e-6)
        pairs: list[tuple[nn.Module, nn.Module]] = [(task, own_task)]
        if own_language is not language:
            pairs.append((language, own_language))
        loss_alone.backward(inputs=[parameter for _, own in pairs for parameter in own.parameters()])
        for together, own in pairs:
            for (name, all_replicas), one in zip(together.named_parameters(), own.parameters(), strict=True):
                torch.testing.assert_close(
                    all_replicas.grad[replica],
                    one.grad[0],
                    atol=1e-5,
                    rtol=1e-4,
                    msg=lambda text, n=name: f"{n}: {text}",
                )
