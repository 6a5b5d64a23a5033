"""What has been sent to the caller's phone, and how much of it has been played by now.

The clock is ours: audio plays from the moment it is sent, or behind the audio before it. A place in it counts samples
since the last `clear`. Marks tell three things more:

- what lies before a mark that came back has been played, whatever the clock says;
- a mark that is later than computed by more than the most punctual one of the call: the phone has fallen behind, and
  is that much behind in what follows without a pause, too (a stall of the network shifts all that is played);
- a mark that never comes counts as back `MARK_SECONDS` after its time: a dying stream returns none.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from phonegame.audio import BYTES_PER_SECOND
from phonegame.speak.performance import Part

MARK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    part: Part
    place: int
    plays_at: float


class Playout:
    def __init__(self) -> None:
        self.sent = 0
        """Samples since the last clear."""
        self._generation = 0
        self._numbered = 0
        self._marks: deque[_Mark] = deque()
        # what was sent before this place had been played by this time, and since then there was no pause
        self._place = 0
        self._place_at = -math.inf
        self._in_flight: int | None = None
        self._surely_played = 0
        self._behind = 0.0
        self._least_delay = math.inf

    @property
    def plays_until(self) -> float:
        """Trio's time; long ago where nothing plays."""
        return self._place_at + (self.sent - self._place) / BYTES_PER_SECOND

    @property
    def playing_since(self) -> float:
        """Trio's time since when audio has been playing without a pause."""
        return self._place_at

    @property
    def delay(self) -> float:
        """Seconds by which the phone is behind this clock, as far as marks tell: the way there and back, and stalls."""
        return self._behind + (0.0 if math.isinf(self._least_delay) else self._least_delay)

    @property
    def next_overdue(self) -> float:
        return self._marks[0].plays_at + MARK_SECONDS if self._marks else math.inf

    def send_nowait(self, length: int, now: float) -> float:
        """Counts audio that is being sent. Returns the time at which its first sample plays."""
        if now > self.plays_until:
            self._place, self._place_at, self._behind = self.sent, now, 0.0
        plays_at = self.plays_until
        self._in_flight = self.sent
        self.sent += length
        return plays_at

    def has_been_sent_nowait(self, now: float) -> float | None:
        """The socket has taken the audio: what it held up cannot have begun to play before.

        Returns the time at which its first sample plays; None where it was no audio, or has been cleared since.
        """
        place, self._in_flight = self._in_flight, None
        if place is None:
            return None
        plays_at = self._place_at + (place - self._place) / BYTES_PER_SECOND
        if now > plays_at:
            self._place, self._place_at, plays_at = place, now, now
        return plays_at

    def played(self, now: float) -> int:
        """The place up to which the caller has heard all."""
        if math.isinf(self._place_at):
            return self._surely_played
        place = self._place + round((now - self._behind - self._place_at) * BYTES_PER_SECOND)
        return min(max(place, self._place, self._surely_played), self.sent)

    def mark_nowait(self, part: Part) -> str:
        """The name of a mark to be sent behind the last audio of `part`."""
        self._numbered += 1
        name = f"said-{self._generation}-{self._numbered}"
        self._marks.append(_Mark(name, part, self.sent, self.plays_until))
        return name

    def mark_returned_nowait(self, name: str, now: float) -> list[Part]:
        """The parts that have been played. None for a mark from before a clear, which returns it unplayed."""
        back = next((mark for mark in self._marks if mark.name == name), None)
        if back is None:
            return []
        self._note_delay(back, now)
        return self._pop_until(back)

    def overdue_nowait(self, now: float) -> list[Part]:
        """The parts whose marks are given up."""
        late = [mark for mark in self._marks if mark.plays_at + MARK_SECONDS <= now]
        return self._pop_until(late[-1]) if late else []

    def clear_nowait(self) -> None:
        """Everything that has not been played is swept away, and its marks will come back without a meaning."""
        self._generation += 1
        self._numbered = 0
        self._marks.clear()
        self.sent = self._place = self._surely_played = 0
        self._place_at, self._behind, self._in_flight = -math.inf, 0.0, None

    def _note_delay(self, mark: _Mark, now: float) -> None:
        delay = max(now - mark.plays_at, 0.0)
        self._least_delay = min(self._least_delay, delay)
        if mark.place > self._place:
            self._behind = delay - self._least_delay

    def _pop_until(self, last: _Mark) -> list[Part]:
        parts = []
        while self._marks:
            mark = self._marks.popleft()
            parts.append(mark.part)
            self._surely_played = mark.place
            if mark is last:
                break
        return parts
