"""What a worker shares with others: the way to Redis, and the switchboard on it."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random, SystemRandom

import trio

from phonegame.redis_link import RedisLink
from phonegame.redis_notes import RedisNotes
from phonegame.switchboard.redis import RedisSwitchboard


class Shared:
    def __init__(self, url: str, codes: Iterable[str], *, random: Random | None = None) -> None:
        self.link = RedisLink(url)
        self.notes = RedisNotes(self.link)
        self.switchboard = RedisSwitchboard(self.link, codes, random=random or SystemRandom())

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Goes on without Redis, too. Raises `RedisRefuses`, in a group, where the first attempt is refused."""
        async with trio.open_nursery() as nursery:
            link_scope = trio.CancelScope()

            async def keep_link(task_status: trio.TaskStatus[None]) -> None:
                with link_scope:
                    await self.link.run(task_status=task_status)

            await nursery.start(keep_link)
            # the switchboard still has something to say when it is cancelled
            link_scope.shield = True
            try:
                await self.switchboard.run(task_status=task_status)
            finally:
                link_scope.cancel()
