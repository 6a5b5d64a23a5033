"""How late the event loop is: what every frame of every call suffers, measured by one task that sleeps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median

import trio

LAG_EVERY_SECONDS = 0.25
KEPT = 20
"""Samples, five seconds of them: of a median, a single hiccup (a suspended machine, a long parse) changes nothing."""


class LoopLag:
    def __init__(self, on_sample: Callable[[float], None] = lambda _: None) -> None:
        self._on_sample = on_sample
        self._samples: deque[float] = deque([0.0] * KEPT, maxlen=KEPT)

    @property
    def recent(self) -> float:
        """Seconds by which half of the last wake-ups were late, or more."""
        return median(self._samples)

    async def watch(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Runs until it is cancelled."""
        task_status.started()
        while True:
            due = trio.current_time() + LAG_EVERY_SECONDS
            await trio.sleep_until(due)
            lag = trio.current_time() - due
            self._samples.append(lag)
            self._on_sample(lag)
