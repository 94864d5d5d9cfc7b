"""`stack: paper` is the paper: a whole model written out by hand, equation by equation, from the base's weights."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from madx.adapters import AdaptedModel, AdapterSet
from tests.unit.adapters.tiny import (
    HEADS,
    HIDDEN,
    LAYERS,
    MODEL_TYPES,
    TASK_SHAPE,
    random_adapters,
    random_input,
    tiny_base,
)

NAMES = {
    "bert": ("bert", "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias"),
    "roberta": ("roberta", "lm_head.dense", "lm_head.layer_norm", "lm_head.bias"),
    "xlm-roberta": ("roberta", "lm_head.dense", "lm_head.layer_norm", "lm_head.bias"),
}


class Transcription:
    """The model of figure 1 for one sentence, in the letters of the paper."""

    def __init__(self, model, language: AdapterSet, task: AdapterSet | None) -> None:
        self.body, self.head, self.head_norm, self.head_bias = NAMES[model.config.model_type]
        self.config = model.config
        self.w = model.state_dict()
        self.language = {name: tensor[0] for name, tensor in language.state_dict().items()}
        self.task = {name: tensor[0] for name, tensor in task.state_dict().items()} if task else None

    def linear(self, name: str, x: Tensor) -> Tensor:
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def layer_norm(self, name: str, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        scaled = centred / (centred.square().mean(-1, keepdim=True) + self.config.layer_norm_eps).sqrt()
        return scaled * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    def embeddings(self, ids: Tensor) -> Tensor:
        e = f"{self.body}.embeddings"
        first = 0 if self.config.model_type == "bert" else self.config.pad_token_id + 1
        places = torch.arange(first, first + len(ids))
        words = self.w[f"{e}.word_embeddings.weight"][ids]
        positions = self.w[f"{e}.position_embeddings.weight"][places]
        return self.layer_norm(f"{e}.LayerNorm", words + positions + self.w[f"{e}.token_type_embeddings.weight"][0])

    def attention(self, name: str, x: Tensor) -> Tensor:
        q, k, v = (self.linear(f"{name}.self.{part}", x).chunk(HEADS, dim=-1) for part in ("query", "key", "value"))
        heads = [
            (q[i] @ k[i].T / math.sqrt(HIDDEN // HEADS)).softmax(dim=-1) @ v[i]  # one head after the other
            for i in range(HEADS)
        ]
        return self.layer_norm(
            f"{name}.output.LayerNorm", self.linear(f"{name}.output.dense", torch.cat(heads, -1)) + x
        )

    def projections(self, w: dict[str, Tensor], place: str, x: Tensor) -> Tensor:
        """U(ReLU(D(x))), the middle of equations 1, 2 and 5."""
        d = torch.relu(w[f"{place}.down_weight"] @ x.T + w[f"{place}.down_bias"][:, None])
        return (w[f"{place}.up_weight"] @ d + w[f"{place}.up_bias"][:, None]).T

    def LA(self, layer: int, h: Tensor, r: Tensor) -> Tensor:
        """Equation 1."""
        return self.projections(self.language, f"layers.{layer}", h) + r

    def TA(self, layer: int, LA: Tensor, r: Tensor) -> Tensor:
        """Equation 2, with the residual of footnote 2."""
        return self.projections(self.task, f"layers.{layer}", LA) + r

    def A_inv(self, e: Tensor) -> Tensor:
        """Equation 3, with F and G as in equation 5."""
        e1, e2 = e[:, : HIDDEN // 2], e[:, HIDDEN // 2 :]
        o1 = self.projections(self.language, "invertible.F", e2) + e1
        o2 = self.projections(self.language, "invertible.G", o1) + e2
        return torch.cat([o1, o2], -1)

    def A_inv_inverse(self, o: Tensor) -> Tensor:
        """Equation 4."""
        o1, o2 = o[:, : HIDDEN // 2], o[:, HIDDEN // 2 :]
        e2 = o2 - self.projections(self.language, "invertible.G", o1)
        e1 = o1 - self.projections(self.language, "invertible.F", e2)
        return torch.cat([e1, e2], -1)

    def hidden(self, ids: Tensor) -> Tensor:
        x = self.A_inv(self.embeddings(ids))
        for layer in range(LAYERS):
            name = f"{self.body}.encoder.layer.{layer}"
            x = self.attention(f"{name}.attention", x)
            inner = functional.gelu(self.linear(f"{name}.intermediate.dense", x))
            r = self.linear(f"{name}.output.dense", inner)
            h = self.layer_norm(f"{name}.output.LayerNorm", r + x)
            last = self.LA(layer, h, r)
            if self.task:
                last = self.TA(layer, last, r)
            x = self.layer_norm(f"{name}.output.LayerNorm", last + x)
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        transformed = self.layer_norm(self.head_norm, functional.gelu(self.linear(self.head, hidden)))
        output_embedding = self.w[f"{self.body}.embeddings.word_embeddings.weight"]
        return self.A_inv_inverse(transformed) @ output_embedding.T + self.w[self.head_bias]


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@pytest.mark.parametrize("with_task", [False, True], ids=["language", "stack"])
@torch.no_grad()
def test_paper_stack_equals_the_equations(model_type: str, with_task: bool) -> None:
    model = tiny_base(model_type).double()
    language = random_adapters().double()
    task = random_adapters(TASK_SHAPE, seed=5).double() if with_task else None
    adapted = AdaptedModel(model, stack="paper")
    adapted.language, adapted.task = language, task
    written = Transcription(model, language, task)
    input_ids = random_input(rows=2)
    hidden = adapted(input_ids, torch.ones_like(input_ids))
    for row in range(2):
        expected = written.hidden(input_ids[row])
        torch.testing.assert_close(hidden[row], expected, atol=1e-10, rtol=0)
        torch.testing.assert_close(adapted.mlm_logits(hidden[row]), written.logits(expected), atol=1e-10, rtol=0)


@torch.no_grad()
def test_the_two_stacks_differ_only_with_a_task_on_a_language() -> None:
    """So that the equations are a test of `paper`: `adapterhub` is another function of the same adapters."""
    by_stack = {}
    for stack in ("paper", "adapterhub"):
        adapted = AdaptedModel(tiny_base(), stack)
        adapted.language = random_adapters()
        alone = adapted(random_input())
        adapted.task = random_adapters(TASK_SHAPE, seed=5)
        by_stack[stack] = alone, adapted(random_input())
    assert torch.equal(by_stack["paper"][0], by_stack["adapterhub"][0])
    assert (by_stack["paper"][1] - by_stack["adapterhub"][1]).abs().max() > 0.1
