"""Between a call, which hands over sound when it can, and a sound device, which takes it when it must.

The two have clocks of their own and live in two threads; neither ever waits for the other. Where the device finds
too little it plays silence until there is a head start again; where too much waits, silence is left out, and in the
end the oldest sound. No sound device in here.
"""

from __future__ import annotations

import threading

HEAD_START_SECONDS = 0.06
"""What must wait, beyond what the device asks for at a time: the call hands over 20 ms at a time, often late."""
MAX_SECONDS = 1.0
"""A device that has stopped taking anything must not fill the memory, nor play old sound when it goes on."""


class SoundQueue:
    """Sound as bytes, `bytes_per_second` of them played in a second, `frame_bytes` for one sample of all channels."""

    def __init__(self, bytes_per_second: int, frame_bytes: int) -> None:
        self.lost_seconds = 0.0
        """Sound, not silence, that was thrown away since the device did not take it."""
        self._bytes_per_second = bytes_per_second
        self._frame_bytes = frame_bytes
        self._head_start = self._size(HEAD_START_SECONDS)
        self._most = self._size(MAX_SECONDS)
        self._waiting = bytearray()
        self._asked_for = 0
        self._is_filling = True
        self._is_last = False
        self._drained = threading.Event()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """What waits to be played."""
        return len(self._waiting) / self._bytes_per_second

    def put(self, sound: bytes, *, is_silence: bool) -> None:
        with self._lock:
            if is_silence and len(self._waiting) >= self._enough:
                return
            self._waiting += sound
            if (excess := len(self._waiting) - self._most) > 0:
                del self._waiting[:excess]
                self.lost_seconds += excess / self._bytes_per_second

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes. Called by the device, in its own thread."""
        with self._lock:
            self._asked_for = size
            if self._is_filling and not self._is_last and len(self._waiting) < min(self._head_start + size, self._most):
                return bytes(size)
            sound = bytes(self._waiting[:size])
            del self._waiting[:size]
            self._is_filling = len(sound) < size
            if self._is_last and not self._waiting:
                self._drained.set()
            return sound.ljust(size, b"\0")

    def drain_blocking(self, seconds: float) -> None:
        """No more will be put. Waits until the device has taken all, but no longer than that."""
        with self._lock:
            self._is_last = True
            if not self._waiting:
                return
        self._drained.wait(seconds)

    @property
    def _enough(self) -> int:
        return self._head_start + 2 * self._asked_for

    def _size(self, seconds: float) -> int:
        return round(seconds * self._bytes_per_second / self._frame_bytes) * self._frame_bytes
