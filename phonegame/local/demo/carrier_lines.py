"""What `phonegame carrier` prints about calls, for whoever follows it at the time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

_LINE = re.compile(r"CA\w+  (\S+)  (.*)")


class Happening(NamedTuple):
    """`number`: masked; of the phone, not of the carrier's customer."""

    number: str
    text: str


class CarrierLines:
    def __init__(self) -> None:
        self._follow: Callable[[Happening], None] = lambda _: None

    @contextmanager
    def followed_by(self, follow: Callable[[Happening], None]) -> Iterator[None]:
        """One at a time."""
        before, self._follow = self._follow, follow
        try:
            yield
        finally:
            self._follow = before

    def take(self, line: str) -> None:
        """Any line; those that are about no call are skipped."""
        if match := _LINE.fullmatch(line):
            self._follow(Happening(match[1], match[2]))
