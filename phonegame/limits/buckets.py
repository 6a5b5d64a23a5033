"""Token buckets by name: so many at once, then as many as drip in again."""

from __future__ import annotations

from collections import OrderedDict

MAX_BUCKETS = 20_000
"""A few MB. Above it the bucket not used for longest is forgotten, which fills it: it was filling up anyway."""


class Buckets:
    """Each bucket holds `size` tokens at first, and an empty one is full again after `seconds`.

    `now` may be any clock that only goes forward, the same for all calls.
    """

    def __init__(self, size: float, seconds: float, most: int = MAX_BUCKETS) -> None:
        self._size = size
        self._seconds = seconds
        self._most = most
        # the least recently used first; a bucket that is not here is full
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._used)

    def has_one(self, name: str, now: float) -> bool:
        return self._level(name, now) >= 1

    def take(self, name: str, now: float) -> bool:
        """Takes a token. False: there was none, and what was left stays."""
        self._forget(now)
        level = self._level(name, now)
        if level < 1:
            return False
        self._used[name] = (level - 1, now)
        self._used.move_to_end(name)
        if len(self._used) > self._most:
            self._used.popitem(last=False)
        return True

    def give_back(self, name: str, now: float) -> None:
        """A token that should not have been taken, if it has not dripped in again meanwhile."""
        if name in self._used:
            self._used[name] = (min(self._size, self._level(name, now) + 1), now)
            self._used.move_to_end(name)

    def _level(self, name: str, now: float) -> float:
        level, since = self._used.get(name, (self._size, now))
        return min(self._size, level + (now - since) * self._size / self._seconds)

    def _forget(self, now: float) -> None:
        """Whatever is full again is as if it had never been used."""
        while self._used:
            name, (_, since) = next(iter(self._used.items()))
            if now - since < self._seconds:
                return
            del self._used[name]
