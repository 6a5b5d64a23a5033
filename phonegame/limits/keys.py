"""How many wrong keys an address may give: a right one is found by chance alone, and there should be few chances."""

from __future__ import annotations

from phonegame.limits.addresses import THIS_MACHINE
from phonegame.limits.buckets import Buckets

WRONG_KEYS = 20
"""At once: a mistyped password, or a script with an old one that runs for some minutes."""
REFILL_SECONDS = 600
RETRY_SECONDS = REFILL_SECONDS // WRONG_KEYS
"""After so long there is one more."""


class KeyGuesses:
    """By `ConnectionLimits.address_of`. Programs of this machine have no limit, as with connections.

    Others' guesses from elsewhere do not matter; who shares an address with somebody who guesses waits like them.
    """

    def __init__(self, wrong_keys: int = WRONG_KEYS) -> None:
        self._left = Buckets(wrong_keys, REFILL_SECONDS)

    def allow_try(self, address: str, now: float) -> bool:
        """To be asked before the key is looked at: who has no try left must not learn that one is right either."""
        return self._left.has_one(address, now)

    def count_wrong(self, address: str, now: float) -> None:
        if address != THIS_MACHINE:
            self._left.take(address, now)
