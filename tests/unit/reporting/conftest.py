"""Studies of eight and sixteen languages, and synthetic scores for them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from madx.config import Study, parse_study
from madx.reporting.scores import COLUMNS

ROOT = Path(__file__).parents[3]
SIXTEEN = ["en", "ja", "zh", "ar", "jv", "sw", "is", "my", "qu", "cdo", "ilo", "xmf", "mi", "mhr", "tk", "gn"]


def make_study(**changes) -> Study:
    """The default study with top-level changes."""
    settings = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    settings["languages_table"] = str(ROOT / "config/languages.tsv")
    return parse_study(settings | changes, "test")


def make_paper_study(base: str = "xlm-roberta-base", **changes) -> Study:
    """The paper's sixteen languages on a pretrained base."""
    settings = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
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
    return make_study(**(wanted | changes))


def make_scores(study: Study, seed: int = 0) -> pd.DataFrame:
    """Random F1 for every run of a study, in collect_scores' columns."""
    random = np.random.default_rng(seed)
    rows = [
        (base, method, "ner", source, target, s, "f1", float(random.uniform(0, 100)), 50)
        for base, (method, settings) in itertools.product(study.bases, study.methods.items())
        for source, target, s in itertools.product(study.sources("ner"), study.targets("ner"), settings.seeds)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


@pytest.fixture(scope="session")
def study() -> Study:
    return make_study()


@pytest.fixture(scope="session")
def scores(study) -> pd.DataFrame:
    return make_scores(study)


@pytest.fixture(scope="session")
def paper() -> Study:
    return make_paper_study()


@pytest.fixture(scope="session")
def published() -> pd.DataFrame:
    from madx.reporting.published import read_published

    return read_published(ROOT / "config/published.csv")
