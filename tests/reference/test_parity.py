"""With the same weights and `stack: adapterhub`, our adapters compute what the `adapters` library computes.

The bound is a greatest absolute difference of 1e-5 in float32. Since gradients can be small, each is also bound
relative to its own greatest value, so that no gradient agrees merely by being nearly nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig

from madx.adapters import AdaptedModel, AdapterSet, AdapterShape
from madx.adapters.stack import Stack
from madx.models import products
from madx.models.architectures import ARCHITECTURES

pytestmark = pytest.mark.reference

TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 1e-4  # of a gradient's own greatest value

TINY = ["language", "task", "stack", "sparse_language", "sparse_stack"]
VARIANTS = [
    *((f"tiny-{model_type}", variant) for model_type in ("xlm-roberta", "roberta", "bert") for variant in TINY),
    *((f"full-{model_type}", variant) for model_type in ("xlm-roberta", "bert") for variant in ("language", "stack")),
]

# The peer keeps flexible heads, and adapters among the base's weights; ours are the names of transformers' own classes.
HEADS = {
    "roberta": {"0": "lm_head.dense", "2": "lm_head.layer_norm", "3": "lm_head.decoder"},
    "bert": {
        "0": "cls.predictions.transform.dense",
        "2": "cls.predictions.transform.LayerNorm",
        "3": "cls.predictions.decoder",
    },
}
OUTPUT_BIAS = {"roberta": "lm_head.bias", "bert": "cls.predictions.bias"}
LAYER_WEIGHT = re.compile(r".*layer\.(\d+)\.output\.adapters\.(\w+)\.adapter_(down|up)(?:\.0)?\.(weight|bias)")
INVERTIBLE_WEIGHT = re.compile(r".*invertible_adapters\.(\w+)\.([FG])\.([02])\.(weight|bias)")


def adapter_place(name: str) -> tuple[str, str] | None:
    """The adapter that one of the peer's weights belongs to and our name for it; None for a weight of the base."""
    if found := LAYER_WEIGHT.fullmatch(name):
        layer, adapter, projection, kind = found.groups()
        return adapter, f"layers.{layer}.{projection}_{kind}"
    if found := INVERTIBLE_WEIGHT.fullmatch(name):
        adapter, function, index, kind = found.groups()
        return adapter, f"invertible.{function}.{'down' if index == '0' else 'up'}_{kind}"
    return None


def base_weights(weights: dict[str, Tensor], body: str) -> dict[str, Tensor]:
    """The peer's base and head under our names.

    Left out are the pooler, no part of a masked language model, and the embeddings' second name (prompt tuning).
    """
    translated = {}
    for name, tensor in weights.items():
        if name.startswith("heads.mlm."):
            _, _, index, kind = name.split(".")
            translated[f"{HEADS[body][index]}.{kind}"] = tensor
        elif adapter_place(name) is None and not re.search(r"\.(pooler|prompt_tuning)\.", name):
            translated[name] = tensor
    translated[OUTPUT_BIAS[body]] = translated[f"{HEADS[body]['3']}.bias"]
    return translated


@dataclass
class Case:
    """One of the peer's models in our classes: inputs, the adapters by name, and the peer's results."""

    adapted: AdaptedModel
    adapters: dict[str, AdapterSet]
    variants: dict[str, tuple[list[str], str]]
    tensors: dict[str, Tensor]

    def peer(self, variant: str, name: str) -> Tensor:
        return self.tensors[f"{variant}/{name}"]

    def activate(self, variant: str) -> dict[str, AdapterSet]:
        """Set the adapters of a variant, without gradients; returns them by name."""
        names, _ = self.variants[variant]
        chosen = {name: self.adapters[name] for name in names}
        self.adapted.language = next((found for name, found in chosen.items() if name.endswith("language")), None)
        self.adapted.task = next((found for name, found in chosen.items() if name.endswith("task")), None)
        for adapters in chosen.values():
            adapters.zero_grad()
        return chosen

    def hidden_states(self) -> Tensor:
        """(layers + 1, rows, tokens, hidden): after the embeddings and after every layer."""
        collected: list[Tensor] = []
        body = self.adapted.body
        hooks = [
            module.register_forward_hook(lambda _module, _inputs, output: collected.append(output))
            for module in (body.embeddings, *(layer.output for layer in body.encoder.layer))
        ]
        last = self.adapted(self.tensors["input_ids"], self.tensors["attention_mask"])
        for hook in hooks:
            hook.remove()
        assert torch.equal(last, collected[-1])
        return torch.stack(collected)

    def head(self, hidden: Tensor) -> Tensor:
        """(rows, tokens, hidden) -> (rows, tokens, vocabulary)"""
        return self.adapted.mlm_logits(hidden.flatten(0, 1)).unflatten(0, hidden.shape[:2])

    def logits(self) -> Tensor:
        """(rows, tokens, vocabulary)"""
        return self.head(self.adapted(self.tensors["input_ids"], self.tensors["attention_mask"]))

    def loss(self, variant: str) -> Tensor:
        """The mean loss whose gradients the peer took, over the positions that have a label."""
        _, kind = self.variants[variant]
        hidden = self.adapted(self.tensors["input_ids"], self.tensors["attention_mask"])
        labels = self.tensors[f"{kind}_labels"]
        chosen = labels != -100
        if kind == "mlm":
            logits = self.adapted.mlm_logits(hidden[chosen])
        else:
            logits = hidden[chosen] @ self.tensors["classifier"].T
        return functional.cross_entropy(logits, labels[chosen])


def load_case(path: Path, stack: Stack = "adapterhub") -> Case:
    """Build our model and adapters with the peer's weights; every weight must find its place."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    weights = {name[8:]: tensors.pop(name) for name in list(tensors) if name.startswith("weights/")}
    architecture = ARCHITECTURES[metadata["model_type"]]
    config = AutoConfig.for_model(metadata["model_type"], **json.loads(metadata["config"]))
    model = architecture.masked_lm(config).eval()
    model.load_state_dict(base_weights(weights, architecture.body), strict=True)

    adapters = {}
    for name, settings in json.loads(metadata["adapters"]).items():
        invertible = settings.get("inv_adapter_reduction_factor")
        shape = AdapterShape(
            layers=config.num_hidden_layers,
            hidden_size=config.hidden_size,
            bottleneck_size=config.hidden_size // settings["reduction_factor"],
            invertible_bottleneck_size=config.hidden_size // 2 // invertible if invertible else None,
            leave_out=tuple(settings.get("leave_out", ())),
        )
        adapters[name] = AdapterSet(shape)
        places = {theirs: place[1] for theirs in weights if (place := adapter_place(theirs)) and place[0] == name}
        adapters[name].load_state_dict({ours: weights[theirs][None] for theirs, ours in places.items()}, strict=True)
    return Case(AdaptedModel(model, stack), adapters, json.loads(metadata["variants"]), tensors)


@pytest.fixture(scope="module")
def case(request, peer_results) -> Case:
    return load_case(peer_results / f"{request.param}.safetensors")


every_variant = pytest.mark.parametrize(("case", "variant"), VARIANTS, indirect=["case"])


def difference(ours: Tensor, theirs: Tensor) -> float:
    """The greatest absolute difference."""
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype == torch.float32
    return (ours - theirs).abs().max().item()


@pytest.fixture
def compare(record_property, request):
    """Hold a difference against the bound, and have it printed in the summary."""

    def record(what: str, found: float, remark: str = "") -> None:
        parameters = request.node.callspec.params
        record_property("parity", f"{parameters['case']:17} {parameters['variant']:16} {what:14} {found:.1e}  {remark}")
        assert found <= TOLERANCE, f"{what} differ by {found:.2e}"

    return record


@every_variant
@torch.no_grad()
def test_hidden_states_of_every_layer_agree(case: Case, variant: str, compare) -> None:
    case.activate(variant)
    compare("hidden states", difference(case.hidden_states(), case.peer(variant, "hidden_states")))


@every_variant
@torch.no_grad()
def test_mlm_logits_agree(case: Case, variant: str, compare) -> None:
    """At every position, with the inverse of the invertible adapter where the language has one."""
    case.activate(variant)
    compare("MLM logits", difference(case.logits(), case.peer(variant, "logits")))


@every_variant
def test_gradients_of_every_adapter_weight_agree(case: Case, variant: str, compare, monkeypatch) -> None:
    """Under the mean MLM loss for a language alone; under a mean loss of the tokens' tags with a task's adapters.

    With torch's own products on both sides: others round otherwise, and where a unit's input is as near to 0 as that,
    its ReLU lets a gradient pass on one side alone (oneDNN: one of 4,608 units of full-xlm-roberta).
    """
    monkeypatch.setattr(products, "ONEDNN", False)
    active = case.activate(variant)
    loss = case.loss(variant)
    loss.backward()
    theirs = {
        adapter_place(name): tensor for name, tensor in case.tensors.items() if name.startswith(f"{variant}/gradient/")
    }
    ours = {(adapter, name): p.grad[0] for adapter, part in active.items() for name, p in part.named_parameters()}
    assert ours.keys() == theirs.keys()
    compare("loss", difference(loss.detach(), case.peer(variant, "loss")))
    greatest = {place: gradient.abs().max().item() for place, gradient in theirs.items()}
    found = {place: difference(ours[place], theirs[place]) for place in ours}
    relative = {place: found[place] / greatest[place] for place in ours}
    sizes = f"greatest values {min(greatest.values()):.1e} to {max(greatest.values()):.1e}"
    compare("gradients", max(found.values()), f"({max(relative.values()):.1e} of the weight's greatest; {sizes})")
    assert max(relative.values()) <= GRADIENT_TOLERANCE, max(relative, key=relative.get)


@every_variant
@torch.no_grad()
def test_adapters_matter_in_the_comparison(case: Case, variant: str) -> None:
    """Without its adapters, or without the inverse, the same model is far from the peer's results."""
    case.activate(variant)
    language = case.adapted.language
    if language is not None and language.invertible is not None:
        hidden = case.adapted(case.tensors["input_ids"], case.tensors["attention_mask"])
        case.adapted.language = None
        assert difference(case.head(hidden), case.peer(variant, "logits")) > 0.1
    case.adapted.language = case.adapted.task = None
    assert difference(case.hidden_states()[-1], case.peer(variant, "hidden_states")[-1]) > 0.1


@torch.no_grad()
def test_the_stack_of_the_paper_is_another(peer_results) -> None:
    """`stack: paper` does not compute what the library computes, once a task stands on a language."""
    case = load_case(peer_results / "tiny-xlm-roberta.safetensors", stack="paper")
    case.activate("language")
    assert difference(case.hidden_states(), case.peer("language", "hidden_states")) <= TOLERANCE
    case.activate("stack")
    assert difference(case.hidden_states(), case.peer("stack", "hidden_states")) > 0.1
