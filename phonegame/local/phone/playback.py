"""What the phone plays: Twilio's buffer for outbound audio, on the call's own time line.

Time is counted in samples since the start of the stream, one byte each. Media queues up and plays at 8000
bytes a second; a mark is due when everything queued before it has been played, at once when nothing is
queued, and with all others when the buffer is cleared (Media Streams, "WebSocket messages": mark, clear).
Nothing here waits or reads a clock: tell it the time with `advance`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from phonegame.audio import BYTES_PER_SECOND, SILENCE

PAUSE_SECONDS = 1.0
"""A silence that is at least this long is taken for one that was meant."""
MAX_BUFFERED = 600 * BYTES_PER_SECOND
"""Ten minutes. Twilio documents no limit; without any, a runaway server would fill this machine's memory."""


@dataclass(frozen=True, slots=True)
class Underrun:
    """A hole of `seconds` in the middle of a playback, `at` seconds after the start of the stream."""

    at: float
    seconds: float


class Playback:
    """`heard` is what was heard so far: mu-law from the stream's start on, silence where nothing played."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.underruns: list[Underrun] = []
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._marks: deque[tuple[int, str]] = deque()  # due at this place on the time line
        self._ran_dry_at: int | None = None

    @property
    def now(self) -> int:
        """Samples since the start of the stream."""
        return len(self.heard)

    @property
    def buffered(self) -> int:
        """Samples that are still to be played."""
        return self._queued

    @property
    def pending_marks(self) -> list[str]:
        return [name for _, name in self._marks]

    def advance(self, now: int) -> list[str]:
        """Plays up to `now`. Returns the names of the marks that became due, in order."""
        while self._queue and self.now < now:
            self._play(now - self.now)
        self.heard += SILENCE * (now - self.now)
        due: list[str] = []
        while self._marks and self._marks[0][0] <= self.now:
            due.append(self._marks.popleft()[1])
        return due

    def media(self, audio: bytes) -> bool:
        """Queues audio. False: the buffer is full, and the audio is dropped."""
        if self._queued + len(audio) > MAX_BUFFERED:
            return False
        if self._ran_dry_at is not None:
            self._note_underrun(self._ran_dry_at)
        self._queue.append(audio)
        self._queued += len(audio)
        return True

    def mark(self, name: str) -> list[str]:
        """Returns [name] when it is due at once. A mark also says that a pause after it is meant."""
        if not self._queued:
            self._ran_dry_at = None
            return [name]
        self._marks.append((self.now + self._queued, name))
        return []

    def clear(self) -> list[str]:
        """Drops what is queued. Returns the names of all pending marks, which are due at once."""
        self._queue.clear()
        self._queued = 0
        self._ran_dry_at = None
        names = self.pending_marks
        self._marks.clear()
        return names

    def _play(self, wanted: int) -> None:
        piece = self._queue.popleft()
        if len(piece) > wanted:
            self._queue.appendleft(piece[wanted:])
            piece = piece[:wanted]
        self.heard += piece
        self._queued -= len(piece)
        if not self._queue:
            ends_with_a_mark = bool(self._marks) and self._marks[-1][0] == self.now
            self._ran_dry_at = None if ends_with_a_mark else self.now

    def _note_underrun(self, since: int) -> None:
        gap = self.now - since
        if 0 < gap < PAUSE_SECONDS * BYTES_PER_SECOND:
            self.underruns.append(Underrun(since / BYTES_PER_SECOND, gap / BYTES_PER_SECOND))
        self._ran_dry_at = None
