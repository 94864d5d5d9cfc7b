"""The machine as a setting: device, threads, and the precision of what is frozen and of whole models."""

import pytest
import torch

from madx.models import products
from madx.training import compute
from madx.training.compute import Machine, set_up
from tests.unit.training.conftest import tiny_study


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def settings(**changes):
    return tiny_study().compute.model_copy(update={"device": "cpu"} | changes)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_whole_models_compute_in_bfloat16_where_frozen_weights_are_bfloat16(precision):
    machine = set_up(settings(precision=precision), threads=1)
    assert machine == Machine(torch.device("cpu"), getattr(torch, precision))
    assert machine.autocast == (precision == "bfloat16")


@pytest.mark.parametrize(("fast", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_takes_bfloat16_where_it_is_fast(monkeypatch, fast, expected):
    monkeypatch.setattr(compute, "has_fast_bfloat16", lambda device: fast)
    assert set_up(settings(precision="auto"), threads=1).frozen == expected


def test_what_was_decided_is_recorded(monkeypatch):
    monkeypatch.setattr(compute, "has_fast_bfloat16", lambda device: True)
    machine = set_up(settings(precision="auto"), threads=2)
    monkeypatch.setattr(products, "ONEDNN", True)
    decided = {"device": "cpu", "precision": "bfloat16", "threads": 2, "float32_products": "oneDNN"}
    assert machine.as_dict() == decided


def test_job_has_the_threads_that_it_is_given():
    set_up(settings(), threads=3)
    assert torch.get_num_threads() == 3


def test_missing_gpu_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"compute\.device is 'cuda', but torch finds no GPU"):
        set_up(settings(device="cuda"), threads=1)
    assert set_up(settings(device="auto"), threads=1).device.type == "cpu"
