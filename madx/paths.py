"""Where a study's files lie, for rules, scripts and reports alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from madx.methods import METHODS
from madx.repositories import repositories

if TYPE_CHECKING:
    from madx.config import Study


@dataclass(frozen=True)
class Trained:
    """Trained parts that are evaluated in one pass: one folder a seed, the targets that they are for, and the folder of
    the base (or of the model adapted as a whole) on which they were trained."""

    seeds: tuple[int, ...]
    folders: tuple[Path, ...]
    targets: tuple[str, ...]
    base_folder: Path


@dataclass(frozen=True)
class Paths:
    """The files of one study: below a folder, or results/<study>."""

    study: Study
    folder: Path | None = None

    @property
    def results(self) -> Path:
        return self.folder or Path("results") / self.study.study

    def labelled(self, task: str, language: str, split: str) -> Path:
        """A split ("train", "dev", "test") of a language's labelled data; tasks share equal test parts."""
        task = self.study.test_task(task, language) if split == "test" else task
        return self.results / "labelled" / task / language / f"{split}.parquet"

    def sequences(self, base: str, task: str, language: str, part: str) -> Path:
        """Token sequences of a language's labelled data; part: training (train and dev) or test."""
        task = self.study.test_task(task, language) if part == "test" else task
        return self.results / "labelled" / base / task / language / f"{part}.npz"

    def adaptation(self, base: str, kind: str, language: str) -> Path:
        """The folder of a language adaptation: adapters (adapter.json), or a whole model (base.json, as a base has)."""
        return self.results / "adaptations" / base / kind / language

    def base_folder(self, base: str, method: str, source: str, target: str | None = None) -> Path:
        """The model that a method trains its task on: the base, or one adapted to the source or the target."""
        adapted_to = {"source": source, "target": target}.get(METHODS[method].adapted_to)
        if adapted_to is None:
            return self.results / "base" / base
        return self.adaptation(base, METHODS[method].adaptation, adapted_to)

    def language_adapters(self, base: str, method: str, language: str) -> Path | None:
        """The adapters of a language that a method puts under its task adapter, if it does."""
        settings = METHODS[method]
        return self.adaptation(base, settings.adaptation, language) if settings.adapted_to == "both" else None

    def scores(self, base: str, task: str, method: str, source: str) -> Path:
        """The scores of a run on all targets; beside them, as .parquet, the counts of every example."""
        return self.results / "scores" / base / task / method / f"{source}.json"

    def all_scores(self) -> list[Path]:
        """The scores of all runs."""
        study = self.study
        return [
            self.scores(base, task, method, source)
            for task in study.tasks
            for base in study.bases
            for method in study.methods(task, base)
            for source in study.sources(task)
        ]

    def scores_by_step(self) -> list[Path]:
        """The scores of figure 6: of every base and NER task with MAD-X, from one source."""
        study = self.study
        return [
            self.results / "sample_efficiency" / base / task / f"{study.table5_source}.json"
            for task in study.tasks
            for base in study.bases
            if study.scored_by_steps(task, base)
        ]

    def metrics(self) -> list[Path]:
        """The metrics of all language adaptations."""
        return [self.adaptation(*adaptation) / "metrics.jsonl" for adaptation in self.study.adaptations]

    def revision(self, name: str) -> Path:
        """The record of the commit of a repository on the hub, by its name (madx.repositories, madx.revisions)."""
        return self.results / "revisions" / f"{name}.json"

    def revisions(self) -> list[Path]:
        """The records of everything that is read from the hub."""
        return list(map(self.revision, repositories(self.study)))

    def run(self, base: str, task: str, method: str, source: str, target: str | None = None) -> Path:
        """The folder of what a run trains, below which each seed has its own."""
        folder = self.results / "runs" / base / task / method / source
        return folder / target if METHODS[method].trains_per_target else folder

    def trained(self, base: str, task: str, method: str, source: str) -> Iterator[Trained]:
        """Everything that a run trains on a source, in the order of evaluation."""
        seeds, targets = self.study.tasks[task].methods[method].seeds, self.study.targets(task)
        if METHODS[method].trains == "adapter":
            folder = self.run(base, task, method, source)
            folders = tuple(folder / f"seed{seed}" for seed in seeds)
            yield Trained(seeds, folders, targets, self.base_folder(base, method, source))
            return
        groups = [(target,) for target in targets] if METHODS[method].trains_per_target else [targets]
        for group in groups:
            for seed in seeds:
                folder = self.run(base, task, method, source, group[0]) / f"seed{seed}"
                yield Trained((seed,), (folder,), group, self.base_folder(base, method, source, group[0]))
