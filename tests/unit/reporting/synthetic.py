"""Small studies and synthetic scores of single examples, in memory and as evaluation writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from madx.config import Study, parse_study
from madx.data.questions import QuestionWindows
from madx.data.sequences import pack_texts
from madx.reporting.bootstrap import PARALLEL_KINDS, Bootstrap
from madx.reporting.bootstraps import Bootstraps
from madx.reporting.examples import COUNTS, score
from madx.reporting.resamples import Resamples
from madx.reporting.sample_efficiency import COLUMNS

ROOT = Path(__file__).parents[3]
SIXTEEN = ["en", "ja", "zh", "ar", "jv", "sw", "is", "my", "qu", "cdo", "ilo", "xmf", "mi", "mhr", "tk", "gn"]
Draw = Callable[[str, str, str, int], np.ndarray]  # method, source, target, number of seeds -> (examples, seeds, parts)


def small_study(languages: dict[str, list[str]], seeds: dict[str, int], kind: str = "ner", **changes) -> Study:
    """One base, one task of a kind (its name), methods with the given numbers of seeds."""
    settings = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    first = next(code for codes in languages.values() for code in codes)
    ner = settings["tasks"]["ner"]
    kinds = {
        "ner": {},
        "qa": {"article_splits": None, "stride": 16, "n_best": 10, "max_answer_length": 10},
        "ccr": {"question_words": {}},
    }
    data = ner["data"] | ({"choices": 2} if kind == "ccr" else {})
    own = {"labels", "map_tags", "write_predictions"} if kind != "ner" else set()
    methods = {name: {"seeds": list(range(count)), "learning_rate": 0.001} for name, count in seeds.items()}
    task = {key: value for key, value in ner.items() if key not in own}
    task |= {"kind": kind, "data": data, "methods": methods, **kinds[kind], **changes}
    settings |= {
        "languages_table": str(ROOT / "config/languages.tsv"),
        "languages": languages,
        "table5_source": first if kind == "ner" else None,
        "tasks": {kind: task},
    }
    return parse_study(settings, "test")


def span_counts(random: np.random.Generator, quality: float, examples: int, seeds: int) -> np.ndarray:
    """(examples, seeds, 3): tp, fp, fn of sentences with about 1.2 spans, of which a part is found."""
    spans = random.poisson(1.2, (examples, 1))
    found = random.binomial(spans, np.clip(quality + random.normal(0, 0.02, seeds), 0, 1))
    return np.stack([found, random.poisson(0.3, found.shape), spans - found], axis=-1).astype(float)


def make_bootstrap(study: Study, task: str, draw: Draw, base: str | None = None) -> Bootstrap:
    """A bootstrap of synthetic examples, of the methods of one base or of all."""
    sources, targets = study.sources(task), study.targets(task)
    resamples = Resamples(task, parallel=study.tasks[task].kind in PARALLEL_KINDS)
    methods = {}
    for method in study.methods(task, base):
        seeds = len(study.tasks[task].methods[method].seeds)
        examples = ({t: draw(method, s, t, seeds) for t in targets} for s in sources)
        methods[method] = resamples.of_method(method, sources, targets, examples)
    return Bootstrap(sources, targets, study.tasks[task].metrics[0], methods)


class SyntheticBootstraps(Bootstraps):
    """Bootstraps of a few random examples; intervals beside published numbers, of which there are many, are fixed."""

    def __init__(self, study: Study) -> None:
        super().__init__(study, "no folder")

    def _read(self, base: str, task: str, metric: str | None = None) -> Bootstrap:
        random, of_spans = np.random.default_rng(0), self._study.tasks[task].kind == "ner"

        def draw(method: str, source: str, target: str, seeds: int) -> np.ndarray:
            return span_counts(random, 0.5, 12, seeds) if of_spans else random.uniform(0, 100, (12, seeds, 1))

        return make_bootstrap(self._study, task, draw, base)

    def interval(self, base, task, metric, method, other, pairs) -> tuple[float, float]:
        return 20.0, 60.0


def few_questions(base: str, task: str, target: str) -> QuestionWindows:
    """Two questions on one passage: the answer of one stands in a window, that of the other in none."""
    texts = {"ids": ["a", "b"], "contexts": ["one two"], "context_of": [0, 0], "answers": [["two"], ["gone"]]}
    ids, begins, ends = [0, 5, 2, 6, 7, 2] * 2, [-1, -1, -1, 0, 4, -1] * 2, [-1, -1, -1, 3, 7, -1] * 2
    return QuestionWindows.of(
        input_ids=ids,
        offsets=[0, 6, 12],
        type_ids=[0] * 12,
        questions=[0, 1],
        begins=begins,
        ends=ends,
        answer_first=[4, 0],
        answer_last=[4, 0],
        texts=pack_texts(texts),
    )


def write_runs(study: Study, folder: Path, base: str, task: str, draw: Draw) -> pd.DataFrame:
    """Score files and the files of examples beside them; returns the rows of scores.parquet."""
    settings, rows = study.tasks[task], []
    for method in study.methods(task, base):
        seeds = settings.methods[method].seeds
        for source in study.sources(task):
            path = folder / base / task / method / f"{source}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            parts, scores = [], []
            for target in study.targets(task):
                values = draw(method, source, target, len(seeds))
                for seed, column in zip(seeds, values.swapaxes(0, 1), strict=True):
                    scores += _scores(settings.metrics, target, seed, column)
                    parts.append(_examples(settings, target, seed, column))
            pd.concat(parts).to_parquet(path.with_suffix(".parquet"), index=False)
            head = {"base": base, "method": method, "task": task, "source": source}
            path.write_text(json.dumps(head | {"unit": "per cent", "scores": scores, "provenance": {}}))
            rows += [head | row for row in scores]
    return pd.DataFrame(rows)


def _scores(metrics: tuple[str, ...], target: str, seed: int, values: np.ndarray) -> list[dict]:
    """values: (examples, parts), where a part is a metric or all three are counts."""
    sums = values.sum(axis=0)
    found = {"f1": score(sums, 1)} if values.shape[1] == 3 else dict(zip(metrics, sums / len(values), strict=True))
    head = {"target": target, "seed": seed}
    return [head | {"metric": m, "value": float(v), "n_examples": len(values)} for m, v in found.items()]


def _examples(settings, target: str, seed: int, values: np.ndarray) -> pd.DataFrame:
    head = {"target": target, "seed": seed, "example": np.arange(len(values), dtype=np.int32)}
    if settings.kind != "ner":
        return pd.DataFrame(head | dict(zip(settings.metrics, values.T, strict=True)))
    whole = pd.DataFrame(head | {"type": "PER"} | dict(zip(COUNTS, values.T.astype(np.int32), strict=True)))
    halves = [
        whole.assign(tp=whole["tp"] // 2),
        whole.assign(type="LOC", tp=whole["tp"] - whole["tp"] // 2, fp=0, fn=0),
    ]
    split = pd.concat(halves).sort_values("example", kind="stable")  # counts of two types, summed again on reading
    return split[split[list(COUNTS)].any(axis=1)]


def step_scores(study: Study) -> pd.DataFrame:
    """Scores of figure 6 of every base and NER task, in read_sample_efficiency's columns."""
    rows = [
        (base, task, study.table5_source, target, seed, steps, 40.0 + seed)
        for task in study.tasks_of("ner")
        for base in study.bases
        for target in study.figure6_targets
        for seed in study.tasks[task].methods["madx"].seeds
        for steps in study.kept_steps(target)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
