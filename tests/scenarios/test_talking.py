from __future__ import annotations

from phonegame.wire import v1
from tests.house import open_house


async def test_a_game_says_something_and_the_caller_hears_it() -> None:
    async with open_house(voice="marker") as house, house.v1_game() as game, house.phone() as caller:
        await caller.joins(game)
        await game.client.say("one pepperoni pizza coming up", say_id="a")
        assert (await game.gets(v1.SayStarted)).say_id == "a"
        finished = await game.gets(v1.SayFinished)
        assert (finished.say_id, finished.heard, finished.interrupted, finished.dropped) == (
            "a",
            "one pepperoni pizza coming up",
            False,
            None,
        )
        await caller.hears_words("one", "pepperoni", "pizza", "coming", "up")
        assert caller.phone.underruns == []
        assert caller.phone.complaints == []
