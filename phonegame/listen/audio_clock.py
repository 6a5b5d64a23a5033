"""Which second of the call's audio the caller speaks at present, although the network may still hold it up."""

from __future__ import annotations

import math

WINDOW_SECONDS = 10.0
"""A stream that is silent for so long is dead, so no audio lags for longer. Where the audio's own time has jumped, as
it does behind a long gap, what was before is forgotten after at most twice this time; and an oscillator that is wrong
by 100 ppm is 2 ms off by then."""


class AudioClock:
    """Audio never comes early: the piece that was held up least, of those that came lately, tells best."""

    def __init__(self) -> None:
        # the most that the audio's position was ahead of the clock
        self._ahead = self._ahead_before = -math.inf
        self._window_ends = -math.inf

    @property
    def is_known(self) -> bool:
        """Whether any audio has come."""
        return self._window_ends > -math.inf

    def came_nowait(self, position: float, now: float) -> None:
        """Audio has come up to `position`, in seconds."""
        if now >= self._window_ends:
            is_next = now < self._window_ends + WINDOW_SECONDS
            self._ahead_before = self._ahead if is_next else -math.inf
            self._ahead, self._window_ends = -math.inf, now + WINDOW_SECONDS
        self._ahead = max(self._ahead, position - now)

    def position(self, at: float) -> float:
        """0 before the first audio."""
        return at + max(self._ahead, self._ahead_before) if self.is_known else 0.0
