"""The scenarios over two workers, games with one and calls with the other: set PHONEGAME_TESTS_WORKERS=2."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from phonegame.app import PhoneGame
from tests.redis_server import redis_server

TWO = os.environ.get("PHONEGAME_TESTS_WORKERS", "1") == "2"


class BothWorkers:
    """Two servers as one, for tests that look into it: what is not said otherwise is the one's that has the calls."""

    def __init__(self, games: PhoneGame, calls: PhoneGame) -> None:
        self._games = games
        self._calls = calls
        self.games = games.games
        self.switchboard = games.switchboard
        self.dialler = games.dialler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._calls, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_games", "_calls", "games", "switchboard", "dialler"):
            super().__setattr__(name, value)
        else:
            setattr(self._calls, name, value)

    def end_nowait(self) -> None:
        self._games.end_nowait()
        self._calls.end_nowait()

    async def stop(self, seconds: float) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._games.stop, seconds)
            nursery.start_soon(self._calls.stop, seconds)

    async def wait_until_empty(self) -> None:
        await self._calls.wait_until_empty()
        await self._games.wait_until_empty()


@asynccontextmanager
async def open_meeting_place() -> AsyncIterator[dict[str, str]]:
    """The settings that two workers need to be one server."""
    async with redis_server() as server:
        yield {"redis_url": server.url}
