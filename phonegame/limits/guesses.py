"""How many wrong codes a calling number has: a call has a few, and whoever calls again and again tries all of them."""

from __future__ import annotations

from phonegame.limits.buckets import Buckets

REFILL_SECONDS = 3600
UNKNOWN_SHARE = 10
"""Callers with a withheld number share a bucket of so many times the size: one of them must not lock out the rest."""

_UNKNOWN = "unknown"


class GuessLimits:
    """`wrong_codes` at once; then each has to wait for its share of an hour: with 20, three minutes.

    `known_as` is what is left of the number (see `Caller`), None where it is not known.
    """

    def __init__(self, wrong_codes: int = 20) -> None:
        self._known = Buckets(wrong_codes, REFILL_SECONDS)
        self._unknown = Buckets(wrong_codes * UNKNOWN_SHARE, REFILL_SECONDS)

    def allow_try(self, known_as: str | None, now: float) -> bool:
        """To be asked before the code is looked up: who has no try left must not learn that a code is right either."""
        return self._known.has_one(known_as, now) if known_as else self._unknown.has_one(_UNKNOWN, now)

    def count_wrong(self, known_as: str | None, now: float) -> None:
        if known_as:
            self._known.take(known_as, now)
        else:
            self._unknown.take(_UNKNOWN, now)
