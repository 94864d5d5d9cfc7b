"""The finished study that is checked: `pytest tests/results --results=results/<study>`."""

import json
from pathlib import Path

import pandas as pd
import pytest


def pytest_addoption(parser):
    parser.addoption("--results", help="folder of a finished study, results/<study>")


@pytest.fixture(scope="session")
def results(request) -> Path:
    folder = request.config.getoption("--results")
    if folder is None:
        pytest.skip("no --results=results/<study> given")
    return Path(folder)


@pytest.fixture(scope="session")
def scores(results) -> pd.DataFrame:
    return pd.read_parquet(results / "scores.parquet")


@pytest.fixture(scope="session")
def score_files(results, scores) -> dict[Path, dict]:
    """The score files behind scores.parquet; others may lie beside them from an earlier configuration."""
    runs = scores[["base", "task", "method", "source"]].drop_duplicates().itertuples(index=False)
    paths = [results / "scores" / run.base / run.task / run.method / f"{run.source}.json" for run in runs]
    return {path: json.loads(path.read_text(encoding="utf-8")) for path in paths}
