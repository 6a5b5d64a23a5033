"""What is kept of one call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from phonegame.board.shown import By, CallShown, Entry, TimeLine
from phonegame.board.words import doing

MAX_TEXT = 1000
"""Characters of one entry."""


class Record:
    def __init__(self, shown: CallShown, most_lines: int, on_change: Callable[[Record, bool], None]) -> None:
        """`most_lines`: entries of the time line that are kept; 0: none, and so no word that anybody says.

        `on_change` is told whether the row has changed, or else the time line.
        """
        self.shown = shown
        self.revision = 0
        """Of the time line."""
        self._lines: deque[Entry] = deque(maxlen=most_lines)
        self._count = 0
        self._on_change = on_change
        shown.doing = doing(shown)

    def update(self, **fields: Any) -> None:
        """Of the row."""
        for name, value in fields.items():
            setattr(self.shown, name, value)
        self.shown.doing = doing(self.shown)
        self._on_change(self, True)

    def add(self, by: By, text: str, at: float, *, is_open: bool = False) -> Entry:
        """One that is not kept, since none is, can be changed all the same."""
        self._count += 1
        entry = Entry(id=self._count, revision=0, at=round(at, 3), by=by, text=text[:MAX_TEXT], is_open=is_open)
        self._lines.append(entry)
        self.change(entry)
        return entry

    def change(self, entry: Entry, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(entry, name, value[:MAX_TEXT] if isinstance(value, str) else value)
        self.revision += 1
        entry.revision = self.revision
        self._on_change(self, False)

    @property
    def lines(self) -> Sequence[Entry]:
        """The time line, as far as it is kept."""
        return self._lines

    def line(self, after: int = 0) -> TimeLine:
        """What has changed behind this revision."""
        first = self._lines[0].id if self._lines else self._count + 1
        return TimeLine(
            call=self.shown.id, first=first, entries=[entry for entry in self._lines if entry.revision > after]
        )
