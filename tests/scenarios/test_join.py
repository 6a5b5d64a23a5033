from __future__ import annotations

from tests.house import open_house


async def test_a_caller_joins_by_voice_and_the_game_hears_what_is_said_after_the_code() -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        await caller.says(f"code {game.code} please")
        await game.joined()
        await caller.says("one pepperoni pizza")
        await game.hears("please", "one pepperoni pizza")


async def test_a_caller_joins_by_keys() -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        await caller.phone.key(game.code + "#")
        await game.joined()
        await caller.says("extra cheese")
        await game.hears("extra cheese")
