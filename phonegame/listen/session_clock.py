"""A session's time, which begins at 0 with it, and the call's."""

from __future__ import annotations


class SessionClock:
    """`offset`: seconds of the call at which the session's audio begins. Silence of our own is no part of the call."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self._added: list[tuple[float, float]] = []  # where in the session, and how much
        self._added_seconds = 0.0

    @property
    def is_the_calls(self) -> bool:
        """Whether both are the same."""
        return not self.offset and not self._added

    def add_silence(self, at: float, seconds: float) -> None:
        """So much has been sent on top, when `at` seconds of the call had been."""
        begin = at - self.offset + self._added_seconds
        self._added_seconds += seconds
        if self._added and abs(sum(self._added[-1]) - begin) < 1e-9:
            begin, before = self._added.pop()
            seconds += before
        self._added.append((begin, seconds))

    def call_time(self, time: float) -> float:
        """Of a moment in the session; all of added silence is one moment of the call."""
        added = sum(min(max(time - begin, 0.0), seconds) for begin, seconds in self._added)
        return round(time + self.offset - added, 6)
