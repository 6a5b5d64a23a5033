"""Two channels on one clock: what the caller has said as it came, and what the caller has heard.

A place counts samples of the caller's audio since the call began. What is said to the caller comes before it is heard,
and may be cut before it is. So the newest second is kept back; what is older than that is fact.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from phonegame.audio import BYTES_PER_MS, BYTES_PER_SECOND, SILENCE
from phonegame.listen.audio_clock import AudioClock
from phonegame.speak.saying import Saying

PIECE_BYTES = BYTES_PER_SECOND
"""What is written at a time."""
HOLD_BYTES = BYTES_PER_SECOND
MOST_BYTES = 30 * BYTES_PER_SECOND
"""A disk that is so far behind will not catch up."""
SLACK_BYTES = 50 * BYTES_PER_MS
"""Within one stretch of sound the phone's delay is followed only in steps of this: each leaves a gap in a word."""
_FACT = -(2**62)
"""The place of what no cut can reach any more."""


@dataclass(slots=True)
class _Piece:
    begin: int
    place: int
    """Among the samples that the speaker has sent since its last cut."""
    audio: bytes

    @property
    def end(self) -> int:
        return self.begin + len(self.audio)


@dataclass(slots=True)
class _Start:
    at: int
    place: int


class Tape:
    """Records nothing before `begin_nowait`, but learns the call's time and what is on its way to the caller."""

    def __init__(self, place: int, now: float) -> None:
        """`place`: samples of the caller's so far."""
        self._clock = AudioClock()
        self._place = place
        if place:
            self._note_place(now)
        self._begin: int | None = None
        self._left = bytearray()
        self._left_from = 0
        self._right: deque[_Piece] = deque()
        self._right_end = 0
        self._stretch_ends_at = -math.inf
        self._starts: dict[int, _Start] = {}
        """Of sayings that have no receipt yet, by identity: the server's own share an id."""
        self.on_ready: Callable[[], object] = lambda: None
        """Called when there is a piece to take."""
        self.on_overfull: Callable[[], object] = lambda: None
        """Called when nobody takes them."""

    def begin_nowait(self, now: float) -> None:
        """The first sample is what the caller says now, in the midst of a frame that is yet to come."""
        if not self._clock.is_known:
            self._note_place(now)
        self._begin = self._left_from = max(self._place_at(now), self._place)

    @property
    def has_begun(self) -> bool:
        return self._begin is not None

    # the call's time, in seconds of the recording

    def seconds_at(self, now: float) -> float:
        return self._seconds(self._place_at(now))

    def _note_place(self, now: float) -> None:
        self._clock.came_nowait(self._place / BYTES_PER_SECOND, now)

    def _place_at(self, at: float) -> int:
        return round(self._clock.position(at) * BYTES_PER_SECOND)

    @property
    def began_at(self) -> float:
        """Seconds of the caller's audio before the recording: Deepgram's times count them."""
        return (self._begin or 0) / BYTES_PER_SECOND

    def take_start(self, saying: Saying) -> float | None:
        """When the caller began to hear it; it is over. None: never."""
        start = self._starts.pop(id(saying), None)
        return None if start is None else self._seconds(start.at)

    @property
    def seconds(self) -> float:
        return self._seconds(self._place)

    def _seconds(self, place: int) -> float:
        return max(place - (self._begin or 0), 0) / BYTES_PER_SECOND

    # what comes

    def hear_nowait(self, audio: bytes, now: float) -> None:
        """From the caller."""
        early = 0 if self._begin is None else max(self._begin - self._place, 0)
        self._place += len(audio)
        self._note_place(now)
        if self._begin is None:
            return
        self._left += audio[early:] if early else audio
        if len(self._left) >= PIECE_BYTES + HOLD_BYTES:
            self.on_ready()
            if len(self._left) > MOST_BYTES:
                self.on_overfull()

    def play_nowait(self, saying: Saying, place: int, audio: bytes, plays_at: float, delay: float) -> None:
        if not self._clock.is_known:
            return
        begin = self._place_at(plays_at + delay)
        goes_on = abs(plays_at - self._stretch_ends_at) < 1 / BYTES_PER_SECOND
        if (goes_on and begin - self._right_end < SLACK_BYTES) or begin < self._right_end:
            begin = self._right_end
        self._stretch_ends_at = plays_at + len(audio) / BYTES_PER_SECOND
        self._right_end = begin + len(audio)
        self._right.append(_Piece(begin, place, audio))
        self._starts.setdefault(id(saying), _Start(begin, place))
        if self._begin is None:
            self._forget_before(self._place)

    def cut_nowait(self, place: int) -> None:
        while self._right and (last := self._right[-1]).place + len(last.audio) > place:
            last.audio = last.audio[: max(place - last.place, 0)]
            self._right_end = last.end
            if last.audio:
                break
            self._right.pop()
        self._stretch_ends_at = -math.inf
        # those that are sent again begin again
        self._starts = {key: start for key, start in self._starts.items() if start.place < place}
        for piece in self._right:
            piece.place = _FACT
        for start in self._starts.values():
            start.place = _FACT

    def _forget_before(self, place: int) -> None:
        while self._right and self._right[0].end <= place:
            self._right.popleft()

    # what goes

    def take(self, *, rest: bool = False) -> tuple[bytes, bytes]:
        """What is fact, both channels, as long as each other; `rest`: all, and what was heard behind the last frame."""
        if rest and self._begin is not None:
            missing = max(self._right_end - self._left_from - len(self._left), 0)
            self._left += SILENCE * missing
            self._place += missing
        size = len(self._left) if rest else max(len(self._left) - HOLD_BYTES, 0)
        left, begin = bytes(self._left[:size]), self._left_from
        del self._left[:size]
        self._left_from += size
        right = bytearray(SILENCE * size)
        for piece in self._right:
            first, last = max(piece.begin, begin), min(piece.end, begin + size)
            if first < last:
                right[first - begin : last - begin] = piece.audio[first - piece.begin : last - piece.begin]
        self._forget_before(self._left_from)
        return left, bytes(right)
