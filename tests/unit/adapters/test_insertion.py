"""Adapters in a base: what they change, what they leave alone, and where they have no place."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    XLMRobertaForMaskedLM,
)
from transformers.models.xlm_roberta.modeling_xlm_roberta import XLMRobertaOutput

from madx.adapters import AdaptedModel, AdapterSet, AdapterShape
from madx.adapters.stack import STACKS
from madx.models.architectures import ArchitectureError
from madx.models.fast_layers import use_fast_layers
from tests.unit.adapters.tiny import (
    HIDDEN,
    LAYERS,
    MODEL_TYPES,
    SHAPE,
    TASK_SHAPE,
    random_adapters,
    random_input,
    randomized,
    tiny_base,
)

every_type = pytest.mark.parametrize("model_type", MODEL_TYPES)
every_stack = pytest.mark.parametrize("stack", list(STACKS))


def outputs(adapted: AdaptedModel, input_ids: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states and MLM logits of all tokens."""
    hidden = adapted(input_ids, torch.ones_like(input_ids))
    return hidden, adapted.mlm_logits(hidden.flatten(0, 1)).unflatten(0, input_ids.shape)


def base_outputs(model: PreTrainedModel, input_ids: Tensor) -> tuple[Tensor, Tensor]:
    result = model(input_ids=input_ids, attention_mask=torch.ones_like(input_ids), output_hidden_states=True)
    return result.hidden_states[-1], result.logits


def without_up_projections(adapters: AdapterSet) -> AdapterSet:
    for name, parameter in adapters.named_parameters():
        if ".up_" in name:
            nn.init.zeros_(parameter)
    return adapters


def assert_equal(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> None:
    assert all(torch.equal(left, right) for left, right in zip(one, other, strict=True))


# ---------------------------------------------------------------- the base stays as it is


@every_type
@torch.no_grad()
def test_without_adapters_the_base_is_itself(model_type: str) -> None:
    model, input_ids = tiny_base(model_type), random_input()
    expected = base_outputs(model, input_ids)
    assert_equal(outputs(AdaptedModel(model), input_ids), expected)


@every_type
@torch.no_grad()
def test_dropout_of_the_base_stays_in_training_mode(model_type: str) -> None:
    model, input_ids = tiny_base(model_type, dropout=0.5).train(), random_input()
    use_fast_layers(model)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected, _ = base_outputs(model, input_ids)
        torch.manual_seed(0)
        hidden, _ = outputs(AdaptedModel(model), input_ids)
    assert torch.equal(hidden, expected)
    assert not torch.equal(hidden, base_outputs(model.eval(), input_ids)[0])


@every_type
@every_stack
@torch.no_grad()
def test_zero_up_projections_leave_the_base_bit_identical(model_type: str, stack: str) -> None:
    model, input_ids = tiny_base(model_type), random_input()
    expected = base_outputs(model, input_ids)
    adapted = AdaptedModel(model, stack)
    adapted.language = without_up_projections(random_adapters())
    adapted.task = without_up_projections(random_adapters(TASK_SHAPE))
    assert_equal(outputs(adapted, input_ids), expected)


@every_type
def test_base_weights_unchanged_by_training_steps(model_type: str) -> None:
    """After steps with dropout and weight decay every adapter weight has moved, and no bit of the base."""
    model, input_ids = tiny_base(model_type, dropout=0.1), random_input()
    before = copy.deepcopy(model.state_dict())
    adapted = AdaptedModel(model)
    adapted.language, adapted.task = random_adapters(), random_adapters(TASK_SHAPE)
    trained = nn.ModuleList([adapted.language, adapted.task])
    start = copy.deepcopy(trained.state_dict())
    adapted.train()
    optimizer = torch.optim.AdamW([*trained.parameters(), *model.parameters()], lr=0.01, weight_decay=0.1)
    for _ in range(3):
        _, logits = outputs(adapted, input_ids)
        optimizer.zero_grad()
        functional.cross_entropy(logits.flatten(0, 1), input_ids.flatten()).backward()
        optimizer.step()
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(not torch.equal(start[name], tensor) for name, tensor in trained.state_dict().items())


def test_unfreezing_trains_every_weight_of_the_base() -> None:
    model = tiny_base()
    adapted = AdaptedModel(model)
    assert not any(parameter.requires_grad for parameter in model.parameters())
    adapted.unfreeze()
    outputs(adapted, random_input())[1].square().mean().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_train_switches_base_and_adapters() -> None:
    adapted = AdaptedModel(tiny_base())
    adapted.language = random_adapters()
    for mode in (True, False):
        adapted.train(mode)
        assert adapted.model.training is adapted.language.training is mode


# ---------------------------------------------------------------- exchanging adapters


@every_type
@torch.no_grad()
def test_swapping_source_for_target_and_back_gives_bit_identical_outputs(model_type: str) -> None:
    adapted, input_ids = AdaptedModel(tiny_base(model_type)), random_input()
    adapted.task = random_adapters(TASK_SHAPE)
    source, target = random_adapters(seed=10), random_adapters(seed=11)
    adapted.language = source
    first = outputs(adapted, input_ids)
    adapted.language = target
    between = outputs(adapted, input_ids)
    adapted.language = source
    assert_equal(outputs(adapted, input_ids), first)
    assert all((one - other).abs().max() > 0.1 for one, other in zip(first, between, strict=True))


@torch.no_grad()
def test_taking_the_adapters_out_gives_the_base() -> None:
    model, input_ids = tiny_base(), random_input()
    expected = base_outputs(model, input_ids)
    adapted = AdaptedModel(model)
    adapted.language, adapted.task = random_adapters(), random_adapters(TASK_SHAPE)
    adapted.language = adapted.task = None
    assert_equal(outputs(adapted, input_ids), expected)


@torch.no_grad()
def test_language_without_invertible_adapter_leaves_embeddings_and_head() -> None:
    model, input_ids = tiny_base(), random_input()
    adapted = AdaptedModel(model)
    adapted.language = random_adapters(AdapterShape(LAYERS, HIDDEN, bottleneck_size=8))
    hidden, logits = outputs(adapted, input_ids)
    assert (hidden - base_outputs(tiny_base(), input_ids)[0]).abs().max() > 0.1
    assert torch.equal(logits, model.lm_head(hidden.flatten(0, 1)).unflatten(0, input_ids.shape))


@pytest.mark.parametrize("layers, hidden_size", [(LAYERS + 1, HIDDEN), (LAYERS, 2 * HIDDEN)])
@pytest.mark.parametrize("part", ["language", "task"])
def test_adapters_of_another_size_are_refused(part: str, layers: int, hidden_size: int) -> None:
    adapted = AdaptedModel(tiny_base())
    message = (
        f"adapters for {layers} layers of hidden size {hidden_size} do not fit a base with 3 layers of hidden size 16"
    )
    with pytest.raises(ValueError, match=message):
        setattr(adapted, part, AdapterSet(AdapterShape(layers, hidden_size, bottleneck_size=4)))
    assert getattr(adapted, part) is None


# ---------------------------------------------------------------- leaving out layers


@every_stack
@torch.no_grad()
def test_a_layer_left_out_equals_one_that_adds_nothing(stack: str) -> None:
    input_ids = random_input()
    adapted = AdaptedModel(tiny_base(), stack)
    adapted.language = silenced = random_adapters()
    for name, parameter in silenced.named_parameters():
        if name.startswith("layers.1.up_"):
            nn.init.zeros_(parameter)
    expected = outputs(adapted, input_ids)
    sparse = AdapterSet(AdapterShape(LAYERS, HIDDEN, 8, 4, leave_out=(1,)))
    sparse.load_state_dict({name: tensor for name, tensor in silenced.state_dict().items() if "layers.1." not in name})
    adapted.language = sparse
    assert_equal(outputs(adapted, input_ids), expected)


@every_stack
@torch.no_grad()
def test_task_stands_alone_where_the_language_is_left_out(stack: str) -> None:
    """A layer without a language adapter is the layer of the task adapter alone, in both placements."""
    input_ids = random_input()
    adapted = AdaptedModel(tiny_base(), stack)
    adapted.task = random_adapters(TASK_SHAPE)
    expected = outputs(adapted, input_ids)
    adapted.language = AdapterSet(AdapterShape(LAYERS, HIDDEN, 8, leave_out=tuple(range(LAYERS))))
    assert_equal(outputs(adapted, input_ids), expected)


# ---------------------------------------------------------------- precision


@every_type
def test_bfloat16_base_with_float32_adapters_has_float32_gradients(model_type: str) -> None:
    adapted = AdaptedModel(tiny_base(model_type).to(torch.bfloat16))
    adapted.language, adapted.task = random_adapters(), random_adapters(TASK_SHAPE)
    hidden, logits = outputs(adapted, random_input())
    assert hidden.dtype == logits.dtype == torch.bfloat16
    logits.float().square().mean().backward()
    for part in (adapted.language, adapted.task):
        for name, parameter in part.named_parameters():
            assert parameter.grad.dtype == torch.float32, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name


# ---------------------------------------------------------------- no place


def test_an_unknown_stack_is_refused() -> None:
    with pytest.raises(ValueError, match="stack 'houlsby' is unknown; known: paper, adapterhub"):
        AdaptedModel(tiny_base(), stack="houlsby")


@pytest.mark.parametrize(
    "model",
    [
        DistilBertForMaskedLM(DistilBertConfig(vocab_size=20, dim=8, hidden_dim=8, n_layers=1, n_heads=1)),
        GPT2LMHeadModel(GPT2Config(vocab_size=20, n_embd=8, n_layer=1, n_head=1)),
    ],
    ids=["distilbert", "gpt2"],
)
def test_an_architecture_without_declared_sites_is_refused(model: PreTrainedModel) -> None:
    with pytest.raises(ArchitectureError) as caught:
        AdaptedModel(model)
    name = model.config.model_type
    assert str(caught.value) == f"bases of type {name!r} are not supported; supported: xlm-roberta, roberta, bert"


class OtherOutput(XLMRobertaOutput):
    """A layer end that may compute anything."""


def test_a_layer_of_another_type_is_refused_and_the_base_left_as_it_was() -> None:
    model: XLMRobertaForMaskedLM = tiny_base()
    model.roberta.encoder.layer[1].output.__class__ = OtherOutput
    with pytest.raises(ArchitectureError, match="found 2 XLMRobertaOutput modules, expected 3"):
        AdaptedModel(model)
    assert all("forward" not in vars(layer.output) for layer in model.roberta.encoder.layer)


def test_a_body_without_mlm_head_is_refused() -> None:
    body = BertModel(BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1))
    with pytest.raises(ArchitectureError, match="BertModel: has no MLM head; load the base as BertForMaskedLM"):
        AdaptedModel(body)


def test_a_base_takes_one_set_of_places_only() -> None:
    """Wrapped twice, the first wrapping's adapters would go on acting unseen."""
    model = tiny_base()
    AdaptedModel(model).language = randomized(AdapterSet(SHAPE), seed=0)
    with pytest.raises(ValueError, match="has places for adapters already"):
        AdaptedModel(model)
