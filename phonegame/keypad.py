"""Which code a caller keys: the keys of one entry, until it is a code or an end.

`#` ends an entry, `*` clears it. A code needs no `#`:

    what has been keyed                     then
    an active code that cannot go on        Matched, at once
    an active code, but another code of     Keying, Matched after `SETTLE_AFTER`: with 4 active, 42 is not
      the set goes on from it               cut short, though its game may have gone
    the beginning of another code           Keying, Wrong after `GIVE_UP_AFTER`
    anything else                           Keying, Wrong after `SETTLE_AFTER`: the rest of a mistyped entry is no
                                            entry of its own

How long is waited does not depend on which codes are active: else a caller could find one out digit by digit, who
clears the beginnings that are waited for, and is told of the others.

Words are keyed by the letters on the keys (tiger is 84437); Ambiguous if two active ones share their keys. A code
with the same keys that is not active does not count: the keys are all there is to tell them apart.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from phonegame.spoken import Ambiguous, CodeBook, Matched, Wrong

SETTLE_AFTER = 1.5
"""Seconds without a key that end an entry which is complete, or hopeless."""

GIVE_UP_AFTER = 5.0
"""Seconds without a key that end an entry which could still become a code: callers look up at the screen."""

MAX_KEYS = 32
"""Of an entry; twice the longest code. Further ones are dropped, the entry is wrong already."""


@dataclass(frozen=True, slots=True)
class Keying:
    """The entry goes on: call `settle` unless another key comes within `settle_after` seconds; None: no need."""

    typed: str
    settle_after: float | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing has changed; a running wait for `settle` goes on."""


Keyed = Matched | Ambiguous | Wrong | Keying | Ignored


class Keypad:
    """The entry of one call. Every outcome but Keying and Ignored ends it, and the next key begins another."""

    def __init__(self, book: CodeBook) -> None:
        self._index = book.keyed
        self._typed = ""

    def press(self, digit: str, active: Collection[str]) -> Keyed:
        """One `digit` of a DTMF message; what is neither 0 to 9 nor `#` nor `*` is ignored."""
        if digit == "#":
            return self.settle(active)
        if digit == "*":
            self._typed = ""
            return Keying("", None)
        if len(digit) != 1 or digit not in "0123456789":
            return Ignored()
        self._typed = (self._typed + digit)[:MAX_KEYS]
        if not self._codes(active):
            begins = self._index.any_grows(self._typed, self._typed)
            return Keying(self._typed, GIVE_UP_AFTER if begins else SETTLE_AFTER)
        if self._index.any_grows(self._typed, self._typed):
            return Keying(self._typed, SETTLE_AFTER)
        return self.settle(active)

    def settle(self, active: Collection[str]) -> Keyed:
        """The entry is over: `#` was pressed, or no key for so long as the last Keying said."""
        typed, codes = self._typed, self._codes(active)
        self._typed = ""
        if not typed:
            return Ignored()
        if not codes:
            return Wrong(typed)
        return Matched(codes[0], end=0) if len(codes) == 1 else Ambiguous(codes)

    def _codes(self, active: Collection[str]) -> tuple[str, ...]:
        return tuple(code for code in self._index.codes(self._typed) if code in active)
