"""What a step needs, made in the background while the step before it is computed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """The values of a function of the step; while one is used, a thread makes the next.

    Steps may be asked for in any order; a failure of the function is raised where its step is asked for. The function
    must not read what other steps change.
    """

    def __init__(self, make: Callable[[int], T]) -> None:
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._next: tuple[int, Future[T]] | None = None

    def __call__(self, step: int) -> T:
        made = self._next[1].result() if self._next and self._next[0] == step else self._make(step)
        self._next = step + 1, self._thread.submit(self._make, step + 1)
        return made
