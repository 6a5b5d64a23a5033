"""Whether this process takes one more call: who comes on top of what it can do would spoil the calls of all others.

What it can do is a number of calls that the operator sets, and what is measured while it runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Protocol

import trio

from phonegame.limit_settings import LimitSettings

STREAM_SECONDS = 15
"""From the TwiML to the stream, with a short greeting: by then a caller who has not come has hung up."""


class Full(Enum):
    """Why not. The value is for metrics and for `DialRefused`."""

    CALLS = "calls"
    BUSY = "busy"
    LAG = "lag"

    @property
    def setting(self) -> str:
        return _SETTINGS[self]


_SETTINGS = {
    Full.CALLS: "PHONEGAME_MAX_CALLS",
    Full.BUSY: "PHONEGAME_MAX_BUSY",
    Full.LAG: "PHONEGAME_MAX_LAG_SECONDS",
}


class Load(Protocol):
    """As `LoopLoad` measures it."""

    @property
    def busy(self) -> float:
        """A share of a core."""

    @property
    def lag(self) -> float:
        """In seconds."""


class Admission:
    """Calls whose stream has yet to come count as well: a crowd is let in before the first of them is there."""

    def __init__(
        self,
        limits: LimitSettings,
        calls: Callable[[], int],
        load: Load,
        now: Callable[[], float] = trio.current_time,
    ) -> None:
        """`calls`: how many there are."""
        self._limits = limits
        self._calls = calls
        self._load = load
        self._now = now
        self._expected: deque[float] = deque()
        """Until when each of them is."""

    def why_full(self) -> Full | None:
        """None: there is room for one more."""
        now = self._now()
        while self._expected and self._expected[0] <= now:
            self._expected.popleft()
        limits = self._limits
        if limits.max_calls and self._calls() + len(self._expected) >= limits.max_calls:
            return Full.CALLS
        if limits.max_busy and self._load.busy > limits.max_busy:
            return Full.BUSY
        return Full.LAG if limits.max_lag_seconds and self._load.lag > limits.max_lag_seconds else None

    def expect_nowait(self) -> None:
        """A call is let in, and its stream will come."""
        self._expected.append(self._now() + STREAM_SECONDS)

    def arrived_nowait(self) -> None:
        """A stream that was expected is here, perhaps by way of another worker: `calls` has it."""
        if self._expected:
            self._expected.popleft()
