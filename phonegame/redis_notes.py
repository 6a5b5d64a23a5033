"""Notes in Redis. See `notes`, and https://redis.io/docs/latest/commands/set/, getdel, incr."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from coredis.tokens import PureToken

from phonegame.notes import NotesAway
from phonegame.redis_link import Client, RedisAway, RedisLink

_COUNT = """
local number = redis.call('INCR', KEYS[1])
if number == 1 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return number
"""

T = TypeVar("T")


class RedisNotes:
    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def put(self, key: str, content: bytes, seconds: float) -> None:
        await self._ask(lambda client: client.set(_name(key), content, px=_ms(seconds)))

    async def put_first(self, key: str, content: bytes, seconds: float) -> bool:
        done: Any = await self._ask(
            lambda client: client.set(_name(key), content, condition=PureToken.NX, px=_ms(seconds))
        )
        return bool(done)

    async def get(self, key: str) -> bytes | None:
        found: Any = await self._ask(lambda client: client.get(_name(key)))
        return None if found is None else bytes(found)

    async def take(self, key: str) -> bytes | None:
        found: Any = await self._ask(lambda client: client.getdel(_name(key)))
        return None if found is None else bytes(found)

    async def count(self, key: str, seconds: float) -> int:
        try:
            return int(await self._link.run_script(_COUNT, [_name(key)], [_ms(seconds)]))
        except RedisAway as away:
            raise NotesAway(str(away)) from away

    async def counted(self, key: str) -> int:
        return int(await self.get(key) or b"0")

    async def _ask(self, command: Callable[[Client], Awaitable[T]]) -> T:
        try:
            return await self._link.ask(command)
        except RedisAway as away:
            raise NotesAway(str(away)) from away


def _name(key: str) -> str:
    """Each in the slot that it hashes to, where Redis is a cluster."""
    return f"phonegame:note:{key}"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
