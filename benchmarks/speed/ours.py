"""Our side: the phases, the loop and the evaluation that the study's rules use.

python -m benchmarks.speed.ours WORK PRECISION DEVICE THREADS
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count, cycle
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn
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


def prepare(work: Work, precision: str, device: torch.device) -> Callable[[], dict[str, float]]:
    """What one run does, with everything loaded."""
    machine = set_up(SimpleNamespace(device=device.type, precision=precision), torch.get_num_threads())
    with device:
        model = XLMRobertaForMaskedLM(XLMRobertaConfig(**works.SHAPES))
    if work.name != "fine-tuning":
        model = model.to(machine.frozen)
    adapted = AdaptedModel(model, "adapterhub")  # the peer's placement
    prepared = {"mlm": _mlm, "ner": _adapters, "fine-tuning": _model, "evaluation": _evaluation}
    return prepared[work.name](work, adapted, machine)


def _mlm(work: Work, adapted: AdaptedModel, machine: Machine) -> Callable[[], dict[str, float]]:
    adapted.language = AdapterSet.create(LANGUAGE, [0]).to(machine.device)
    trainable = dict(adapted.language.named_parameters())
    blocks = works.blocks(works.ROUNDS * work.steps * work.batch, work.block)
    size = works.SHAPES["vocab_size"]
    special = np.isin(np.arange(size), [*range(works.SPECIAL), works.MASK_ID])
    vocabulary = Vocabulary(works.MASK_ID, np.arange(size) % 3 > 0, special)
    phase = MlmPhase(
        adapted,
        trainable,
        epoch_sampler(blocks, work.batch, 0),
        works.blocks(1, 8),  # held-out text, which is not read
        vocabulary,
        mask_fraction=works.MASKED,
        whole_words=True,
        seed=0,
    )
    rounds = count()

    def run() -> dict[str, float]:
        first = next(rounds) * work.steps
        _train(phase, range(first, first + work.steps))
        return {"tokens": work.steps * work.batch * work.block}

    return run


def _adapters(work: Work, adapted: AdaptedModel, machine: Machine) -> Callable[[], dict[str, float]]:
    seeds = list(range(work.seeds))
    adapted.language = AdapterSet.create(LANGUAGE, [0]).to(machine.device, machine.frozen).requires_grad_(False)
    adapted.task = AdapterSet.create(TASK, seeds, "task").to(machine.device)
    head = TokenHead.create(HIDDEN, len(works.TAGS), seeds).to(machine.device)
    trainable = dict(nn.ModuleDict({"adapters": adapted.task, "head": head}).named_parameters())
    return _task(work, Encoder(adapted), head, trainable)


def _model(work: Work, adapted: AdaptedModel, machine: Machine) -> Callable[[], dict[str, float]]:
    adapted.unfreeze()
    head = TokenHead.create(HIDDEN, len(works.TAGS), [0]).to(machine.device)
    trainable = dict(nn.ModuleDict({"body": adapted.body, "head": head}).named_parameters())
    return _task(work, Encoder(adapted, machine.autocast), head, trainable)


def _task(
    work: Work, encode: Encoder, head: TokenHead, trainable: dict[str, nn.Parameter]
) -> Callable[[], dict[str, float]]:
    seeds = list(range(work.seeds))
    data, dev = (windows(works.sentences(size)) for size in (work.sentences, 1))  # a dev set that is not read
    phase = TaskPhase(Tagging(), encode, head, trainable, data, dev, seeds=seeds, batch_size=work.batch)
    rounds, apart = count(), phase.steps_per_epoch // work.steps

    def run() -> dict[str, float]:
        steps = range(next(rounds) % apart, phase.steps_per_epoch, apart)[: work.steps]  # spread over an epoch
        _train(phase, steps)
        return {
            "tokens": sum(int(data.lengths[phase.batches(seed, 0)[step]].sum()) for seed in seeds for step in steps)
        }

    return run


def _evaluation(work: Work, adapted: AdaptedModel, machine: Machine) -> Callable[[], dict[str, float]]:
    seeds = list(range(work.seeds))
    adapted.task = AdapterSet.create(TASK, seeds, "task").to(machine.device)
    head = TokenHead.create(HIDDEN, len(works.TAGS), seeds).to(machine.device).eval()
    languages = [AdapterSet.create(LANGUAGE, [k]).to(machine.device, machine.frozen) for k in range(work.targets)]
    rounds = cycle([list(map(windows, of_round)) for of_round in works.test_data(work)])
    kind, encode = Tagging(), Encoder(adapted)

    @torch.no_grad()
    def run() -> dict[str, float]:
        data = next(rounds)
        for language, of_target in zip(languages, data, strict=True):
            adapted.language = language
            adapted.train(False)
            kind.predict(encode, head, of_target)
        return {"tokens": work.seeds * sum(int(of_target.lengths.sum()) for of_target in data)}

    return run


class _Chosen:
    """A phase that takes chosen steps of another and evaluates nothing, as the peer's loop."""

    selection = None

    def __init__(self, phase: MlmPhase | TaskPhase, steps: Sequence[int]) -> None:
        self._phase, self._steps = phase, steps

    def __getattr__(self, name: str):
        return getattr(self._phase, name)

    def loss(self, step: int) -> Tensor:
        return self._phase.loss(self._steps[step])

    def evaluate(self) -> dict[str, list[float]]:
        return {}


def _train(phase: MlmPhase | TaskPhase, steps: Sequence[int]) -> None:
    optimizers = adamw(phase.trainable.values(), 1e-4, 0.0)
    optimize(_Chosen(phase, steps), optimizers, LoopSettings(len(steps), 1, 0.0, 1.0))


if __name__ == "__main__":
    serve(prepare)
