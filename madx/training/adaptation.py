"""Language adaptation: a language's adapters, or a whole model, by MLM on its text (paper, sections 4.1, 4.3, 5.2)."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madx.adapters.adapter_set import AdapterSet, AdapterShape
from madx.adapters.model import AdaptedModel
from madx.adapters.storage import save_part
from madx.data.blocks import Blocks
from madx.files import atomic_path
from madx.models.base import check_length, load_base, load_tokenizer, read_description, save_base
from madx.training.compute import Machine
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.mlm import MlmPhase, Vocabulary, epoch_sampler
from madx.training.outputs import finish_metrics
from madx.training.pretraining import head_parameters

if TYPE_CHECKING:
    from madx.config import Adaptation, Adapters

log = logging.getLogger(__name__)
STEPS = "steps"  # folder of the adapters at earlier steps, below an adaptation's


def language_shape(base: Mapping[str, Any], sizes: Adapters, kind: str) -> AdapterShape:
    """Sizes of a language's adapters on a base (its description) for kind `lad` or `lad-inv`."""
    hidden = base["hidden_size"]
    inverse = hidden // 2 // sizes.invertible_reduction_factor if kind == "lad-inv" else None
    return AdapterShape(base["layers"], hidden, hidden // sizes.language_reduction_factor, inverse, sizes.leave_out)


def adapt_language(
    settings: Adaptation,
    sizes: Adapters,
    kind: str,
    language: str,
    steps: int,
    base_folder: Path,
    tokenizer_folder: Path,
    blocks_path: Path,
    folder: Path,
    checkpoint_folder: Path,
    machine: Machine,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Train one adaptation of `kind` (`lad`, `lad-inv`, `full`) and save it in `folder`.

    With adapters the base stays frozen; the adapter at each of settings.save_steps is kept in folder/steps/step<N>.
    """
    base = read_description(base_folder)
    whole = kind == "full"
    trains_base = whole or settings.train_mlm_head  # then its weights are float32, and autocast may compute in bfloat16
    model = load_base(base_folder / "model", None if trains_base else machine.frozen).to(machine.device)
    adapted = AdaptedModel(model, sizes.stack)
    blocks = Blocks.open(blocks_path)
    check_length(model.config, blocks.description["block_length"], "corpora.block_length")
    description = {
        "kind": kind,
        "language": language,
        "base": {"name": base["name"], "fingerprint": base["fingerprint"]},
        "stack": sizes.stack,
        "steps": steps,
        "seed": settings.seed,
        "provenance": {**(provenance or {}), "machine": machine.as_dict()},
        "text": {key: blocks.description[key] for key in ("text_sha256", "blocks", "tokens")},
    }
    if whole:
        adapted.unfreeze()
        trainable = dict(model.named_parameters())
    else:
        shape = language_shape(base, sizes, kind)
        description["shape"] = shape.as_dict()
        adapted.language = AdapterSet.create(shape, [settings.seed]).to(machine.device)
        trainable = dict(adapted.language.named_parameters())
        if settings.train_mlm_head:
            head = head_parameters(adapted)
            for parameter in head.values():
                parameter.requires_grad_(True)
            trainable |= head
    phase = MlmPhase(
        adapted,
        trainable,
        epoch_sampler(blocks.train, settings.batch_size, settings.seed),
        blocks.held_out,
        Vocabulary.of(load_tokenizer(tokenizer_folder)),
        mask_fraction=settings.mask_fraction,
        whole_words=settings.whole_words,
        seed=settings.seed,
        autocast=machine.autocast and trains_base,
    )
    rate = settings.learning_rate.full if whole else settings.learning_rate.adapter

    def keep(step: int) -> None:  # beside the resume state, until all is done
        save_part(checkpoint_folder / f"step{step}", adapted.language.state_dict(), {**description, "steps": step})

    kept = () if whole else settings.kept_steps(steps)[:-1]  # the last one is the result itself

    outcome = optimize(
        phase,
        adamw(trainable.values(), rate, settings.weight_decay),
        LoopSettings(
            steps,
            settings.evaluations,
            settings.warmup_fraction,
            settings.max_gradient_norm,
            save_steps=kept,
        ),
        checkpoint_folder=checkpoint_folder,
        at_step=keep,
    )
    perplexities = [record["value"] for record in outcome.metrics if record["metric"] == "perplexity"]
    log.info("adapted %s (%s): perplexity %.1f -> %.1f", language, kind, perplexities[0], perplexities[-1])
    if perplexities[-1] >= perplexities[0]:
        log.warning("adapting %s (%s) did not lower the perplexity; check text and learning rate", language, kind)
    if whole:
        save_base(model, folder, f"{base['name']} adapted to {language}", description)
    else:
        with atomic_path(folder / STEPS) as temporary:
            temporary.mkdir()
            for step in kept:
                shutil.move(checkpoint_folder / f"step{step}", temporary)
        save_part(folder, adapted.language.state_dict(), {**description, "perplexity": perplexities[-1]})
    finish_metrics(checkpoint_folder, outcome.metrics, folder / "metrics.jsonl")
