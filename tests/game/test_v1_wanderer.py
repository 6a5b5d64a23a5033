"""A game that loses its websocket again and again, while its caller goes on talking."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

import pytest
import trio

from tests.game.arcade import Arcade, Message, V1Client, open_arcade

EVENTS = 500


@dataclass
class Wanderer:
    """A client that loses its socket now and then, in one way or another, until it has seen everything."""

    arcade: Arcade
    random: Random
    seen: list[Message] = field(default_factory=list)
    stuck: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def play(self, token: str) -> None:
        while len(self.seen) < EVENTS:
            ending = self.random.choice([self.reset, self.close, self.vanish, self.half_open])
            await ending(token)

    async def read(self, game: V1Client, token: str) -> None:
        await game.resume(token, self.seen[-1]["seq"] if self.seen else 0)
        for _ in range(self.random.randint(0, 60)):
            if len(self.seen) < EVENTS:
                message = await game.receive()
                assert isinstance(message, dict)
                self.seen.append(message)

    async def reset(self, token: str) -> None:
        async with self.arcade.v1() as game:
            await self.read(game, token)
            game.socket.abort()

    async def vanish(self, token: str) -> None:
        async with self.arcade.v1() as game:
            await self.read(game, token)

    async def close(self, token: str) -> None:
        async with self.arcade.v1() as game:
            await self.read(game, token)
            await game.close(1001)

    async def half_open(self, token: str) -> None:
        """As if the network were gone: the server is not told, and comes to know by the next resume."""
        game = await self.stuck.enter_async_context(self.arcade.v1())
        await self.read(game, token)


@pytest.mark.parametrize("seed", range(6))
async def test_every_event_is_seen_once_and_in_order_wherever_the_socket_is_cut(seed: int) -> None:
    async with open_arcade() as arcade, arcade.v1() as first:
        welcome = await first.welcome()
        token = welcome["resume_token"]
        call = await arcade.call(welcome["code"])
        wanderer = Wanderer(arcade, Random(seed))

        async def speak() -> None:
            for number in range(EVENTS - 1):
                call.says(f"word {number}")
                await trio.lowlevel.checkpoint()
                if number % 25 == 0:
                    await trio.sleep(0.005)

        async with wanderer.stuck, trio.open_nursery() as nursery:
            nursery.start_soon(speak)
            await wanderer.play(token)
        assert [message["seq"] for message in wanderer.seen] == list(range(1, EVENTS + 1))
        texts = [message["text"] for message in wanderer.seen[1:]]
        assert texts == [f"word {number}" for number in range(EVENTS - 1)]
