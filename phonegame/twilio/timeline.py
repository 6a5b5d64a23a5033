"""Puts a call's audio on one time line: what is missing becomes silence, what comes late or twice is left out."""

from __future__ import annotations

from phonegame.audio import BYTES_PER_MS, SILENCE

MAX_GAP_MS = 10_000
"""A longer gap is a fault of the clock rather than lost audio: a stream that is silent for 10 s is dead anyway."""
MAX_LATE_MS = 1_000
"""When so much audio in a row has come too late, the clock has been set back: its new time is taken."""
TOLERANCE_MS = 15
"""Time stamps are rounded and jitter by some ms: less than a frame is no gap, and no repetition either."""


class Timeline:
    """Takes pieces of mu-law with Twilio's time stamps, gives the bytes that belong next.

    Time stamps are in ms and start near 100. The audio given out is as long as the time that has passed since the
    first one, give or take `TOLERANCE_MS`, so that positions in it are the call's time.
    """

    def __init__(self) -> None:
        self._next_ms: float | None = None
        self._late_ms = 0.0
        self.filled = 0
        """Bytes of silence put in for what was missing."""
        self.dropped = 0
        """Bytes left out because their time had passed."""

    def place(self, audio: bytes, timestamp: int | None) -> bytes:
        """The bytes to hand on: `audio`, with silence before it, cut, or empty."""
        length_ms = len(audio) / BYTES_PER_MS
        if timestamp is None or self._next_ms is None:
            # without a time stamp the piece belongs right behind the one before
            start = self._next_ms if timestamp is None else timestamp
            self._next_ms = (start or 0) + length_ms
            return audio
        late_ms = timestamp - self._next_ms
        if -TOLERANCE_MS < late_ms < TOLERANCE_MS:
            self._next_ms += length_ms
            self._late_ms = 0
            return audio
        return self._fill(audio, late_ms) if late_ms > 0 else self._cut(audio, -late_ms)

    def _fill(self, audio: bytes, gap_ms: float) -> bytes:
        assert self._next_ms is not None
        if gap_ms > MAX_GAP_MS:
            # the clock has jumped: go on from there, and leave the call's time alone
            self._next_ms += gap_ms + len(audio) / BYTES_PER_MS
            return audio
        missing = round(gap_ms * BYTES_PER_MS)
        self.filled += missing
        self._next_ms += (missing + len(audio)) / BYTES_PER_MS
        return SILENCE * missing + audio

    def _cut(self, audio: bytes, early_ms: float) -> bytes:
        assert self._next_ms is not None
        self._late_ms += len(audio) / BYTES_PER_MS
        if self._late_ms > MAX_LATE_MS:
            self._next_ms += len(audio) / BYTES_PER_MS - early_ms
            self._late_ms = 0
            return audio
        overlap = min(len(audio), round(early_ms * BYTES_PER_MS))
        self.dropped += overlap
        rest = audio[overlap:]
        self._next_ms += len(rest) / BYTES_PER_MS
        return rest
