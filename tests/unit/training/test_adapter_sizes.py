"""The adapters' sizes follow from the base and the configured factors; with the paper's, they are the paper's."""

import pytest

from madx.adapters import AdapterShape, count_parameters
from madx.config import load_study
from madx.training.adaptation import language_shape
from madx.training.task import task_shape
from tests.unit.training.conftest import ROOT, tiny_study

XLMR_BASE = {"layers": 12, "hidden_size": 768}


@pytest.mark.parametrize(
    ("biases", "language", "invertible", "task", "together"),
    [(False, 7_077_888, 294_912, 884_736, 8_257_536), (True, 7_091_712, 296_064, 894_528, 8_282_304)],
    ids=["weights", "with biases"],
)
def test_paper_yaml_gives_the_parameters_of_table_4(biases, language, invertible, task, together):
    table = str(ROOT / "config/languages.tsv")
    sizes = load_study(ROOT / "config/paper.yaml", {"languages_table": table}).adapters
    lad, lad_inv = (count_parameters(language_shape(XLMR_BASE, sizes, kind), biases) for kind in ("lad", "lad-inv"))
    of_task = count_parameters(task_shape(XLMR_BASE, sizes), biases)
    assert (lad, lad_inv - lad, of_task) == (language, invertible, task)
    assert lad_inv + of_task == together


def test_each_factor_divides_what_it_is_for():
    factors = {"language_reduction_factor": 3, "invertible_reduction_factor": 4, "task_reduction_factor": 6}
    sizes = tiny_study().adapters.model_copy(update=factors | {"leave_out": (1,)})
    base = {"layers": 2, "hidden_size": 48}
    assert language_shape(base, sizes, "lad") == AdapterShape(2, 48, 16, None, (1,))
    assert language_shape(base, sizes, "lad-inv") == AdapterShape(2, 48, 16, 6, (1,))
    assert task_shape(base, sizes) == AdapterShape(2, 48, 8, None, (1,))
