"""The part of a call's audio that Deepgram may still have to be sent, for the first time or once more."""

from __future__ import annotations

from phonegame.audio import BYTES_PER_SECOND

KEEP_SECONDS = 5
"""Deepgram takes 1.25 times real time at most: catching up on 5 s takes 20 s, and more than that lags too far."""
_KEEP = KEEP_SECONDS * BYTES_PER_SECOND
# cutting down by a second at a time spares moving 40 kB at every frame
_SLACK = BYTES_PER_SECOND


class AudioBuffer:
    """Positions are bytes since the call began. Holds `start` to `end`; what lies before `cursor` has been sent.

    The oldest audio is dropped when more than `KEEP_SECONDS` are held: live speech is worth more than old speech.
    """

    def __init__(self) -> None:
        self._audio = bytearray()
        self.start = 0
        self.cursor = 0

    @property
    def end(self) -> int:
        return self.start + len(self._audio)

    @property
    def unsent(self) -> int:
        return self.end - self.cursor

    def append(self, audio: bytes) -> None:
        self._audio += audio
        if len(self._audio) > _KEEP + _SLACK:
            self.trim()

    def trim(self) -> None:
        """Drops what is beyond `KEEP_SECONDS`, so that nothing is dropped for a while after."""
        self.forget_before(self.end - _KEEP)

    def forget_before(self, position: int) -> None:
        """Results are final up to there, or there is no room to keep it."""
        surplus = min(position, self.end) - self.start
        if surplus > 0:
            del self._audio[:surplus]
            self.start += surplus
            self.cursor = max(self.cursor, self.start)

    def next_piece(self, most: int) -> bytes:
        """The next `most` bytes that have not been sent, or what there is of them. Tell `sent_until` once they are."""
        offset = self.cursor - self.start
        return bytes(self._audio[offset : offset + most])

    def sent_until(self, position: int) -> None:
        self.cursor = max(self.cursor, min(position, self.end))

    def rewind(self, position: int) -> None:
        """A new session hears everything from `position` on, as far as it is kept."""
        self.forget_before(position)
        self.cursor = max(self.start, min(position, self.end))
