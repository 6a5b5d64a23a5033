"""Looks codes up by what is compared of them and by how they begin; costs nothing for codes that nobody says."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator

SCAN_LIMIT = 1000
"""So many codes at most are looked through for one question, about a millisecond."""


class CodeIndex:
    """From key (`code_key`, or the digits on a keypad) to codes. Several codes may share a key."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._codes: dict[str, str | tuple[str, ...]] = {}
        for key, code in pairs:
            known = self._codes.get(key)
            # a bare string in the usual case: a million tuples would cost 60 MB
            self._codes[key] = code if known is None else (*_as_tuple(known), code)
        self._keys = sorted(self._codes)
        self.longest = max(map(len, self._keys), default=0)
        self.has_letters = not all(map(str.isdigit, self._keys))
        self.has_digits = any(character.isdigit() for key in self._keys for character in key)

    def __contains__(self, key: str) -> bool:
        return key in self._codes

    def codes(self, key: str) -> tuple[str, ...]:
        """The codes of exactly this key, as written; usually one or none."""
        return _as_tuple(self._codes.get(key, ()))

    def mapped(self, change: Callable[[str], str]) -> CodeIndex:
        """The same codes under other keys."""
        return CodeIndex((change(key), code) for key in self._keys for code in self.codes(key))

    def any_begins(self, start: str) -> bool:
        """Whether a key begins with `start`, or is `start`."""
        return next(self._keys_from(start), None) is not None

    def any_grows(self, said: str, root: str, *, active: Collection[str] | None = None) -> bool:
        """Whether `said` may become another key that begins with `root`; with `active`, one of an active code.

        Where very many keys begin alike, one of them is taken to be active: at worst the caller is waited for.
        """
        others = (key for key in self._keys_from(root) if key != said and len(key) >= len(said))
        if active is None:
            return next(others, None) is not None
        for looked_at, key in enumerate(others):
            if looked_at == SCAN_LIMIT or any(code in active for code in self.codes(key)):
                return True
        return False

    def _keys_from(self, start: str) -> Iterator[str]:
        for position in range(bisect_left(self._keys, start), len(self._keys)):
            if not self._keys[position].startswith(start):
                return
            yield self._keys[position]


def _as_tuple(codes: str | tuple[str, ...]) -> tuple[str, ...]:
    return (codes,) if isinstance(codes, str) else codes
