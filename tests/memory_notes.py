"""Notes without a Redis, for tests of what is noted. Held to the same suite as those in Redis: tests/test_notes.py."""

from __future__ import annotations

from collections.abc import Callable

import trio

from phonegame.notes import NotesAway


class MemoryNotes:
    """While `is_away`, as when Redis is."""

    def __init__(self, now: Callable[[], float] = trio.current_time) -> None:
        self._now = now
        self.is_away = False
        self._notes: dict[str, tuple[float, bytes]] = {}
        """Until when it is good, and what it says."""

    async def put(self, key: str, content: bytes, seconds: float) -> None:
        await self._ask()
        self._put(key, content, self._now() + seconds)

    async def put_first(self, key: str, content: bytes, seconds: float) -> bool:
        await self._ask()
        if self._get(key) is not None:
            return False
        self._put(key, content, self._now() + seconds)
        return True

    async def get(self, key: str) -> bytes | None:
        await self._ask()
        return self._get(key)

    async def take(self, key: str) -> bytes | None:
        await self._ask()
        content = self._get(key)
        self._notes.pop(key, None)
        return content

    async def count(self, key: str, seconds: float) -> int:
        await self._ask()
        so_far = self._get(key)
        until = self._notes[key][0] if so_far is not None else self._now() + seconds
        number = int(so_far or b"0") + 1
        self._put(key, str(number).encode(), until)
        return number

    async def counted(self, key: str) -> int:
        return int(await self.get(key) or b"0")

    async def _ask(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.is_away:
            raise NotesAway("the test says so")

    def _get(self, key: str) -> bytes | None:
        until, content = self._notes.get(key, (0.0, None))
        return content if content is not None and until > self._now() else None

    def _put(self, key: str, content: bytes, until: float) -> None:
        self._notes[key] = (until, content)
