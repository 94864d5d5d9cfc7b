"""The base architectures: where embeddings, layers and the MLM head of each are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn
from transformers import BertForMaskedLM, PreTrainedModel, RobertaForMaskedLM, XLMRobertaForMaskedLM
from transformers.activations import gelu
from transformers.models.bert.modeling_bert import BertEmbeddings, BertOutput
from transformers.models.roberta.modeling_roberta import RobertaEmbeddings, RobertaOutput
from transformers.models.xlm_roberta.modeling_xlm_roberta import XLMRobertaEmbeddings, XLMRobertaOutput


class ArchitectureError(ValueError):
    """A model in which the adapters find no place."""


def _roberta_transform(model: PreTrainedModel, hidden: Tensor) -> Tensor:
    head = model.lm_head
    return head.layer_norm(gelu(head.dense(hidden)))


def _bert_transform(model: PreTrainedModel, hidden: Tensor) -> Tensor:
    return model.cls.predictions.transform(hidden)


@dataclass(frozen=True)
class Architecture:
    """The sites of one model type (transformers' `config.model_type`).

    layer_output: the module type at the end of each layer: dense, dropout, LayerNorm(· + input).
    transform: the MLM head before the output embedding, (n, hidden_size) -> (n, hidden_size).
    mlm_head: attribute of the model that holds the head.
    """

    model_type: str
    masked_lm: type[PreTrainedModel]
    body: str
    embeddings: type[nn.Module]
    layer_output: type[nn.Module]
    transform: Callable[[PreTrainedModel, Tensor], Tensor]
    mlm_head: str

    def find(self, model: PreTrainedModel, site: type[nn.Module], expected: int) -> list[nn.Module]:
        """The modules of exactly this type, in order of depth; ArchitectureError unless `expected` are there."""
        found = [module for module in model.modules() if type(module) is site]
        if len(found) != expected:
            raise ArchitectureError(
                f"{type(model).__name__}: found {len(found)} {site.__name__} modules, expected {expected};"
                " the adapters would have no place"
            )
        return found


ARCHITECTURES = {
    architecture.model_type: architecture
    for architecture in (
        Architecture(
            "xlm-roberta",
            XLMRobertaForMaskedLM,
            "roberta",
            XLMRobertaEmbeddings,
            XLMRobertaOutput,
            _roberta_transform,
            "lm_head",
        ),
        Architecture(
            "roberta", RobertaForMaskedLM, "roberta", RobertaEmbeddings, RobertaOutput, _roberta_transform, "lm_head"
        ),
        Architecture("bert", BertForMaskedLM, "bert", BertEmbeddings, BertOutput, _bert_transform, "cls"),
    )
}


def architecture_of(config) -> Architecture:
    """The declaration for a transformers configuration; ArchitectureError names the types that are supported."""
    architecture = ARCHITECTURES.get(config.model_type)
    if architecture is None:
        raise ArchitectureError(
            f"bases of type {config.model_type!r} are not supported; supported: {', '.join(ARCHITECTURES)}"
        )
    return architecture
