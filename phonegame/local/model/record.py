"""What the server remembers of every request, for tests to read and to wait for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

import trio

from phonegame.local.model.config import KEPT_REQUESTS

Outcome = Literal["answered", "refused", "cut", "client gone"]


class Asked:
    """One request for a reply. Plain attributes, filled while it is answered."""

    def __init__(self, number: int, path: str, headers: Mapping[str, str], connection: int) -> None:
        self.number = number
        self.path = path
        self.headers = headers
        self.connection = connection
        """Which one it came on, counted from 0."""
        self.body: dict[str, Any] = {}
        self.refusal = ""
        """Why it is no good request."""
        self.tokens_sent = 0
        self.outcome: Outcome | None = None
        self._changed = trio.Event()

    async def wait_until(self, condition: Callable[[Asked], bool]) -> None:
        """Returns once `condition(self)` holds; asked again after every token, and at the end."""
        await trio.lowlevel.checkpoint()
        while not condition(self):
            await self._changed.wait()

    async def wait_over(self) -> Outcome:
        await self.wait_until(lambda asked: asked.outcome is not None)
        assert self.outcome is not None
        return self.outcome

    def add_token(self) -> None:
        self.tokens_sent += 1
        self._notify()

    def end(self, outcome: Outcome) -> None:
        """The first word counts."""
        if self.outcome is None:
            self.outcome = outcome
            self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = trio.Event()


class Requests:
    """The newest requests. All that ever came are numbered from 0."""

    def __init__(self) -> None:
        self.kept: deque[Asked] = deque(maxlen=KEPT_REQUESTS)
        self.count = 0
        self._arrived = trio.Event()

    def add(self, path: str, headers: Mapping[str, str], connection: int) -> Asked:
        asked = Asked(self.count, path, headers, connection)
        self.kept.append(asked)
        self.count += 1
        self._arrived.set()
        self._arrived = trio.Event()
        return asked

    async def wait_for(self, number: int) -> Asked:
        """KeyError when it was so long ago that it is not kept."""
        await trio.lowlevel.checkpoint()
        while self.count <= number:
            await self._arrived.wait()
        return {asked.number: asked for asked in self.kept}[number]
