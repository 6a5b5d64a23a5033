"""From what was played to what a caller would say of it: when there was sound, and for how long."""

from __future__ import annotations

import audioop
from dataclasses import dataclass

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES, decode_mulaw

LOUD_RMS = 150
"""Of 32767; quieter than speech on any line, louder than an idle one."""
PAUSE_BYTES = BYTES_PER_SECOND * 7 // 10
"""A silence that is shorter belongs to the sound around it: pauses between words and short sentences."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A stretch of sound, `at` seconds after the start of the stream."""

    at: float
    seconds: float


class Ear:
    """Fed with the whole recording so far, again and again; looks only at what was added."""

    def __init__(self) -> None:
        self.sound_bytes = 0
        self._place = 0
        self._first: int | None = None
        self._last = 0

    def listen(self, heard: bytearray) -> list[Sound]:
        """Returns the stretches of sound that have ended since the last time."""
        ended: list[Sound] = []
        while self._place + FRAME_BYTES <= len(heard):
            piece = heard[self._place : self._place + FRAME_BYTES]
            if audioop.rms(decode_mulaw(bytes(piece)), 2) >= LOUD_RMS:
                self._first = self._place if self._first is None else self._first
                self._last = self._place + FRAME_BYTES
                self.sound_bytes += FRAME_BYTES
            self._place += FRAME_BYTES
            if self._first is not None and self._place - self._last >= PAUSE_BYTES:
                ended += self.finish()
        return ended

    def finish(self) -> list[Sound]:
        """The stretch that has not ended, if there is one: at the end of the call."""
        if self._first is None:
            return []
        sound = Sound(self._first / BYTES_PER_SECOND, (self._last - self._first) / BYTES_PER_SECOND)
        self._first = None
        return [sound]
