"""When something happens, in samples of the call's audio."""

from __future__ import annotations

import math

from phonegame.audio import BYTES_PER_SECOND

WINDOW_SECONDS = 10.0
"""A minute of an oscillator that is wrong by 100 ppm are 6 ms: what is older than two of these is forgotten."""


class CallClock:
    """Trio's time -> a place in the caller's audio. A frame may come late, but never early: the earliest tell the time.

    What network and event loop hold up thus shifts nothing.
    """

    def __init__(self) -> None:
        # how far the audio is ahead of trio's clock, in seconds: the most in this window, and in the one before
        self._ahead = self._ahead_before = -math.inf
        self._window_ends = -math.inf

    @property
    def is_known(self) -> bool:
        return self._window_ends > -math.inf

    def note(self, place: int, now: float) -> None:
        """A frame has come, and the caller's audio up to this place. Once at least, before `place` is asked."""
        ahead = place / BYTES_PER_SECOND - now
        if now >= self._window_ends:
            self._window_ends = now + WINDOW_SECONDS
            self._ahead_before, self._ahead = self._ahead, ahead
        elif ahead > self._ahead:
            self._ahead = ahead

    def place(self, at: float) -> int:
        return round((at + max(self._ahead, self._ahead_before)) * BYTES_PER_SECOND)
