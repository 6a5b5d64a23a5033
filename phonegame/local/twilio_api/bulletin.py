"""Where everything that happens at the carrier is made known, for those who wait for something."""

from __future__ import annotations

from collections.abc import Callable

import trio


class Bulletin:
    def __init__(self) -> None:
        self._changed = trio.Event()

    def notify(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def wait_until(self, reached: Callable[[], bool]) -> None:
        """`reached` is asked at once, and again after everything that happens."""
        await trio.lowlevel.checkpoint()
        while not reached():
            await self._changed.wait()
