"""The next step's value is made while this one is used, and is the same as if it were not."""

import threading

import pytest

from madx.training.ahead import Ahead


def test_the_next_value_is_made_before_it_is_asked_for():
    made, next_made = [], threading.Event()

    def make(step: int) -> int:
        made.append((step, threading.current_thread() is threading.main_thread()))
        if step == 6:
            next_made.set()
        return 10 * step

    ahead = Ahead(make)
    assert ahead(5) == 50
    assert next_made.wait(timeout=60)
    assert ahead(6) == 60
    assert made[:2] == [(5, True), (6, False)]


def test_steps_may_come_in_any_order():
    ahead = Ahead(lambda step: -step)
    assert [ahead(step) for step in (3, 4, 9, 2, 3, 3)] == [-3, -4, -9, -2, -3, -3]


def test_a_failure_is_raised_at_its_step():
    def make(step: int) -> int:
        if step == 2:
            raise ValueError("no batch 2")
        return step

    ahead = Ahead(make)
    assert ahead(1) == 1
    with pytest.raises(ValueError, match="no batch 2"):
        ahead(2)
    assert ahead(3) == 3
