"""Limits over time of all workers together. Each has its own besides, and alone that one while Redis is away.

A window begins with the first try, and all of it is open again when it ends: nothing of it has to be kept for each try.
"""

from __future__ import annotations

from contextlib import suppress

import trio

from phonegame.limits.guesses import REFILL_SECONDS, UNKNOWN_SHARE, GuessLimits
from phonegame.notes import Notes, NotesAway


class Guesses:
    """Wrong codes by calling number. `notes`: None in a single process."""

    def __init__(self, own: GuessLimits, wrong_codes: int, notes: Notes | None = None) -> None:
        self._own = own
        self._most = wrong_codes
        self._notes = notes

    async def allow_try(self, known_as: str | None) -> bool:
        """See `GuessLimits.allow_try`."""
        if not self._own.allow_try(known_as, trio.current_time()):
            return False
        if self._notes is not None:
            with suppress(NotesAway):
                most = self._most if known_as else self._most * UNKNOWN_SHARE
                return await self._notes.counted(_key(known_as)) < most
        return True

    async def count_wrong(self, known_as: str | None) -> None:
        self._own.count_wrong(known_as, trio.current_time())
        if self._notes is not None:
            with suppress(NotesAway):
                await self._notes.count(_key(known_as), REFILL_SECONDS)


def _key(known_as: str | None) -> str:
    return f"wrong:{known_as or 'unknown'}"
