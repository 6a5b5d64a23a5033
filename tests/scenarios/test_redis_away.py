"""Two workers whose Redis says nothing for twenty seconds: calls and games of one worker go on, all else heals."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from phonegame.local.v1_client import connect_v1
from phonegame.wire import v1
from tests.house import House, V1Game
from tests.redis_server import redis_server
from tests.scenarios.conversation import open_talking_house
from tests.two_workers import TWO
from tests.waiting import holds

PAUSE_SECONDS = 20


async def is_turned_away(house: House) -> None:
    """A game for which there is no code at present."""
    async with connect_v1(house.game_url) as client:
        refused = await V1Game(client).gets(v1.Error)
        assert refused.code == "no_code_free"
        assert "at present" in refused.message


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(TWO, reason="has its own two workers")
async def test_a_pause_of_20_seconds() -> None:
    more: dict[str, Any] = {"prompt_unreachable": "out of reach", "seconds": 100}
    async with (
        redis_server() as redis,
        open_talking_house(redis_url=redis.url, **more) as here,
        open_talking_house(redis_url=redis.url, **more) as there,
    ):
        async with here.v1_game() as near, here.v1_game() as far, here.v1_game() as waiting:
            codes = {game.code for game in (near, far, waiting)}
            await holds(lambda: codes <= set(there.phonegame.switchboard.active))
            async with here.phone() as beside, there.phone() as away:
                await beside.joins(near)
                await away.joins(far)
                redis.pause()
                over = trio.current_time() + PAUSE_SECONDS
                # who shares a worker notices nothing
                await beside.says("hello")
                await near.hears("hello")
                await near.client.say("good day")
                await beside.reaches("day")
                # others wait, or are told
                await away.says("one two")
                await far.client.say("three four")
                async with there.phone() as late:
                    await late.phone.key(waiting.code + "#")
                    await late.is_hung_up_on("the game cannot be reached at present")
                    assert late.heard_words == ["out", "of", "reach"]
                await is_turned_away(there)
                await trio.sleep_until(over)
                redis.go_on()
                await far.hears("one two")
                await away.reaches("four")
                await away.says("five six")
                await far.hears("five six")
                assert away.heard_words == ["three", "four"]
                async with there.v1_game() as another:
                    assert another.code not in codes
                    async with there.phone() as again:
                        await again.joins(waiting)
                        await again.phone.hang_up()
                        await waiting.gets(v1.CallEnded)
                assert not [message for game in (near, far, waiting) for message in game.all_of(v1.CodeChanged)]
                await beside.phone.hang_up()
                await near.gets(v1.CallEnded)
                await away.phone.hang_up()
                await far.gets(v1.CallEnded)
        # each hears of the codes that the other one has given back
        await holds(lambda: not here.phonegame.switchboard.active and not there.phonegame.switchboard.active)
        # that Redis is away is told by us, in a line, and by nobody else
        assert here.errors == there.errors == []
