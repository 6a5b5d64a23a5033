"""Numbers that have called in, and may be rung back. Kept as hashes, in this process only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

MOST = 10_000


class CalledIn:
    """A set of numbers, of which it holds no number. Above `MOST`, whoever has not called for longest is forgotten."""

    def __init__(self, known_as: Callable[[str], str]) -> None:
        """`known_as`: number -> a hash that nobody can turn back."""
        self._known_as = known_as
        self._hashes: OrderedDict[str, None] = OrderedDict()

    def remember_nowait(self, number: str) -> None:
        known_as = self._known_as(number)
        self._hashes[known_as] = None
        self._hashes.move_to_end(known_as)
        if len(self._hashes) > MOST:
            self._hashes.popitem(last=False)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, str) and self._known_as(number) in self._hashes

    def __len__(self) -> int:
        return len(self._hashes)
