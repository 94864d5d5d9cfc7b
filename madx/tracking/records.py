"""Reads what is to be seen in MLflow from the files of a study; knows nothing of MLflow's client.

One record becomes one MLflow run: the study, each base that the workflow trained, each adaptation, each
(base, task, method, source, seed), for mlm-trg each (base, task, method, source, target, seed).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from madx.config import Study
from madx.files import file_digest, read_json
from madx.languages import CATEGORIES
from madx.methods import METHODS
from madx.paths import Paths
from madx.provenance import digest, study_settings
from madx.reporting.names import figure_names, table_names

STUDY_FILES = ("README.md", "scores.parquet")
TABLE_ENDINGS, FIGURE_ENDINGS = ("csv", "md", "tex"), ("pdf", "png")


class Point(NamedTuple):
    """One value of a metric; time in seconds since 1970."""

    name: str
    value: float
    step: int
    time: float


class DataSet(NamedTuple):
    """A file that went into a run; path: below results/; context: training, validation or test."""

    name: str
    digest: str
    path: str
    context: str


class Artifact(NamedTuple):
    """A file that MLflow keeps a copy of; folder: where in the run's artifacts, empty for the top."""

    path: Path
    folder: str = ""


@dataclass(frozen=True)
class Record:
    """One MLflow run to be. path: its place below the results folder, which identifies it in its experiment."""

    path: str
    name: str
    tags: dict[str, str]
    parameters: dict[str, str] = field(default_factory=dict)
    points: tuple[Point, ...] = ()
    data: tuple[DataSet, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that MLflow is to hold of this run; two equal ones need no update."""
        contents = {f"{folder}/{path.name}": file_digest(path) for path, folder in self.artifacts}
        return digest([self.path, self.name, self.tags, self.parameters, self.points, self.data, contents, self.texts])


def read_records(study: Study, results: Path) -> list[Record]:
    """All records of a study as far as it has come, the study itself first."""
    data = _DataSets(Paths(study, results))
    return [
        _study_record(study, results),
        *_base_records(study, results),
        *_adaptation_records(study, results, data),
        *_run_records(study, results, data),
    ]


# ---------------------------------------------------------------- the four sorts of records


def _study_record(study: Study, results: Path) -> Record:
    settings = study_settings(study)
    files = [Artifact(results / name) for name in STUDY_FILES]
    for folder, names, endings in (
        ("tables", table_names(study), TABLE_ENDINGS),
        ("figures", figure_names(study), FIGURE_ENDINGS),
    ):
        files += [Artifact(results / folder / f"{name}.{ending}", folder) for name in names for ending in endings]
    return Record(
        path=".",
        name=study.study,
        tags={"kind": "study", "mlflow.note.content": study.description, "configuration_digest": digest(settings)},
        artifacts=tuple(file for file in files if file.path.is_file()),
        texts={"configuration.json": json.dumps(settings, indent=1, ensure_ascii=False)},
    )


def _base_records(study: Study, results: Path) -> Iterator[Record]:
    for file in sorted(results.glob("base/*/**/metrics.jsonl")):
        base = file.relative_to(results).parts[1]
        if base in study.bases:
            yield Record(
                path=file.parent.relative_to(results).as_posix(),
                name=f"base {base}",
                tags={"kind": "base", "base": base, **_provenance(file.parent)},
                parameters=_flat({"bases": {base: study.bases[base].model_dump()}}),
                points=_points(file),
            )


def _adaptation_records(study: Study, results: Path, data: _DataSets) -> Iterator[Record]:
    needed = set(study.adaptations)
    for file in sorted(results.glob("adaptations/*/*/*/metrics.jsonl")):
        _, base, kind, language, _ = file.relative_to(results).parts
        if (base, kind, language) not in needed:
            continue
        settings = study.model_dump(include={"adaptation", "adapters", "corpora"})
        yield Record(
            path=file.parent.relative_to(results).as_posix(),
            name=f"{kind} {language} {base}",
            tags={
                "kind": "adaptation",
                "adaptation": kind,
                "base": base,
                "language": language,
                "category": study.category(language),
                **_provenance(file.parent),
            },
            parameters=_flat(settings, study, language),
            points=_points(file),
            data=data.corpus(base, language),
        )


def _run_records(study: Study, results: Path, data: _DataSets) -> Iterator[Record]:
    """Runs of the study with scores, and those that are still without; files of what it no longer asks for stay out."""
    for task in study.tasks:
        for base in study.bases:
            for method in study.methods(task, base):
                for source in study.sources(task):
                    yield from _runs_of_a_source(study, results, data, Path(base, task, method, source))


def _runs_of_a_source(study: Study, results: Path, data: _DataSets, place: Path) -> Iterator[Record]:
    """The records of one score file, in the order of targets (where each has its own trainings) and seeds.

    place: <base>/<task>/<method>/<source>.
    """
    base, task, method, source = place.parts
    settings = study.tasks[task].methods[method]
    file = Paths(study, results).scores(*place.parts)
    scored = read_json(file) if file.exists() else {"scores": []}
    parameters = _flat(
        {
            "adapters": study.adapters.model_dump(),
            "tasks": {
                task: study.tasks[task].model_dump(exclude={"methods"}) | {"epochs": study.epochs(task, method, source)}
            },
            "learning_rate": settings.learning_rate,
            "compute": study.compute.model_dump(),
        },
        study,
        source,
    )
    targets = study.targets(task)
    trainings = [((target,), target) for target in targets] if METHODS[method].trains_per_target else [(targets, None)]
    for evaluated, target in trainings:
        folder = place / target if target else place
        # one file of all seeds, or one a seed
        metrics = sorted((results / "runs" / folder).rglob("*metrics.jsonl"))
        points = [(line.get("seed"), point) for path in metrics for line, point in _lines(path)]
        rows = [row for row in scored["scores"] if row["target"] in evaluated]
        seeds = {row["seed"] for row in rows} | {seed for seed, _ in points}
        for seed in sorted(seeds.intersection(settings.seeds)):
            scores = [row for row in rows if row["seed"] == seed]
            tags = {"base": base, "method": method, "task": task, "source": source, "seed": str(seed)}
            yield Record(
                path=f"runs/{folder.as_posix()}/seed{seed}",
                name=" ".join([method, task, source, *([f"to {target}"] if target else []), f"seed {seed}", base]),
                tags={
                    "kind": "run",
                    **tags,
                    **({"target": target} if target else {}),
                    "category": study.category(source),
                    **_provenance_tags(scored.get("provenance", {})),
                },
                parameters=parameters,
                points=(
                    *(point for of_seed, point in points if of_seed in (seed, None)),
                    *_score_points(study, task, scores, file),
                ),
                data=data.labelled(task, source, {row["target"] for row in scores}),
            )


def _score_points(study: Study, task: str, scores: list[dict[str, Any]], file: Path) -> list[Point]:
    """Scores of one seed as metrics: `f1.<target>`, `f1.mean` over all targets, and means over groups of targets.

    The groups are the categories of Table 1 (`f1.low-resource-unseen`) and all unseen or covered languages. The metrics
    are those of the task (of QA `f1` and `em`); the others (precision, single entity types) stay in scores.parquet.
    """
    time = file.stat().st_mtime if scores else 0.0
    groups: dict[str, list[float]] = defaultdict(list)
    points = []
    for row in scores:
        if row["metric"] not in study.tasks[task].metrics:
            continue
        category = study.category(row["target"])
        covered = "covered" if row["target"] in study.covered else "unseen"
        points.append(Point(f"{row['metric']}.{row['target']}", row["value"], 0, time))
        for group in ("mean", covered, category.replace(" ", "-")):
            groups[f"{row['metric']}.{group}"].append(row["value"])
    return points + [Point(name, fmean(values), 0, time) for name, values in sorted(groups.items())]


# ---------------------------------------------------------------- files


class _DataSets:
    """Data sets with their fingerprints; each file is read once."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.digests: dict[Path, str] = {}

    def corpus(self, base: str, language: str) -> tuple[DataSet, ...]:
        return tuple(self._data_sets([(self.paths.results / f"corpora/{base}/{language}.bin", "training")]))

    def labelled(self, task: str, source: str, targets: set[str]) -> tuple[DataSet, ...]:
        training = {"train": "training", "dev": "validation"}
        files = [(self.paths.labelled(task, source, split), context) for split, context in training.items()]
        files += [(self.paths.labelled(task, target, "test"), "test") for target in sorted(targets)]
        return tuple(self._data_sets(files))

    def _data_sets(self, files: list[tuple[Path, str]]) -> Iterator[DataSet]:
        for path, context in files:
            if path.exists():
                if path not in self.digests:
                    self.digests[path] = file_digest(path)
                place = path.relative_to(self.paths.results)
                name = str(Path(*place.parts[1:]).with_suffix(""))
                yield DataSet(name, self.digests[path], f"{self.paths.results.name}/{place}", context)


def _lines(path: Path) -> Iterator[tuple[dict[str, Any], Point]]:
    """Lines of a metrics file; a last line that is being written is left out."""
    with open(path, encoding="utf-8") as stream:
        for number, text in enumerate(stream, start=1):
            if not text.endswith("\n"):
                return
            try:
                line = json.loads(text)
                point = Point(line["metric"], float(line["value"]), int(line["step"]), float(line["time"]))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path}:{number}: not a line of metrics ({error}); delete the file") from None
            yield line, point


def _points(path: Path) -> tuple[Point, ...]:
    return tuple(point for _, point in _lines(path))


def _provenance(folder: Path) -> dict[str, str]:
    """Tags from the JSON description that lies beside trained weights."""
    for file in sorted(folder.glob("*.json")):
        description = read_json(file)
        if isinstance(description, dict) and "provenance" in description:
            return _provenance_tags(description["provenance"])
    return {}


def _provenance_tags(provenance: dict[str, Any]) -> dict[str, str]:
    """What made a result (madx.provenance) as tags; digests of data go with the data sets instead."""
    if not provenance:
        return {}
    digests = {"configuration_digest": provenance["configuration"], "code_digest": provenance["code"]}
    git = {name: value for name, value in provenance["git"].items() if value is not None}  # null outside a repository
    computed = {key: provenance[key] for key in ("machine", "versions") if key in provenance}
    return _flat({**digests, **git, **computed})


def _flat(settings: dict[str, Any], study: Study | None = None, language: str = "", prefix: str = "") -> dict[str, str]:
    """Nested settings as {"a.b": "value"}; a setting by category is given as its value for the language."""
    flat = {}
    for key, value in settings.items():
        if isinstance(value, dict) and study and value and set(value) <= set(CATEGORIES):
            value = value.get(study.category(language), value)  # sizes of test data may be without the source's
        if isinstance(value, dict):
            flat |= _flat(value, study, language, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat
