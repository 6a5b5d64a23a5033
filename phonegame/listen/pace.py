"""How fast audio goes to Deepgram, whatever way it takes. No I/O, no clock.

Source: Deepgram's documentation, "Recovering from connection errors": no more than 1.25 times real time is accepted.
Audio that did not come in the time before gives no credit: nobody tells how much Deepgram would give.
"""

from __future__ import annotations

import math

from phonegame.audio import BYTES_PER_SECOND

CATCH_UP_RATE = 1.25
CATCH_UP_HEAD_START = 0.5
"""Seconds of audio that may go at once on top of that, so that a short hiccup leaves no lag behind."""


class Pace:
    """One for each session."""

    def __init__(self) -> None:
        self._taken_until = -math.inf
        """When Deepgram has taken what it was sent, at this rate."""

    @property
    def ready_at(self) -> float:
        """When the next piece may go."""
        return self._taken_until - CATCH_UP_HEAD_START / CATCH_UP_RATE

    def sent(self, size: int, now: float) -> None:
        self._taken_until = max(self._taken_until, now) + size / (CATCH_UP_RATE * BYTES_PER_SECOND)
