"""Sound that comes in about as fast as it is taken, by two clocks: a microphone's and the media stream's.

Where too little has come it is silent until there is a head start again; where too much waits, the oldest is lost.
"""

from __future__ import annotations

from phonegame.audio import BYTES_PER_MS, SILENCE

HEAD_START_BYTES = 60 * BYTES_PER_MS
"""What must wait before any is taken: a browser hands over 20 ms at a time, often late."""
MOST_BYTES = 300 * BYTES_PER_MS
"""With more, the head start is what is kept: a caller who is heard late is answered late."""


class LiveSound:
    """mu-law."""

    def __init__(self) -> None:
        self.lost_bytes = 0
        self._waiting = bytearray()
        self._is_filling = True

    def put(self, mulaw: bytes) -> None:
        self._waiting += mulaw
        if len(self._waiting) > MOST_BYTES:
            excess = len(self._waiting) - HEAD_START_BYTES
            del self._waiting[:excess]
            self.lost_bytes += excess

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        if self._is_filling and len(self._waiting) < HEAD_START_BYTES:
            return SILENCE * size
        sound = bytes(self._waiting[:size])
        del self._waiting[:size]
        self._is_filling = len(sound) < size
        return sound.ljust(size, SILENCE)
