"""Two workers behind one load balancer: what belongs to one call comes to either of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from phonegame.local.game_client import connect_game
from phonegame.local.text_game import Closed, Code, Connected, PhoneNumber
from tests.house import House, open_house
from tests.redis_server import redis_server
from tests.twilio_side import GAME_KEY, LOCKS, TwilioSide, new_sid, says
from tests.two_workers import TWO

pytestmark = pytest.mark.skipif(TWO, reason="has two workers of its own")

RESTARTS = Closed(1012, "the server restarts; connect again")


@asynccontextmanager
async def two_houses() -> AsyncIterator[list[House]]:
    async with (
        redis_server() as redis,
        open_house(redis_url=redis.url, **LOCKS) as first,
        open_house(redis_url=redis.url, **LOCKS) as second,
    ):
        yield [first, second]


@pytest.mark.parametrize("at", ["121", "212", "122", "211"])
async def test_webhook_stream_and_end(at: str) -> None:
    async with two_houses() as houses:
        begins, streams, ends = (TwilioSide(houses[int(number) - 1].address) for number in at)
        sid = new_sid()
        told = await begins.announces(sid)
        async with connect_game(f"{houses[0].game_url}?key={GAME_KEY}") as game:
            assert isinstance(await game.receive(), PhoneNumber)
            code = await game.receive()
            assert isinstance(code, Code)
            async with streams.stream(sid, told.parameters) as caller:
                await caller.phone.key(code.text + "#")
                assert await game.receive() == Connected()
                await game.aclose()
                await caller.is_hung_up_on("the game left")
        assert says(await ends.post("/twiml/after", ends.call(sid)))[0] == ("Say", "The game has ended. Goodbye.")


async def test_a_stream_that_comes_again_elsewhere_is_refused() -> None:
    async with two_houses() as houses:
        first, second = (TwilioSide(house.address) for house in houses)
        sid = new_sid()
        told = await first.announces(sid)
        async with second.stream(sid, told.parameters) as caller:
            await caller.keeps_silent(40)
            async with first.stream(sid, told.parameters) as again:
                await again.is_hung_up_on("the stream is not of a call that was announced")
            await caller.phone.hang_up()
