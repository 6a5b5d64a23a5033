"""What a caller hears, computed from when audio comes: as Twilio plays it, from a buffer that may run dry.

Source: Twilio's documentation, "Media Streams - WebSocket Messages": media plays in order, a mark comes back when
what was sent before it has been played, `clear` empties the buffer and returns all marks at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .traffic import BYTES_PER_SECOND

LEAD_SECONDS = 0.4
"""How far ahead of playback the server is to send."""


@dataclass(slots=True)
class Pace:
    """What came when, over all calls; in seconds."""

    pieces: int = 0
    under_runs: list[float] = field(default_factory=list)
    """How long callers heard nothing in the middle of a sentence."""
    pauses: list[float] = field(default_factory=list)
    """The same between two sentences of one saying; 0 where one followed the other without a pause."""
    leads: list[float] = field(default_factory=list)
    """How much was buffered when a piece had come."""
    lateness: list[float] = field(default_factory=list)
    """Of pieces, behind the moment `LEAD_SECONDS` before their first sample plays; the first ones are due at once."""


class Playback:
    """One call's. A sentence begins with its first media, and ends with its mark."""

    def __init__(self) -> None:
        self.plays_until = 0.0
        self._began = 0.0
        self._in_sentence = False
        self._marks: list[str] = []

    @property
    def is_silent(self) -> bool:
        """Whether all that has come has been played, as far as marks tell."""
        return not self._in_sentence and not self._marks

    def media(self, size: int, now: float, pace: Pace | None, *, is_first: bool) -> None:
        """A piece has come; `is_first` of its saying. Its figures go to `pace`."""
        gap = now - self.plays_until
        if pace is not None:
            self._note_gap(gap, pace, is_first)
        if gap > 0:
            self.plays_until = self._began = now
        if pace is not None:
            pace.pieces += 1
            due = max(self._began, self.plays_until - LEAD_SECONDS)
            pace.lateness.append(max(now - due, 0.0))
            pace.leads.append(self.plays_until + size / BYTES_PER_SECOND - now)
        self.plays_until += size / BYTES_PER_SECOND
        self._in_sentence = True

    def mark(self, name: str) -> float:
        """When it will have been played; call `mark_played` then."""
        self._in_sentence = False
        self._marks.append(name)
        return self.plays_until

    def mark_played(self, name: str) -> bool:
        """False: it was swept away before, and has been returned then."""
        if name not in self._marks:
            return False
        self._marks.remove(name)
        return True

    def clear(self, now: float) -> tuple[float, list[str]]:
        """How many seconds were swept away, and the marks that come back at once."""
        unplayed = max(self.plays_until - now, 0.0)
        marks, self._marks = self._marks, []
        self.plays_until = min(self.plays_until, now)
        self._in_sentence = False
        return unplayed, marks

    def _note_gap(self, gap: float, pace: Pace, is_first: bool) -> None:
        if self._in_sentence and gap > 0:
            pace.under_runs.append(gap)
        elif not self._in_sentence and not is_first:
            pace.pauses.append(max(gap, 0.0))
