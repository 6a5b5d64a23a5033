"""What the event loop has to bear, measured by one task that sleeps: how much of the time it works, and how late it is,
which every frame of every call suffers.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

import trio

EVERY_SECONDS = 0.25
KEPT = 20
"""Samples, five seconds of them: of a median, a single hiccup (a suspended machine, a long parse) changes nothing."""


class LoopLoad:
    def __init__(
        self,
        on_lag: Callable[[float], None] = lambda _: None,
        *,
        clock: Callable[[], float] = time.perf_counter,
        cpu_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """`on_lag` gets each sample. `cpu_clock`: the CPU time of the thread that it is asked in, in seconds."""
        self._on_lag = on_lag
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._lags: deque[float] = deque([0.0] * KEPT, maxlen=KEPT)
        self._shares: deque[float] = deque([0.0] * KEPT, maxlen=KEPT)

    @property
    def lag(self) -> float:
        """Seconds by which half of the last wake-ups were late, or more."""
        return median(self._lags)

    @property
    def busy(self) -> float:
        """The share of a core, up to 1, that the loop's thread used in half of the last samples, or more."""
        return median(self._shares)

    async def watch(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Runs until it is cancelled."""
        task_status.started()
        began, cpu = self._clock(), self._cpu_clock()
        while True:
            due = trio.current_time() + EVERY_SECONDS
            await trio.sleep_until(due)
            lag = trio.current_time() - due
            self._lags.append(lag)
            self._on_lag(lag)
            ended, cpu_ended = self._clock(), self._cpu_clock()
            self._shares.append(min((cpu_ended - cpu) / (ended - began), 1.0) if ended > began else 0.0)
            began, cpu = ended, cpu_ended
