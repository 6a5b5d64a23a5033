"""Whether this process takes one more call: who comes on top of what it can do would spoil the calls of all others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum

import trio

STREAM_SECONDS = 15
"""From the TwiML to the stream, with a short greeting: by then a caller who has not come has hung up."""


class Full(Enum):
    """Why not. The value is for metrics and for `DialRefused`."""

    CALLS = "calls"
    LAG = "lag"

    @property
    def setting(self) -> str:
        return "PHONEGAME_MAX_CALLS" if self is Full.CALLS else "PHONEGAME_MAX_LAG_SECONDS"


class Admission:
    """Calls whose stream has yet to come count as well: a crowd is let in before the first of them is there."""

    def __init__(
        self,
        max_calls: int,
        max_lag: float,
        calls: Callable[[], int],
        lag: Callable[[], float],
        now: Callable[[], float] = trio.current_time,
    ) -> None:
        """0: no limit. `calls`: how many there are. `lag`: of the event loop, in seconds."""
        self.max_calls = max_calls
        self._max_lag = max_lag
        self._calls = calls
        self._lag = lag
        self._now = now
        self._expected: deque[float] = deque()
        """Until when each of them is."""

    def why_full(self) -> Full | None:
        """None: there is room for one more."""
        now = self._now()
        while self._expected and self._expected[0] <= now:
            self._expected.popleft()
        if self.max_calls and self._calls() + len(self._expected) >= self.max_calls:
            return Full.CALLS
        return Full.LAG if self._max_lag and self._lag() > self._max_lag else None

    def expect_nowait(self) -> None:
        """A call is let in, and its stream will come."""
        self._expected.append(self._now() + STREAM_SECONDS)

    def arrived_nowait(self) -> None:
        """A stream that was expected is here, perhaps by way of another worker: `calls` has it."""
        if self._expected:
            self._expected.popleft()
