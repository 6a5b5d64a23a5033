"""Who is here at present."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import trio

V = TypeVar("V")


class Visitors(Generic[V]):
    """A set of those inside `present`, and a way to wait until it is empty."""

    def __init__(self) -> None:
        self._present: set[V] = set()
        self._somebody_left = trio.Event()

    def __len__(self) -> int:
        return len(self._present)

    def __iter__(self) -> Iterator[V]:
        """A snapshot: visitors may come and go meanwhile."""
        return iter(list(self._present))

    @contextmanager
    def present(self, visitor: V) -> Iterator[None]:
        self._present.add(visitor)
        try:
            yield
        finally:
            self._present.remove(visitor)
            self._somebody_left.set()
            self._somebody_left = trio.Event()

    async def wait_until_empty(self) -> None:
        while self._present:
            await self._somebody_left.wait()
