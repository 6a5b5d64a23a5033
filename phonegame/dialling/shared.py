"""Limits of outgoing calls over time, of all workers together, and who has called in at any of them.

Windows begin with the first call in them. Calls that are refused count here, but make no window longer.
"""

from __future__ import annotations

from contextlib import suppress

from phonegame.dialling.quota import HOUR, MINUTE, DialLimits
from phonegame.dialling.rules import DialRefused, Rule
from phonegame.notes import Notes, NotesAway

CALLED_IN_SECONDS = 30 * 24 * HOUR


class SharedDialLimits:
    def __init__(self, limits: DialLimits, notes: Notes) -> None:
        self._limits = limits
        self._notes = notes

    async def count(self, game: str | None, known_as: str) -> None:
        """See `DialQuota.taken`. Raises `DialRefused`. While Redis is away, each worker has its own limits only."""
        limits = self._limits
        with suppress(NotesAway):
            await self._take(Rule.PER_MINUTE, "all", limits.dial_per_minute, "a minute", MINUTE)
            if game is not None:
                await self._take(Rule.PER_GAME, game, limits.dial_per_game, "a minute by this game", MINUTE)
            await self._take(Rule.PER_NUMBER, known_as, limits.dial_per_number, "an hour to this number", HOUR)

    async def _take(self, rule: Rule, whose: str, most: int, each: str, seconds: float) -> None:
        if await self._notes.count(f"dialled:{rule.label}:{whose}", seconds) > most:
            setting = f"PHONEGAME_{rule.label.upper()}"
            raise DialRefused(rule, f"more than {most} calls {each}, over all workers: {setting} allows no more")

    async def remember(self, known_as: str) -> None:
        """Somebody has called in."""
        with suppress(NotesAway):
            await self._notes.put(f"called:{known_as}", b"1", CALLED_IN_SECONDS)

    async def has_called(self, known_as: str) -> bool:
        with suppress(NotesAway):
            return await self._notes.get(f"called:{known_as}") is not None
        return False
