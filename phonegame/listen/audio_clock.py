"""Which second of the call's audio the caller speaks at present, although the network may still hold it up."""

from __future__ import annotations

import math

WINDOW_SECONDS = 10.0
"""A stream that is silent for so long is dead, so no audio lags for longer. Where the audio's own time has jumped, as
it does behind a long gap, what was before is forgotten after at most twice this time."""


class AudioClock:
    """Audio never comes early: the piece that was held up least, of those that came lately, tells best."""

    def __init__(self) -> None:
        # the most that the audio's position was ahead of the clock
        self._ahead = self._ahead_before = -math.inf
        self._window_ends = -math.inf

    def came_nowait(self, position: float, now: float) -> None:
        """Audio has come up to `position`, in seconds."""
        if now >= self._window_ends:
            is_next = now < self._window_ends + WINDOW_SECONDS
            self._ahead_before = self._ahead if is_next else -math.inf
            self._ahead, self._window_ends = -math.inf, now + WINDOW_SECONDS
        self._ahead = max(self._ahead, position - now)

    def position(self, now: float) -> float:
        """0 before the first audio."""
        ahead = max(self._ahead, self._ahead_before)
        return 0.0 if math.isinf(ahead) else now + ahead
