"""What a page is told. Times are seconds; `now` and `began` are on the server's clock, which starts anywhere.

All of it is data, ready for JSON: a change may as well come from another process.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Phase = Literal["dialling", "ringing", "answered", "asking", "talking", "ending", "ended"]
Whose = Literal["game", "character", "server"]
"""Who says something to the caller."""
By = Whose | Literal["caller", "keys", "event", "problem"]


class Entry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something on a call's time line."""

    id: int
    """Grows along the line, from 1."""
    revision: int
    at: float
    """Since the call began."""
    by: By
    text: str
    """Empty, and nothing unheard: it has turned out to be nothing, and is not shown."""
    is_open: bool = False
    """It is being said, or still being made out."""
    is_cut: bool = False
    """The caller has spoken over it."""
    unheard: str = ""
    """The rest of a sentence, which the caller has not heard."""
    waited_ms: int | None = None
    """From the caller's last word to the first sound of this."""
    stages_ms: dict[str, int] | None = None
    """What of that was whose: see `characters.timing.STAGES`."""


class CallShown(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One row of the list of calls."""

    id: str
    direction: Literal["incoming", "outgoing"] = "incoming"
    caller: str | None = None
    """The number, masked."""
    began: float
    phase: Phase = "asking"
    doing: str = ""
    """The same, in plain words."""
    game: str | None = None
    """Its code."""
    character: str | None = None
    """Who talks to the caller at the moment."""
    is_recorded: bool = False
    ended: float | None = None
    why: str = ""
    """In plain words, why it has ended."""
    problem: str = ""
    """The latest, in plain words, and what to do."""


class GameShown(msgspec.Struct, frozen=True, omit_defaults=True):
    code: str
    protocol: str
    is_away: bool = False
    """It has lost its connection, and may come back."""


class TimeLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Of the call that is looked at: entries that a page does not have yet, or not as they are."""

    call: str
    first: int
    """The oldest entry that is kept; 1: all are."""
    entries: list[Entry]


class Change(msgspec.Struct, kw_only=True, omit_defaults=True):
    now: float
    whole: bool = False
    """Nothing of what was told before holds any more."""
    calls: list[CallShown] = []
    gone: list[str] = []
    """Calls that are not kept any longer."""
    games: list[GameShown] | None = None
    """All of them, where that has changed."""
    line: TimeLine | None = None
