"""What the phone plays: Twilio's buffer for outbound audio, on the call's own time line.

Time is counted in samples since the start of the stream, one byte each. Media queues up and plays at 8000
bytes a second; a mark is due when everything queued before it has been played, at once when nothing is
queued, and with all others when the buffer is cleared (Media Streams, "WebSocket messages": mark, clear).
Nothing here waits or reads a clock: tell it the time with `advance`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from phonegame.audio import BYTES_PER_SECOND, SILENCE

PAUSE_SECONDS = 1.0
"""A silence that is at least this long is taken for one that was meant."""
MAX_BUFFERED = 600 * BYTES_PER_SECOND
"""Ten minutes. Twilio documents no limit; without any, a runaway server would fill this machine's memory."""


@dataclass(frozen=True, slots=True)
class Underrun:
    """A hole of `seconds` in the middle of a playback, `at` seconds after the start of the stream.

    The audio ran out and less than a second later there was more, with neither a mark nor a `clear` where it ran
    out: a server that marks the end of each sentence may pause between sentences, and nowhere else.
    """

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """A media message of `size` samples. With it, `buffered` samples were still to be played: the server's lead."""

    at: float
    size: int
    buffered: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """A `clear`: `heard[place:]` is what came after it. `unplayed` samples were thrown away; 0: it cut nothing."""

    place: int
    unplayed: int

    @property
    def at(self) -> float:
        """Seconds after the start of the stream."""
        return self.place / BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class MarkBack:
    """A mark that went back to the server; `cleared`: because of a `clear`, with audio before it unplayed."""

    name: str
    at: float
    cleared: bool


class Playback:
    """`heard` is what was heard so far: mu-law from the stream's start on, silence where nothing played.

    `on_heard` is given every stretch of it as it is played.
    """

    def __init__(self, on_heard: Callable[[bytes], None] | None = None) -> None:
        self.heard = bytearray()
        self.underruns: list[Underrun] = []
        self.arrivals: list[Arrival] = []
        self.clears: list[Cleared] = []
        self.marks_back: list[MarkBack] = []
        self.played_until = 0
        """Where the last audio of the server's ended, or has got to."""
        self._on_heard = on_heard
        self._queue: deque[memoryview] = deque()
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
        begin = self.now
        while self._queue and self.now < now:
            self._play(now - self.now)
        self.heard += SILENCE * (now - self.now)
        if self._on_heard is not None and begin < self.now:
            self._on_heard(bytes(self.heard[begin:]))
        due: list[str] = []
        while self._marks and self._marks[0][0] <= self.now:
            place, name = self._marks.popleft()
            due.append(self._give_back(name, place))
        return due

    def media(self, audio: bytes) -> bool:
        """Queues audio. False: the buffer is full, and the audio is dropped."""
        if self._queued + len(audio) > MAX_BUFFERED:
            return False
        if self._ran_dry_at is not None:
            self._note_underrun(self._ran_dry_at)
        self._queue.append(memoryview(audio))
        self._queued += len(audio)
        self.arrivals.append(Arrival(self.now / BYTES_PER_SECOND, len(audio), self._queued))
        return True

    def mark(self, name: str) -> list[str]:
        """Returns [name] when it is due at once. A mark also says that a pause after it is meant."""
        if not self._queued:
            self._ran_dry_at = None
            return [self._give_back(name, self.now)]
        self._marks.append((self.now + self._queued, name))
        return []

    def clear(self) -> list[str]:
        """Drops what is queued. Returns the names of all pending marks, which are due at once."""
        self.clears.append(Cleared(self.now, self._queued))
        self._queue.clear()
        self._queued = 0
        self._ran_dry_at = None
        names = [self._give_back(name, self.now, cleared=True) for name in self.pending_marks]
        self._marks.clear()
        return names

    def _play(self, wanted: int) -> None:
        piece = self._queue.popleft()
        if len(piece) > wanted:
            self._queue.appendleft(piece[wanted:])
            piece = piece[:wanted]
        self.heard += piece
        self._queued -= len(piece)
        self.played_until = self.now
        if not self._queue:
            ends_with_a_mark = bool(self._marks) and self._marks[-1][0] == self.now
            self._ran_dry_at = None if ends_with_a_mark else self.now

    def _note_underrun(self, since: int) -> None:
        gap = self.now - since
        if 0 < gap < PAUSE_SECONDS * BYTES_PER_SECOND:
            self.underruns.append(Underrun(since / BYTES_PER_SECOND, gap / BYTES_PER_SECOND))
        self._ran_dry_at = None

    def _give_back(self, name: str, place: int, *, cleared: bool = False) -> str:
        self.marks_back.append(MarkBack(name, place / BYTES_PER_SECOND, cleared))
        return name
