"""How many calls may be placed. No I/O; the clock is the caller's.

Calls that were refused do not count: who is told to wait does not have to wait longer for having asked.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio

from phonegame.dialling.rules import DialRefused, Rule

MINUTE = 60.0
HOUR = 3600.0

_Placed = tuple[float, str | None, str]
"""When, by which game, to whom."""


@dataclass(frozen=True, slots=True)
class DialLimits:
    """Fields of `Settings`, which says what they mean."""

    dial_per_minute: int
    dial_per_game: int
    dial_per_number: int
    dial_at_once: int


class DialQuota:
    def __init__(self, limits: DialLimits, now: Callable[[], float] = trio.current_time) -> None:
        self._limits = limits
        self._now = now
        self._placed: deque[_Placed] = deque()
        """In order, and never more than an hour's."""
        self._at_once = 0

    @contextmanager
    def taken(self, game: str | None, known_as: str) -> Iterator[None]:
        """Around a call, from its being placed to its end. Raises `DialRefused`.

        `game`: who has it placed; None for the operator, who has no limit of his own. `known_as`: the hash of the
        number.
        """
        self._check(game, known_as)
        self._placed.append((self._now(), game, known_as))
        self._at_once += 1
        try:
            yield
        finally:
            self._at_once -= 1

    def _check(self, game: str | None, known_as: str) -> None:
        now, limits = self._now(), self._limits
        while self._placed and self._placed[0][0] <= now - HOUR:
            self._placed.popleft()
        recent = [placed for placed in self._placed if placed[0] > now - MINUTE]
        if self._at_once >= limits.dial_at_once:
            what = f"{self._at_once} outgoing calls are under way, all that PHONEGAME_DIAL_AT_ONCE allows"
            raise DialRefused(Rule.AT_ONCE, what)
        of_game = [placed for placed in recent if placed[1] == game]
        to_number = [placed for placed in self._placed if placed[2] == known_as]
        if len(recent) >= limits.dial_per_minute:
            raise self._too_many(Rule.PER_MINUTE, recent, "within a minute", MINUTE)
        if game is not None and len(of_game) >= limits.dial_per_game:
            raise self._too_many(Rule.PER_GAME, of_game, "by this game within a minute", MINUTE)
        if len(to_number) >= limits.dial_per_number:
            raise self._too_many(Rule.PER_NUMBER, to_number, "to this number within an hour", HOUR)

    def _too_many(self, rule: Rule, placed: list[_Placed], which: str, seconds: float) -> DialRefused:
        setting = f"PHONEGAME_{rule.label.upper()}"
        if not placed:
            return DialRefused(rule, f"no calls are placed at all: {setting} is 0")
        wait = max(1, math.ceil(placed[0][0] + seconds - self._now()))
        calls = "1 call has" if len(placed) == 1 else f"{len(placed)} calls have"
        return DialRefused(rule, f"{calls} been placed {which}, all that {setting} allows; try again in {wait} s")
