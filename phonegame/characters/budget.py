"""What a conversation may cost. A limit is looked at between replies: none is broken off in the midst of a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Limit(Enum):
    """What has been used up. The value is the reason that a game gets."""

    TURNS = "limit_turns"
    TOKENS = "limit_tokens"
    MINUTES = "limit_minutes"
    CHARACTERS = "limit_characters"
    DAY_TURNS = "limit_day_turns"
    DAY_TOKENS = "limit_day_tokens"
    DAY_MINUTES = "limit_day_minutes"
    DAY_CHARACTERS = "limit_day_characters"


@dataclass(frozen=True, slots=True)
class CallBudget:
    """Of one call; fields of `Settings`, which says what they mean. 0: no limit."""

    turns: int = 0
    tokens: int = 0
    minutes: float = 0
    characters: int = 0


class Purse(Protocol):
    """What pays: that of a call, of a day, ..."""

    def spend(self, what: Limit, amount: float) -> None:
        """Never refuses: what is paid for has been had already."""

    def used_up(self, now: float) -> Limit | None: ...

    @property
    def ends_at(self) -> float:
        """When time is up, on the clock of `now`."""


class Budget:
    """Of one call. `also`: another purse that pays for the same, and may be empty earlier. `on_spent` learns of all."""

    def __init__(
        self,
        limits: CallBudget,
        began: float,
        also: Purse | None = None,
        on_spent: Callable[[Limit, float], None] = lambda what, amount: None,
    ) -> None:
        self._on_spent = on_spent
        self._left = {
            Limit.TURNS: limits.turns or math.inf,
            Limit.TOKENS: limits.tokens or math.inf,
            Limit.CHARACTERS: limits.characters or math.inf,
        }
        self._ends_at = began + limits.minutes * 60 if limits.minutes else math.inf
        self._also = also

    def spend(self, what: Limit, amount: float) -> None:
        self._on_spent(what, amount)
        if what in self._left:
            self._left[what] -= amount
        if self._also is not None:
            self._also.spend(what, amount)

    def used_up(self, now: float) -> Limit | None:
        spent = next((what for what, left in self._left.items() if left <= 0), None)
        if spent is None and now >= self._ends_at:
            return Limit.MINUTES
        return spent or (self._also.used_up(now) if self._also is not None else None)

    @property
    def ends_at(self) -> float:
        return min(self._ends_at, self._also.ends_at if self._also is not None else math.inf)
