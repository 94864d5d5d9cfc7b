"""How cost grows with text, seeds and targets, on the miniature's sizes with random weights.

    python -m benchmarks.growth

Writes benchmarks/results/growth.csv and growth.png. Text of 10 thousand to 10 million tokens is packed and then
adapted to, each size in a process of its own; seeds and targets are trained and evaluated as in the study. Times are
medians of three, taken in turn.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import typer

from benchmarks.speed.worker import largest_resident_size

RESULTS = Path("benchmarks/results")
TOKENS = (10_000, 100_000, 1_000_000, 10_000_000)
COUNTS = (1, 2, 4, 8, 16)
STEPS, BATCH, BLOCK = 60, 8, 128
SENTENCES = 320
VOCABULARY, HIDDEN, LAYERS = 2000, 128, 3
PIECES = ("text packed", "adaptation", "seeds trained", "seeds evaluated", "targets evaluated")


def main(output: Path = RESULTS, rounds: int = 3) -> None:
    """Measure everything, print it, and draw it."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        _make(Path(folder))
        jobs = [("text", size) for size in TOKENS]
        jobs += [(kind, count) for kind in ("seeds", "targets") for count in COUNTS]
        for number in range(rounds):
            for kind, size in jobs:
                found = json.loads(
                    subprocess.run(
                        [sys.executable, "-m", "benchmarks.growth", folder, kind, str(size)],
                        check=True,
                        capture_output=True,
                        text=True,
                    ).stdout
                )
                rows += [{"round": number, **row} for row in found]
                print(f"round {number + 1}/{rounds}: {kind} {size}: {found}", flush=True)
    table = pd.DataFrame(rows).groupby(["what", "size"], sort=False)[["seconds", "memory"]].agg(median).reset_index()
    output.mkdir(parents=True, exist_ok=True)
    table.to_csv(output / "growth.csv", index=False)
    draw(table, output / "growth.png")
    print(table.to_string())


def _make(folder: Path) -> None:
    """A tokenizer, a base with random weights, and texts of the sizes."""
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

    from madx.config import load_study
    from madx.miniature import World
    from madx.models.base import save_base
    from madx.models.tokenizer import train_tokenizer

    study = load_study("config/config.yaml")
    language = World(study.miniature.seed).language(study.language_table()[study.codes[0]])
    lines = list(language.text(20_000))
    (folder / "some.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    train_tokenizer([folder / "some.txt"], VOCABULARY, folder / "tokenizer")
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=VOCABULARY,
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        intermediate_size=2 * HIDDEN,
        max_position_embeddings=BLOCK + 2,
        type_vocab_size=1,
    )
    save_base(XLMRobertaForMaskedLM(config), folder / "base", "growth", {})
    per_line = sum(map(len, lines)) / len(lines) / 3.5  # tokens, about
    for size in TOKENS:
        with open(folder / f"{size}.txt", "w", encoding="utf-8") as stream:
            for number in range(int(size / per_line)):
                stream.write(lines[number % len(lines)] + "\n")


def _one(folder: Path, kind: str, size: int) -> list[dict[str, Any]]:
    """The rows of one process."""
    from madx.training.compute import set_up

    set_up(SimpleNamespace(device="cpu", precision="float32"), 1)
    measure = {"text": _text, "seeds": _seeds, "targets": _targets}[kind]
    return list(measure(folder, size))


def _text(folder: Path, size: int) -> Iterable[dict[str, Any]]:
    from madx.data.blocks import Blocks, pack_blocks

    base = _adapted(folder)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "text.bin"
        started = time.perf_counter()
        found = pack_blocks(
            folder / f"{size}.txt",
            folder / "tokenizer",
            path,
            path.with_suffix(".json"),
            block_length=BLOCK,
            max_tokens=None,
            held_out_blocks=8,
        )
        yield _row("text packed", found["tokens"], started, found["tokens"])
        blocks = Blocks.open(path)
        started = time.perf_counter()
        _adapt(base, blocks, folder / "tokenizer")
        yield _row("adaptation", found["tokens"], started, STEPS * BATCH * BLOCK)


def _adapt(base, blocks, tokenizer_folder: Path) -> None:
    from madx.adapters.adapter_set import AdapterSet, AdapterShape
    from madx.models.base import load_tokenizer
    from madx.training.loop import LoopSettings, adamw, optimize
    from madx.training.mlm import MlmPhase, Vocabulary, epoch_sampler

    base.language = AdapterSet.create(AdapterShape(LAYERS, HIDDEN, HIDDEN // 2, HIDDEN // 4, ()), [0])
    trainable = dict(base.language.named_parameters())
    phase = MlmPhase(
        base,
        trainable,
        epoch_sampler(blocks.train, BATCH, 0),
        blocks.held_out,
        Vocabulary.of(load_tokenizer(tokenizer_folder)),
        mask_fraction=0.15,
        whole_words=True,
        seed=0,
    )
    optimize(phase, adamw(trainable.values(), 1e-3, 0.0), LoopSettings(STEPS, 1, 0.0, 1.0))


def _seeds(folder: Path, size: int) -> Iterable[dict[str, Any]]:
    from madx.training.loop import LoopSettings, adamw, optimize
    from madx.training.task_phase import TaskPhase

    kind, encode, head, trainable, data = _task(folder, size)
    seeds = list(range(size))
    phase = TaskPhase(kind, encode, head, trainable, data, data, seeds=seeds, batch_size=16)
    started = time.perf_counter()
    optimize(phase, adamw(trainable.values(), 1e-3, 0.0), LoopSettings(phase.steps_per_epoch, 1, 0.0, 1.0))
    yield _row("seeds trained", size, started, 1)
    yield from _evaluated("seeds evaluated", size, kind, encode, head, [data])


def _targets(folder: Path, size: int) -> Iterable[dict[str, Any]]:
    kind, encode, head, _, data = _task(folder, 5)
    yield from _evaluated("targets evaluated", size, kind, encode, head, [data] * size)


def _evaluated(what: str, size: int, kind, encode, head, data: list) -> Iterable[dict[str, Any]]:
    import torch

    encode.adapted.train(False)
    head.eval()
    with torch.no_grad():
        kind.predict(encode, head, data[0])
        started = time.perf_counter()
        for of_target in data:
            kind.predict(encode, head, of_target)
    yield _row(what, size, started, 1)


def _task(folder: Path, seeds: int):
    """The kind, encoder, head, trainable parameters and data of NER with some seeds."""
    from torch import nn

    from benchmarks.speed import works
    from benchmarks.speed.windows import windows
    from madx.adapters.adapter_set import AdapterSet, AdapterShape
    from madx.models.heads import TokenHead
    from madx.tasks.kind import Encoder
    from madx.tasks.tagging import Tagging

    adapted = _adapted(folder)
    adapted.language = AdapterSet.create(AdapterShape(LAYERS, HIDDEN, HIDDEN // 2, HIDDEN // 4, ()), [0])
    adapted.language.requires_grad_(False)
    adapted.task = AdapterSet.create(AdapterShape(LAYERS, HIDDEN, HIDDEN // 4, None, ()), range(seeds), "task")
    head = TokenHead.create(HIDDEN, len(works.TAGS), range(seeds))
    trainable = dict(nn.ModuleDict({"adapters": adapted.task, "head": head}).named_parameters())
    data = windows(works.sentences(SENTENCES, vocabulary=VOCABULARY - 1))
    return Tagging(), Encoder(adapted), head, trainable, data


def _adapted(folder: Path):
    from madx.adapters.model import AdaptedModel
    from madx.models.base import load_base

    return AdaptedModel(load_base(folder / "base" / "model"))


def _row(what: str, size: int, started: float, per: int) -> dict[str, Any]:
    """Seconds for each of `per` tokens, or for all; the process's largest resident size so far, in MiB."""
    seconds = (time.perf_counter() - started) / per
    return {
        "what": what,
        "size": size,
        "seconds": seconds,
        "memory": largest_resident_size() / 2**20,
    }


def draw(table, path: Path) -> None:
    """Four panels: microseconds a token, memory, seconds by seeds, seconds by targets."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    colours = dict(zip(PIECES, ("#0072B2", "#D55E00", "#0072B2", "#D55E00", "#0072B2"), strict=True))
    figure, panels = plt.subplots(1, 4, figsize=(11.5, 2.9), layout="constrained")
    text, counted = PIECES[:2], PIECES[2:]
    for what in text:
        rows = table[table["what"] == what]
        panels[0].plot(rows["size"], rows["seconds"] * 1e6, "o-", color=colours[what], label=what)
        panels[1].plot(rows["size"], rows["memory"], "o-", color=colours[what], label=what)
    for what in counted:
        rows = table[table["what"] == what]
        panel = panels[3] if what == "targets evaluated" else panels[2]
        panel.plot(rows["size"], rows["seconds"], "o-", color=colours[what], label=what)
        one = rows["seconds"].iloc[0]
        panel.plot(rows["size"], rows["size"] * one, ":", color=colours[what], label="as many times one")
    for panel, title, x, y in zip(
        panels,
        ("Time", "Memory", "Seeds", "Targets, five seeds"),
        ("tokens of text", "tokens of text", "seeds", "targets"),
        ("microseconds a token", "MiB, largest so far", "seconds", "seconds"),
        strict=True,
    ):
        panel.set_title(title, fontsize=10)
        panel.set_xlabel(x, fontsize=8)
        panel.set_ylabel(y, fontsize=8)
        panel.set_ylim(bottom=0)
        panel.tick_params(labelsize=8)
        panel.legend(fontsize=7, frameon=False)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[:2]:
        panel.set_xscale("log")
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[2] in ("text", "seeds", "targets"):
        print(json.dumps(_one(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
    else:
        typer.run(main)
