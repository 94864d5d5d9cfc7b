"""Facts about a finished study, read from its folder: versions, text, adaptations, run times."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet

from madx.config import Study
from madx.files import read_json
from madx.paths import Paths
from madx.provenance import digest, study_settings
from madx.reporting.labels import task_label
from madx.reporting.metrics import KINDS, read_perplexities
from madx.reporting.table import DASH, number

AFTERWARDS = ("make_page", "sync_tracking", "check_results")  # rules whose times a page cannot know when it is made


def read_sizes(study: Study, folder: str | Path) -> dict[str, dict[str, int]]:
    """For Table 1: characters of text and sentences of each language labelled for NER, as far as they were prepared."""
    folder = Path(folder)
    paths = Paths(study, folder)
    sizes: dict[str, dict[str, int]] = {}
    for code in study.codes:
        report = folder / "corpora" / "text" / f"{code}.json"
        sizes[code] = {"text, characters": read_json(report)["characters"]} if report.exists() else {}
    for task in study.tasks_of("ner"):
        for split, codes in (
            ("train", study.sources(task)),
            ("dev", study.sources(task)),
            ("test", study.targets(task)),
        ):
            for code in codes:
                labelled = paths.labelled(task, code, split)
                if labelled.exists():
                    sizes[code][f"{task_label(study, task)} {split}"] = pyarrow.parquet.read_metadata(labelled).num_rows
    return sizes


def read_guessing(study: Study, folder: str | Path) -> dict[str, dict[str, float]]:
    """The accuracy (0-100) of guessing on each target of each task: empty for tasks without options to choose from."""
    paths = Paths(study, Path(folder))
    guessing: dict[str, dict[str, float]] = {task: {} for task in study.tasks}
    for task in study.tasks_of("ccr"):
        for target in study.targets(task):
            with pyarrow.parquet.ParquetFile(paths.labelled(task, target, "test")) as file:
                first = next(file.iter_batches(1, columns=["options"]))  # all examples have as many
            guessing[task][target] = 100 / len(first["options"][0])
    return guessing


def provenance(study: Study, folder: Path) -> list[tuple[str, str]]:
    """(what, value) of everything that made the scores; several values where score files differ."""
    found: dict[str, set[str]] = {}
    paths = Paths(study, folder)
    for path in paths.all_scores():
        made_by = read_json(path)["provenance"]
        trained = [part["provenance"] for part in made_by["trained"]]
        trainings = [("commit of the trainings", _commit(part)) for part in trained]
        machines = [("computed on", _machine(part)) for part in (made_by, *trained)]
        for what, value in (
            ("configuration digest of the scores", made_by["configuration"]),
            ("code digest", made_by["code"]),
            ("commit", _commit(made_by)),
            *trainings,
            *machines,
            *made_by["versions"].items(),
        ):
            found.setdefault(what, set()).add(value)
    settings = ("configuration digest", digest(study_settings(study)))
    records = map(read_json, paths.revisions())
    revisions = [(f"revision of {record['kind']} {record['id']}", record["commit"]) for record in records]
    return [settings, *((what, ", ".join(sorted(values))) for what, values in found.items()), *revisions]


def _machine(made_by: dict) -> str:
    machine = made_by["machine"]
    products = f"float32 products by {machine['float32_products']}"
    return f"{machine['device']} ({machine['precision']}, threads: {machine['threads']}, {products})"


def _commit(made_by: dict) -> str:
    git = made_by["git"]
    return (git["commit"] or "none") + (" with uncommitted changes" if git["dirty"] else "")


def text_table(study: Study, folder: Path) -> pd.DataFrame | None:
    """What became of each language's text, and how many evaluation sentences stood in it; None without any text."""
    rows = []
    for code in study.codes:
        path = folder / "corpora" / "text" / f"{code}.json"
        if path.exists():
            report = read_json(path)
            overlap = report["exclusion"]
            rows.append(
                {
                    "language": code,
                    "documents": f"{report['documents']:,}",
                    "characters": f"{report['characters']:,}",
                    "dev and test sentences": f"{overlap['distinct']:,}",
                    "found in the text": f"{overlap['found']:,}",
                    "share found": f"{100 * overlap['found_share']:.1f} %",
                    "occurrences": f"{overlap['occurrences']:,}",
                    "removed": "yes" if overlap["removed"] else "no",
                }
            )
    return pd.DataFrame(rows) if rows else None


def adaptation_table(study: Study, folder: Path) -> pd.DataFrame | None:
    """First and last perplexity of each adaptation on held-out text; None where the methods need no adaptation."""
    perplexities = read_perplexities(Paths(study, folder).metrics())
    if perplexities.empty:
        return None
    curves = dict(list(perplexities.groupby(["base", "kind", "language"])))
    kinds = [kind for kind in KINDS if any(kind == used for _, used, _ in study.adaptations)]
    rows = []
    for base, code in ((base, code) for base in study.bases for code in study.codes):
        if not any((base, code) == (of, language) for of, _, language in study.adaptations):
            continue
        row = {"base": base, "language": code} if len(study.bases) > 1 else {"language": code}
        for kind in kinds:
            row |= _first_and_last(kind, curves.get((base, kind, code)))
        rows.append(row)
    return pd.DataFrame(rows)


def _first_and_last(kind: str, curve: pd.DataFrame | None) -> dict[str, str]:
    """Columns of one kind of adaptation; dashes for a language without it."""
    steps, before, after = DASH, DASH, DASH
    if curve is not None:
        # without a measurement before the first step there is nothing to start from
        before = number(curve["perplexity"].iloc[0] if curve["step"].iloc[0] == 0 else float("nan"))
        steps, after = f"{curve['step'].iloc[-1]:,}", number(curve["perplexity"].iloc[-1])
    return {f"{kind}: steps": steps, f"{kind}: perplexity before": before, f"{kind}: after": after}


def time_table(folder: Path) -> pd.DataFrame | None:
    """Jobs, time and memory of each rule, from benchmarks/: <rule>.tsv and <rule>/**/*.tsv; None without any."""
    files: dict[str, list[Path]] = {}
    for path in sorted((folder / "benchmarks").rglob("*.tsv")):
        rule = path.relative_to(folder / "benchmarks").parts[0].removesuffix(".tsv")
        if rule not in AFTERWARDS:
            files.setdefault(rule, []).append(path)
    rows = []
    for rule, paths in sorted(files.items()):
        jobs = pd.concat([pd.read_csv(path, sep="\t", na_values="-") for path in paths])
        memory = jobs["max_rss"].max()  # MiB; absent for jobs that ended before the first measurement
        rows.append(
            {
                "rule": rule,
                "jobs": f"{len(jobs):,}",
                "all together": _duration(jobs["s"].sum()),
                "longest": _duration(jobs["s"].max()),
                "most memory, MiB": DASH if pd.isna(memory) else f"{memory:,.0f}",
            }
        )
    return pd.DataFrame(rows) if rows else None


def markdown(frame: pd.DataFrame, text_columns: Sequence[str] = ()) -> str:
    """A frame of strings as a Markdown table; the first column and `text_columns` are set left."""
    align = ["left" if i == 0 or name in text_columns else "right" for i, name in enumerate(frame.columns)]
    return frame.to_markdown(index=False, colalign=align, disable_numparse=True)


def _duration(seconds: Any) -> str:
    """Hours, minutes and seconds, without what is zero in front: 2:05:09 h, 5:09 min, 9 s."""
    whole = round(float(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}:{minutes:02}:{rest:02} h"
    return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"
