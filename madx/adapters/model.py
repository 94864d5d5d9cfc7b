"""A frozen base with places for a language's adapters and a task's, which can be exchanged at any time."""

from __future__ import annotations

from torch import Tensor
from transformers import PreTrainedModel

from madx.adapters.adapter_set import AdapterSet
from madx.adapters.stack import STACKS, Stack
from madx.models.architectures import ArchitectureError, architecture_of
from madx.models.cross_entropy import cross_entropy_of_output
from madx.models.fast_layers import use_fast_layers


class AdaptedModel:
    """A masked language model whose layers, embeddings and MLM head use the adapters in `language` and `task`.

    The base's modules stay where they are (its state dict keeps its keys); their forward passes look up the adapters
    that are set at that moment, so that `adapted.language = other` exchanges a language without touching the base.
    The base is frozen: use `unfreeze` for the methods that train the whole model.
    """

    def __init__(self, model: PreTrainedModel, stack: Stack = "paper") -> None:
        if stack not in STACKS:
            raise ValueError(f"stack {stack!r} is unknown; known: {', '.join(STACKS)}")
        self.model = model
        self.architecture = architecture_of(model.config)
        if not isinstance(model, self.architecture.masked_lm):
            raise ArchitectureError(
                f"{type(model).__name__}: has no MLM head; load the base as {self.architecture.masked_lm.__name__}"
            )
        self.body = getattr(model, self.architecture.body)
        self._language: AdapterSet | None = None
        self._task: AdapterSet | None = None
        outputs = self.architecture.find(model, self.architecture.layer_output, model.config.num_hidden_layers)
        (embeddings,) = self.architecture.find(model, self.architecture.embeddings, 1)
        if any("forward" in vars(output) for output in outputs):
            raise ValueError(f"this {type(model).__name__} has places for adapters already; use its AdaptedModel")
        for index, output in enumerate(outputs):
            self._adapt_layer(output, index, STACKS[stack])
        embeddings.register_forward_hook(self._adapt_embeddings)
        use_fast_layers(model)
        model.requires_grad_(False)

    # ---------------------------------------------------------------- what is inserted

    @property
    def language(self) -> AdapterSet | None:
        """The language's adapters in use."""
        return self._language

    @language.setter
    def language(self, adapters: AdapterSet | None) -> None:
        self._language = self._fitting(adapters)

    @property
    def task(self) -> AdapterSet | None:
        """The task's adapters in use, stacked on the language's."""
        return self._task

    @task.setter
    def task(self, adapters: AdapterSet | None) -> None:
        self._task = self._fitting(adapters)

    def _fitting(self, adapters: AdapterSet | None) -> AdapterSet | None:
        if adapters is not None:
            config, shape = self.model.config, adapters.shape
            if (shape.hidden_size, shape.layers) != (config.hidden_size, config.num_hidden_layers):
                raise ValueError(
                    f"adapters for {shape.layers} layers of hidden size {shape.hidden_size} do not fit a base with"
                    f" {config.num_hidden_layers} layers of hidden size {config.hidden_size}"
                )
        return adapters

    def _adapt_layer(self, output, index: int, stack) -> None:
        def forward(hidden_states: Tensor, input_tensor: Tensor) -> Tensor:
            r = output.dropout(output.dense(hidden_states))
            adapters = [found for part in (self._language, self._task) if part and (found := part.at(index))]
            return stack(output.LayerNorm, adapters, input_tensor, r)

        output.forward = forward

    def _adapt_embeddings(self, module, arguments, embedded: Tensor) -> Tensor:
        if self._language is not None and self._language.invertible is not None:
            return self._language.invertible(embedded)
        return embedded

    # ---------------------------------------------------------------- use

    def __call__(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Each input: (replicas · batch, tokens) -> last hidden states (…, tokens, hidden_size)."""
        inputs = {"attention_mask": attention_mask, "token_type_ids": token_type_ids}
        return self.body(input_ids=input_ids, **inputs).last_hidden_state

    def mlm_logits(self, hidden: Tensor) -> Tensor:
        """hidden: (n, hidden_size) at the positions of interest -> (n, vocabulary).

        The head's transformation, the inverse of the invertible adapter, then the output embedding (figure 1).
        """
        return self.model.get_output_embeddings()(self._transformed(hidden))

    def mlm_loss(self, hidden: Tensor, wanted: Tensor) -> Tensor:
        """Summed cross-entropy of mlm_logits(hidden) against token ids wanted (n,), in less memory."""
        output = self.model.get_output_embeddings()
        return cross_entropy_of_output(self._transformed(hidden), output.weight, output.bias, wanted)

    def _transformed(self, hidden: Tensor) -> Tensor:
        transformed = self.architecture.transform(self.model, hidden)
        if self._language is not None and self._language.invertible is not None:
            transformed = self._language.invertible.inverse(transformed)
        return transformed

    def unfreeze(self) -> None:
        """Let every weight of the base train (full fine-tuning and `full` adaptation)."""
        self.model.requires_grad_(True)

    def train(self, mode: bool = True) -> None:
        """Dropout on or off, in the base and the adapters."""
        for part in (self.model, self._language, self._task):
            if part is not None:
                part.train(mode)
