"""Where a study's files lie, and what is evaluated together."""

from pathlib import Path

import pytest

from madx.config import load_study
from madx.paths import Paths, Trained

ROOT = Path(__file__).parents[2]
BASE = "miniature-base"


@pytest.fixture
def paths(monkeypatch) -> Paths:
    monkeypatch.chdir(ROOT)
    return Paths(load_study("config/tiny-complete.yaml"))


def test_adapter_methods_are_evaluated_with_all_seeds_at_once(paths):
    runs = Path("results/tiny-complete/runs/miniature-base/ner/madx/qaa")
    base = Path("results/tiny-complete/base/miniature-base")
    seeds, targets = (0, 1), ("qaa", "qac", "qae")
    assert list(paths.trained(BASE, "ner", "madx", "qaa")) == [
        Trained(seeds, (runs / "seed0", runs / "seed1"), targets, base)
    ]


def test_whole_models_are_evaluated_seed_by_seed(paths):
    groups = list(paths.trained(BASE, "ner", "mlm-src", "qae"))
    assert [group.seeds for group in groups] == [(0,), (1,)]
    adapted = Path("results/tiny-complete/adaptations/miniature-base/full/qae")
    assert {group.base_folder for group in groups} == {adapted}
    assert {group.targets for group in groups} == {("qaa", "qac", "qae")}


def test_mlm_trg_has_a_model_for_each_target(paths):
    groups = list(paths.trained(BASE, "qa", "mlm-trg", "qaa"))
    assert [group.targets for group in groups] == [("qaa",), ("qac",), ("qae",)]
    for group in groups:
        (target,), (folder,) = group.targets, group.folders
        assert folder == Path(f"results/tiny-complete/runs/miniature-base/qa/mlm-trg/qaa/{target}/seed0")
        assert group.base_folder == Path(f"results/tiny-complete/adaptations/miniature-base/full/{target}")


@pytest.mark.parametrize(
    ("method", "kind"), [("madx", "lad-inv"), ("madx-no-inv", "lad"), ("madx-no-lad-inv", None), ("mlm-trg", None)]
)
def test_language_adapters_of_a_method(paths, method, kind):
    folder = kind and Path(f"results/tiny-complete/adaptations/miniature-base/{kind}/qac")
    assert paths.language_adapters(BASE, method, "qac") == folder
