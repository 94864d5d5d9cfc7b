"""Our side: the phases, the loop and the evaluation that the study's rules use.

python -m benchmarks.speed.ours WORK PRECISION DEVICE THREADS
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from benchmarks.speed import works
from benchmarks.speed.windows import windows
from benchmarks.speed.worker import serve
from benchmarks.speed.works import Work
from madx.adapters.adapter_set import AdapterSet, AdapterShape
from madx.adapters.model import AdaptedModel
from madx.models.heads import TokenHead
from madx.tasks.kind import Encoder
from madx.tasks.tagging import Tagging
from madx.training.compute import Machine, set_up
from madx.training.loop import LoopSettings, adamw, optimize
from madx.training.mlm import MlmPhase, Vocabulary, epoch_sampler
from madx.training.task_phase import TaskPhase

HIDDEN, LAYERS = works.SHAPES["hidden_size"], works.SHAPES["num_hidden_layers"]
LANGUAGE = AdapterShape(
    LAYERS, HIDDEN, HIDDEN // works.LANGUAGE_REDUCTION, HIDDEN // 2 // works.INVERTIBLE_REDUCTION, ()
)
TASK = AdapterShape(LAYERS, HIDDEN, HIDDEN // works.TASK_REDUCTION, None, ())


def prepare(work: Work, precision: str, device: torch.device) -> Callable[[], int]:
    """What one run does, with everything loaded."""
    machine = set_up(SimpleNamespace(device=device.type, precision=precision), torch.get_num_threads())
    with device:
        model = XLMRobertaForMaskedLM(XLMRobertaConfig(**works.SHAPES))
    if work.name != "fine-tuning":
        model = model.to(machine.frozen)
    adapted = AdaptedModel(model, "adapterhub")  # the peer's placement
    prepared = {"mlm": _mlm, "ner": _adapters, "fine-tuning": _model, "evaluation": _evaluation}
    return prepared[work.name](work, adapted, machine)


def _mlm(work: Work, adapted: AdaptedModel, machine: Machine) -> Callable[[], int]:
    adapted.language = AdapterSet.create(LANGUAGE, [0]).to(machine.device)
    trainable = dict(adapted.language.named_parameters())
    blocks = works.blocks(work.steps * work.batch, work.block)
    size = works.SHAPES["vocab_size"]
    special = np.isin(np.arange(size), [*range(works.SPECIAL), works.MASK_ID])
    vocabulary = Vocabulary(works.MASK_ID, np.arange(size) % 3 > 0, special)
    phase = MlmPhase(
        adapted,
        trainable,
        epoch_sampler(blocks, work.batch, 0),
        works.blocks(1, 8),  # held-out text that costs nothing
        vocabulary,
        mask_fraction=works.MASKED,
        whole_words=True,
        seed=0,
    )
    return lambda: _train(phase, trainable, work.steps) or work.steps * work.batch * work.block


def _adapters(work: Work, adapted: AdaptedModel, machine: Machine) -> Callable[[], int]:
    seeds = list(range(work.seeds))
    adapted.language = AdapterSet.create(LANGUAGE, [0]).to(machine.device).requires_grad_(False)
    adapted.task = AdapterSet.create(TASK, seeds, "task").to(machine.device)
    head = TokenHead.create(HIDDEN, len(works.TAGS), seeds).to(machine.device)
    trainable = dict(nn.ModuleDict({"adapters": adapted.task, "head": head}).named_parameters())
    return _task(work, Encoder(adapted), head, trainable)


def _model(work: Work, adapted: AdaptedModel, machine: Machine) -> Callable[[], int]:
    adapted.unfreeze()
    head = TokenHead.create(HIDDEN, len(works.TAGS), [0]).to(machine.device)
    trainable = dict(nn.ModuleDict({"body": adapted.body, "head": head}).named_parameters())
    return _task(work, Encoder(adapted, machine.autocast), head, trainable)


def _task(work: Work, encode: Encoder, head: TokenHead, trainable: dict[str, nn.Parameter]) -> Callable[[], int]:
    seeds = list(range(work.seeds))
    data, dev = (windows(works.sentences(count)) for count in (work.sentences, 1))  # a dev set that costs nothing
    phase = TaskPhase(Tagging(), encode, head, trainable, data, dev, seeds=seeds, batch_size=work.batch)
    chosen = [unit for seed in seeds for batch in phase.batches(seed, 0)[: work.steps] for unit in batch]
    tokens = int(data.lengths[chosen].sum())
    return lambda: _train(phase, trainable, work.steps) or tokens


def _evaluation(work: Work, adapted: AdaptedModel, machine: Machine) -> Callable[[], int]:
    seeds = list(range(work.seeds))
    adapted.task = AdapterSet.create(TASK, seeds, "task").to(machine.device)
    head = TokenHead.create(HIDDEN, len(works.TAGS), seeds).to(machine.device).eval()
    languages = [AdapterSet.create(LANGUAGE, [k]).to(machine.device) for k in range(work.targets)]
    data = [windows(works.sentences(work.sentences, target)) for target in range(work.targets)]
    kind, encode = Tagging(), Encoder(adapted)

    @torch.no_grad()
    def run() -> int:
        for language, of_target in zip(languages, data, strict=True):
            adapted.language = language
            adapted.train(False)
            kind.predict(encode, head, of_target)
        return work.seeds * sum(int(of_target.lengths.sum()) for of_target in data)

    return run


def _train(phase: MlmPhase | TaskPhase, trainable: dict[str, nn.Parameter], steps: int) -> None:
    optimize(phase, adamw(trainable.values(), 1e-4, 0.0), LoopSettings(steps, 1, 0.0, 1.0))


if __name__ == "__main__":
    serve(prepare)
