"""What is to be done at a certain time: the generator's loop asks after each round."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Timers:
    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def at(self, moment: float, call: Callable[[], None]) -> None:
        """Of two for the same moment, the one set first comes first."""
        heapq.heappush(self._due, (moment, next(self._numbers), call))

    def run(self, now: float) -> None:
        """Calls what is due."""
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
