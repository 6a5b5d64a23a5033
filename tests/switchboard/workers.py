"""Workers that share a Redis, all in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.switchboard import Caller, Command, FromCall, Line, Refused, Reserved, Seat
from phonegame.switchboard.redis import RedisSwitchboard
from phonegame.switchboard.shared import Shared
from tests.redis_server import RedisServer

REDIS_SECONDS = 0.02


@asynccontextmanager
async def open_worker(server: RedisServer, codes: Iterable[str], seed: int = 1) -> AsyncIterator[RedisSwitchboard]:
    async with trio.open_nursery() as nursery:
        yield (await start_worker(nursery, server, codes, seed)).switchboard
        nursery.cancel_scope.cancel()


@dataclass
class Worker:
    """One that a test may kill."""

    shared: Shared
    scope: trio.CancelScope

    @property
    def switchboard(self) -> RedisSwitchboard:
        return self.shared.switchboard

    def kill(self) -> None:
        """As kill -9 would: nothing is given back, nobody is told."""
        self.shared.link._client = None
        self.scope.cancel()


async def start_worker(nursery: trio.Nursery, server: RedisServer, codes: Iterable[str], seed: int = 1) -> Worker:
    worker = Worker(Shared(server.url, codes, random=Random(seed)), trio.CancelScope())

    async def run(task_status: trio.TaskStatus[None]) -> None:
        with worker.scope:
            await worker.shared.run(task_status=task_status)

    await nursery.start(run)
    return worker


class TwoWorkers:
    """A switchboard whose games are with one worker, and whose calls are with another one."""

    def __init__(self, games: RedisSwitchboard, calls: RedisSwitchboard) -> None:
        self.games = games
        self.calls = calls

    @property
    def active(self) -> Collection[str]:
        return self.calls.active

    @asynccontextmanager
    async def open_seat(self, take: Callable[[FromCall], None], **options: Any) -> AsyncIterator[Seat]:
        try:
            async with self.games.open_seat(take, **options) as seat:
                await self.settle()
                yield seat
                # what was delivered inside of the block arrives there
                await self.settle()
        finally:
            with trio.CancelScope(shield=True):
                await self.settle()

    async def join(self, code: str, caller: Caller, take: Callable[[Command], None]) -> Line | Refused:
        return await self.calls.join(code, caller, take)

    async def reserve(self, code: str, caller: Caller, take: Callable[[Command], None]) -> Reserved | Refused:
        return await self.calls.reserve(code, caller, take)

    async def settle(self) -> None:
        """Until each knows all that the other one has written or given back."""
        with trio.fail_after(10):
            # longer than Redis takes for an answer
            await wait_all_tasks_blocked(REDIS_SECONDS)
            while not self._is_settled:
                await wait_all_tasks_blocked(REDIS_SECONDS)

    @property
    def _is_settled(self) -> bool:
        games, calls = set(self.games.active), set(self.calls.active)
        return games == calls and _has_read(self.games, self.calls) and _has_read(self.calls, self.games)


def _has_read(reader: RedisSwitchboard, writer: RedisSwitchboard) -> bool:
    peer = writer._post._peers.get(reader.worker)
    other = reader._post._peers.get(writer.worker)
    return peer is None or peer.out.last == (other.incoming.number if other else 0)
