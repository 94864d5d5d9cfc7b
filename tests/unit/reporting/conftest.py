"""Studies of all sizes, and synthetic scores for them."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from madx.config import Study, parse_study
from madx.methods import METHODS
from madx.reporting.scores import COLUMNS

ROOT = Path(__file__).parents[3]
BASE, SECOND = "miniature-base", "second-base"
SIXTEEN = ["en", "ja", "zh", "ar", "jv", "sw", "is", "my", "qu", "cdo", "ilo", "xmf", "mi", "mhr", "tk", "gn"]


def default_settings() -> dict[str, Any]:
    """The default study with its NER task alone: what other tasks it has is no matter of these tests."""
    settings = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    settings["languages_table"] = str(ROOT / "config/languages.tsv")
    settings["tasks"] = {"ner": settings["tasks"]["ner"] | {"methods": {name: ADAPTERS for name in FOUR}}}
    return settings | {"figure6_targets": []}


ADAPTERS = {"seeds": [0, 1, 2, 3, 4], "learning_rate": 0.01}
ONE_SEED = {"seeds": [0], "learning_rate": 0.01}
FOUR = ("full-finetuning", "madx-no-lad-inv", "madx-no-inv", "madx")


def make_study(methods: dict | None = None, **changes) -> Study:
    """The default study with NER alone and four methods; `methods` of NER instead, and top-level changes."""
    settings = default_settings() | changes
    if methods is not None:
        settings["tasks"]["ner"]["methods"] = methods
    return parse_study(settings, "test")


def make_paper_study(base: str = "xlm-roberta-base", methods: dict | None = None, **changes) -> Study:
    """NER in the paper's sixteen languages on a pretrained base."""
    settings = default_settings()
    hub = {"source": "hub", "id": "unimelb-nlp/wikiann", "configuration": "{language}", "revision": None}
    pretrained = {"source": "pretrained", "path": f"FacebookAI/{base}", "revision": None, "mlm_head": "included"}
    wanted = {
        "languages": {name: SIXTEEN[4 * i : 4 * i + 4] for i, name in enumerate(settings["languages"])},
        "table5_source": "en",
        "miniature": None,
        "corpora": settings["corpora"] | {"data": hub},
        "tasks": {"ner": settings["tasks"]["ner"] | {"data": hub}},
        "bases": {base: pretrained},
    }
    return make_study(methods, **(wanted | changes))


def qa_task(settings: dict[str, Any], **changes) -> dict[str, Any]:
    """A QA task beside the default NER task: from the first language to all, four methods, three seeds."""
    shared = copy.deepcopy(settings["tasks"]["ner"])
    for key in ("labels", "map_tags", "write_predictions"):
        del shared[key]
    three = {"seeds": [0, 1, 2], "learning_rate": 0.01}
    methods = {"full-finetuning": three, "mlm-trg": ONE_SEED, "madx-no-inv": three, "madx": three}
    window = {"article_splits": None, "stride": 16, "n_best": 20, "max_answer_length": 10}
    return shared | window | {"kind": "qa", "sources": ["qaa"], "methods": methods} | changes


def ccr_task(settings: dict[str, Any], choices: int, **changes) -> dict[str, Any]:
    """A CCR task, likewise; tested on two choices."""
    task = qa_task(settings)
    for key in ("article_splits", "stride", "n_best", "max_answer_length"):
        del task[key]
    del task["methods"]["madx-no-inv"]
    data = task["data"] | {"choices": choices}
    words = {"cause": "why", "effect": "then"}
    return task | {"kind": "ccr", "data": data, "test_data": data | {"choices": 2}, "question_words": words} | changes


def make_whole_study(**changes) -> Study:
    """Six methods, three kinds of task (CCR in its three trainings) and two bases, the second with fewer methods."""
    settings = default_settings()
    for name in METHODS:
        of_both = {"bases": "all"} if name in ("full-finetuning", "madx") else {"bases": [BASE]}
        seeds = [0] if name == "mlm-trg" else [0, 1, 2, 3, 4]
        settings["tasks"]["ner"]["methods"][name] = {"seeds": seeds, "learning_rate": 0.01} | of_both
    settings["tasks"] |= {
        "qa": qa_task(settings),
        "ccr-siqa": ccr_task(settings, 3),
        "ccr-copa": ccr_task(settings, 2),
        "ccr": ccr_task(settings, 2, starts_from="ccr-siqa"),
    }
    settings["bases"][SECOND] = settings["bases"][BASE]
    return parse_study(settings | {"figure6_targets": ["qac", "qae", "qag"]} | changes, "test")


def make_scores(study: Study, seed: int = 0) -> pd.DataFrame:
    """Random scores for every run and metric of a study, in collect_scores' columns."""
    random = np.random.default_rng(seed)
    rows = [
        (base, method, task, source, target, s, metric, float(random.uniform(0, 100)), 50)
        for task, settings in study.tasks.items()
        for base in study.bases
        for method in study.methods(task, base)
        for source, target, s, metric in itertools.product(
            study.sources(task), study.targets(task), settings.methods[method].seeds, settings.metrics
        )
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


@pytest.fixture(scope="session")
def study() -> Study:
    return make_study()


@pytest.fixture(scope="session")
def scores(study) -> pd.DataFrame:
    return make_scores(study)


@pytest.fixture(scope="session")
def whole() -> Study:
    return make_whole_study()


@pytest.fixture(scope="session")
def whole_scores(whole) -> pd.DataFrame:
    return make_scores(whole)


@pytest.fixture(scope="session")
def paper() -> Study:
    return make_paper_study()


@pytest.fixture(scope="session")
def published() -> pd.DataFrame:
    from madx.reporting.published import read_published

    return read_published(ROOT / "config/published.csv")
