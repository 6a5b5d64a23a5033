"""Calls of tools that come in pieces: name first, then the arguments, bit by bit, several calls at once."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterator

from phonegame.characters.brain import ActionCall

MAX_CALLS = 32
MAX_ARGUMENTS = 100_000
"""Characters."""


class CallsInPieces:
    """ids are our own: some servers give the same one to each call, or none."""

    def __init__(self) -> None:
        self._names: dict[Hashable, str] = {}
        self._arguments: dict[Hashable, str] = {}

    def add(self, index: Hashable, name: str, arguments: str) -> None:
        """ValueError: more than any model wants."""
        self._names[index] = self._names.get(index, "") + name
        self._arguments[index] = self._arguments.get(index, "") + arguments
        if len(self._names) > MAX_CALLS or len(self._arguments[index]) > MAX_ARGUMENTS:
            raise ValueError("too many calls, or too long a call")

    def finish(self) -> Iterator[ActionCall]:
        for index, name in self._names.items():
            yield ActionCall(uuid.uuid4().hex, name, self._arguments[index] or "{}")
