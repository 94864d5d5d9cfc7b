"""A study of the whole paper, named entities, questions and causes, and random scores for it."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from madx.config import Study, parse_study
from madx.reporting.scores import COLUMNS
from tests.unit.reporting.conftest import ROOT, SIXTEEN

BASE = "xlm-roberta-base"
XQUAD = ["en", "ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh"]
XCOPA = ["et", "ht", "id", "it", "qu", "sw", "ta", "th", "tr", "vi", "zh"]
METHODS = ("full-finetuning", "mlm-src", "mlm-trg", "madx-no-lad-inv", "madx-no-inv", "madx")


def hub(name: str, configuration: str = "{language}") -> dict[str, Any]:
    return {"source": "hub", "id": name, "configuration": configuration, "revision": None}


def some(methods, seeds: int) -> dict[str, Any]:
    return {
        method: {"seeds": [0] if method == "mlm-trg" else list(range(seeds)), "learning_rate": 1e-4}
        for method in methods
    }


def paper_settings(folder: Path) -> dict[str, Any]:
    """config/paper.yaml with question answering, causal reasoning, their languages (a table in folder) and mBERT."""
    with open(ROOT / "config/paper.yaml", encoding="utf-8") as file:
        settings = yaml.safe_load(file)
    table = (ROOT / "config/languages.tsv").read_text(encoding="utf-8")
    known = {line.split("\t")[0] for line in table.splitlines()}
    more = [code for code in dict.fromkeys(XQUAD + XCOPA) if code not in SIXTEEN]
    path = folder / "languages.tsv"
    path.write_text(
        table + "".join(f"{code}\t{code.upper()}\tSome\tLatin\t\n" for code in more if code not in known),
        encoding="utf-8",
    )
    optimization = {"weight_decay": 0.0, "warmup_fraction": 0.1, "max_gradient_norm": 1.0, "evaluations": 3}
    common = {**optimization, "sources": ["en"], "epochs": 3, "batch_size": 16, "max_length": 128}
    ccr = {**common, "kind": "ccr", "targets": XCOPA, "test_data": hub("cambridgeltl/xcopa"), "question_words": {}}
    ccr["methods"] = some(["full-finetuning", "madx"], 3)
    settings["languages_table"] = str(path)
    settings["languages"] = {
        "high-resource covered": [*SIXTEEN[:4], *more],
        "low-resource covered": SIXTEEN[4:8],
        "low-resource unseen": SIXTEEN[8:12],
        "truly low-resource unseen": SIXTEEN[12:],
    }
    settings["figure6_targets"] = []
    pretrained = {"source": "pretrained", "revision": None, "mlm_head": "included"}
    settings["bases"] = {
        BASE: {**pretrained, "path": "FacebookAI/xlm-roberta-base"},
        "mbert": {**pretrained, "path": "google-bert/bert-base-multilingual-cased"},
    }
    ner = settings["tasks"]["ner"] | {"sources": SIXTEEN, "targets": SIXTEEN, "methods": some(METHODS, 5)}
    settings["tasks"] = {
        "ner": ner,
        "qa": {
            **common,
            "kind": "qa",
            "data": hub("rajpurkar/squad", "plain_text"),
            "test_data": hub("google/xquad", "xquad.{language}"),
            "targets": XQUAD,
            "article_splits": None,
            "stride": 32,
            "n_best": 20,
            "max_answer_length": 30,
            "methods": some(["full-finetuning", "madx-no-inv", "madx"], 3),
        },
        "siqa": {**ccr, "data": hub("lighteval/siqa", "default")},
        "copa": {**ccr, "data": hub("aps/super_glue", "copa")},
        "siqa-copa": {**ccr, "data": hub("aps/super_glue", "copa"), "starts_from": "siqa"},
    }
    return settings


def changed(settings: dict[str, Any], *path: str, value: Any) -> Study:
    """The study with one setting changed."""
    settings = copy.deepcopy(settings)
    place = settings
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return parse_study(settings, "test")


def random_scores(study: Study, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = [
        (base, method, task, source, target, s, metric, float(random.uniform(0, 100)), 50)
        for task, base in itertools.product(study.tasks, study.bases)
        for method in study.methods(task, base)
        for source, target in itertools.product(study.sources(task), study.targets(task))
        for s, metric in itertools.product(study.tasks[task].methods[method].seeds, study.tasks[task].metrics)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
