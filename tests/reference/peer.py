"""Run in the peer library's environment: random models with random adapters, and what the peer computes with them.

    .venv-peer/bin/python tests/reference/peer.py FOLDER

writes FOLDER/<size>-<model type>.safetensors (a whole model with its adapters, inputs, hidden states, logits and
gradients; the metadata holds the configuration) and FOLDER/counts.json (parameters at the size of XLM-R base).
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import torch
from adapters import BertAdapterModel, RobertaAdapterModel, SeqBnConfig, XLMRobertaAdapterModel
from adapters.composition import Stack
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional
from transformers import BertConfig, PreTrainedModel, RobertaConfig, XLMRobertaConfig

MODELS = {
    "xlm-roberta": (XLMRobertaConfig, XLMRobertaAdapterModel, {"type_vocab_size": 1, "layer_norm_eps": 1e-5}),
    "roberta": (RobertaConfig, RobertaAdapterModel, {"type_vocab_size": 1, "layer_norm_eps": 1e-5}),
    "bert": (BertConfig, BertAdapterModel, {"type_vocab_size": 2, "layer_norm_eps": 1e-12}),
}
TINY = {
    "vocab_size": 120,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}
FULL = {
    "vocab_size": 1000,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 64,
}
ADAPTERS = {
    "language": {"reduction_factor": 2, "inv_adapter": "nice", "inv_adapter_reduction_factor": 2},
    "task": {"reduction_factor": 16},
    "sparse_language": {"reduction_factor": 2, "leave_out": [0, 1]},
    "sparse_task": {"reduction_factor": 16, "leave_out": [0, 2]},
}
# variant: the adapters in use from the bottom up, and the loss whose gradients are taken
VARIANTS = {
    "language": (["language"], "mlm"),
    "task": (["task"], "tag"),
    "stack": (["language", "task"], "tag"),
    "sparse_language": (["sparse_language"], "mlm"),
    "sparse_stack": (["sparse_language", "sparse_task"], "tag"),
}
CASES = {
    "tiny-xlm-roberta": (TINY, list(VARIANTS)),
    "tiny-roberta": (TINY, list(VARIANTS)),
    "tiny-bert": (TINY, list(VARIANTS)),
    "full-xlm-roberta": (FULL, ["language", "stack"]),
    "full-bert": (FULL, ["language", "stack"]),
}
TAGS = 7


def build(model_type: str, sizes: dict, adapters: list[str]) -> PreTrainedModel:
    """The peer's model with an MLM head and the named adapters, in evaluation mode."""
    config_class, model_class, extra = MODELS[model_type]
    model = model_class(config_class(**sizes, **extra))
    model.add_masked_lm_head("mlm")
    for name in adapters:
        model.add_adapter(name, config=SeqBnConfig(**ADAPTERS[name]))
    return model.eval()


@torch.no_grad()
def randomize(model: PreTrainedModel, generator: torch.Generator) -> None:
    """Values with which every parameter matters: no zero biases, adapters about as strong as feed-forward blocks."""
    base_deviation = 0.5 / math.sqrt(model.config.hidden_size)  # 0.018 at hidden size 768, close to the usual 0.02
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "adapters." in name:
            parameter.copy_(noise * (0.1 if parameter.dim() == 1 else 0.7 / math.sqrt(parameter.shape[1])))
        elif parameter.dim() == 1:
            is_norm = name.endswith("weight")
            parameter.copy_(1 + 0.1 * noise if is_norm else 0.1 * noise)
        else:
            parameter.copy_(base_deviation * noise)


def make_inputs(config, generator: torch.Generator) -> dict[str, Tensor]:
    """Two sentences, the second one padded; MLM labels at some positions, a tag at every real one."""
    rows, tokens, padded = 2, 24, 7
    attention_mask = torch.ones(rows, tokens, dtype=torch.long)
    attention_mask[1, -padded:] = 0
    input_ids = torch.randint(5, config.vocab_size, (rows, tokens), generator=generator)
    input_ids = input_ids.where(attention_mask.bool(), config.pad_token_id)
    original = torch.randint(5, config.vocab_size, (rows, tokens), generator=generator)
    masked = (torch.rand(rows, tokens, generator=generator) < 0.3) & attention_mask.bool()
    tags = torch.randint(TAGS, (rows, tokens), generator=generator)
    return {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "mlm_labels": original.where(masked, -100),
        "tag_labels": tags.where(attention_mask.bool(), -100),
        "classifier": torch.randn(TAGS, config.hidden_size, generator=generator) / math.sqrt(config.hidden_size),
    }


def compute(model: PreTrainedModel, inputs: dict[str, Tensor], names: list[str], loss_kind: str) -> dict[str, Tensor]:
    """Hidden states (layers + 1, rows, tokens, hidden), MLM logits, mean loss, the gradient of each adapter weight."""
    model.set_active_adapters(Stack(*names))
    chosen = {
        name: parameter
        for name, parameter in model.named_parameters()
        if any(f"adapters.{adapter}." in name for adapter in names)
    }
    model.requires_grad_(False)
    for parameter in chosen.values():
        parameter.requires_grad_(True)
    output = model(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        output_hidden_states=True,
        return_dict=True,
        head="mlm",
    )
    if loss_kind == "mlm":
        loss = functional.cross_entropy(output.logits.flatten(0, 1), inputs["mlm_labels"].flatten())
    else:
        tag_logits = output.hidden_states[-1] @ inputs["classifier"].T
        loss = functional.cross_entropy(tag_logits.flatten(0, 1), inputs["tag_labels"].flatten())
    gradients = torch.autograd.grad(loss, list(chosen.values()))
    return {
        "hidden_states": torch.stack(output.hidden_states).detach(),
        "logits": output.logits.detach(),
        "loss": loss.detach(),
        **{f"gradient/{name}": gradient for name, gradient in zip(chosen, gradients, strict=True)},
    }


def write_case(folder: Path, case: str) -> None:
    """One model: its weights, the inputs, and the results of every variant."""
    sizes, variants = CASES[case]
    model_type = case.split("-", 1)[1]
    adapters = sorted({name for variant in variants for name in VARIANTS[variant][0]})
    generator = torch.Generator().manual_seed(20200430)
    model = build(model_type, sizes, adapters)
    randomize(model, generator)
    inputs = make_inputs(model.config, generator)
    tensors = {f"weights/{name}": tensor.clone() for name, tensor in model.state_dict().items()} | inputs
    for variant in variants:
        names, loss_kind = VARIANTS[variant]
        results = compute(model, inputs, names, loss_kind)
        tensors |= {f"{variant}/{name}": tensor.contiguous() for name, tensor in results.items()}
    metadata = {
        "model_type": model_type,
        "config": json.dumps({**sizes, **MODELS[model_type][2]}),
        "adapters": json.dumps({name: ADAPTERS[name] for name in adapters}),
        "variants": json.dumps({variant: VARIANTS[variant] for variant in variants}),
    }
    save_file(tensors, folder / f"{case}.safetensors", metadata)


def count_parameters() -> dict[str, int]:
    """Parameters at the size of XLM-R base, as the peer's own modules have them."""
    xlmr_base = {**FULL, "vocab_size": 250_002, "max_position_embeddings": 514}
    with torch.device("meta"):
        model = build("xlm-roberta", xlmr_base, ["language", "task"])
    parameters = dict(model.roberta.named_parameters())

    def total(part: str, biases: bool) -> int:
        return sum(p.numel() for name, p in parameters.items() if part in name and (biases or name.endswith("weight")))

    counts = {}
    for part, inside in {
        "language": ".adapters.language.",
        "invertible": "invertible_adapters.language.",
        "task": ".adapters.task.",
    }.items():
        counts[part], counts[f"{part} with biases"] = total(inside, False), total(inside, True)
    counts["base"] = sum(
        p.numel() for name, p in parameters.items() if "adapters." not in name and "pooler" not in name
    )
    return counts


def main(folder: Path) -> None:
    torch.use_deterministic_algorithms(True)
    for case in CASES:
        write_case(folder, case)
    (folder / "counts.json").write_text(json.dumps(count_parameters(), indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
