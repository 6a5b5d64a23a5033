"""What all characters of a server may cost in one day, which begins at midnight by this machine's clock.

The minutes of conversations that go on at once all count: while two are talking, a minute of theirs costs two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
import trio

from phonegame.characters.budget import Limit
from phonegame.wall_clock import local_day

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DayBudget:
    """Fields of `Settings`, which says what they mean. 0: no limit."""

    turns: int = 0
    tokens: int = 0
    minutes: float = 0
    characters: int = 0


class DayPurse:
    """A purse that several processes may share: `take_unsaved` tells what is new here, `learn` what all have spent."""

    def __init__(self, limits: DayBudget, today: Callable[[], str] = local_day) -> None:
        self._limits = {
            Limit.DAY_TURNS: limits.turns or math.inf,
            Limit.DAY_TOKENS: limits.tokens or math.inf,
            Limit.DAY_MINUTES: limits.minutes or math.inf,
            Limit.DAY_CHARACTERS: limits.characters or math.inf,
        }
        self._today = today
        self._day = today()
        self._spent = dict.fromkeys(self._limits, 0.0)
        self._unsaved = dict.fromkeys(self._limits, 0.0)
        self._talking: list[Callable[[], None]] = []
        self._counted_at = 0.0
        self._told: set[Limit] = set()

    def spend(self, what: Limit, amount: float) -> None:
        self._count(trio.current_time())
        match what:
            case Limit.TURNS:
                self._add(Limit.DAY_TURNS, amount)
            case Limit.TOKENS:
                self._add(Limit.DAY_TOKENS, amount)
            case Limit.CHARACTERS:
                self._add(Limit.DAY_CHARACTERS, amount)
            case _:
                pass

    def used_up(self, now: float) -> Limit | None:
        self._count(now)
        found = next((what for what, most in self._limits.items() if self._spent[what] >= most), None)
        if found is not None and found not in self._told:
            self._told.add(found)
            log.warning("characters are silent until midnight", setting=f"PHONEGAME_{found.name}")
        return found

    @property
    def ends_at(self) -> float:
        """As long as nobody else begins to talk, or stops."""
        now = trio.current_time()
        self._count(now)
        left = self._limits[Limit.DAY_MINUTES] - self._spent[Limit.DAY_MINUTES]
        return now + max(left, 0.0) * 60 / max(len(self._talking), 1)

    @contextmanager
    def talking(self, look_again: Callable[[], None]) -> Iterator[None]:
        """A conversation. `look_again` is called when `ends_at` has come nearer."""
        self._count(trio.current_time())
        others = list(self._talking)
        self._talking.append(look_again)
        for each in others:
            each()
        try:
            yield
        finally:
            self._count(trio.current_time())
            self._talking.remove(look_again)

    def take_unsaved(self) -> tuple[str, Mapping[str, float]]:
        """The day, and what has been spent on it here since this was called last: whoever takes it, writes it down."""
        self._count(trio.current_time())
        unsaved, self._unsaved = self._unsaved, dict.fromkeys(self._limits, 0.0)
        return self._day, {what.value: amount for what, amount in unsaved.items() if amount}

    def give_back(self, day: str, amounts: Mapping[str, float]) -> None:
        """It could not be written down."""
        if day == self._day:
            for what in self._unsaved:
                self._unsaved[what] += amounts.get(what.value, 0.0)

    def learn(self, day: str, sums: Mapping[str, float]) -> None:
        """What has been written down, by all."""
        self._count(trio.current_time())
        if day == self._day:
            self._spent = {what: sums.get(what.value, 0.0) + more for what, more in self._unsaved.items()}

    def _count(self, now: float) -> None:
        """Brings everything up to this moment."""
        if (today := self._today()) != self._day:
            self._day = today
            self._spent, self._unsaved = (dict.fromkeys(self._limits, 0.0) for _ in range(2))
            self._told.clear()
        self._add(Limit.DAY_MINUTES, len(self._talking) * max(now - self._counted_at, 0.0) / 60)
        self._counted_at = now

    def _add(self, what: Limit, amount: float) -> None:
        self._spent[what] += amount
        self._unsaved[what] += amount
