"""Which code opens which game, and what happens to calls that name none."""

from __future__ import annotations

import trio

from phonegame.local.game_client import connect_game
from phonegame.local.text_game import Closed
from tests.house import Game, House, open_house


def other_code(*taken: str) -> str:
    return next(code for code in ("61", "72", "83", "94") if code not in taken)


async def test_a_wrong_code_leaves_the_call_waiting_for_the_right_one() -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        await caller.says(other_code(game.code))
        await caller.says(game.code)
        await game.joined()


async def test_the_last_wrong_code_ends_the_call() -> None:
    async with open_house(wrong_codes=3) as house, house.game() as game, house.phone() as caller:
        wrong = other_code(game.code)
        await caller.phone.key(wrong + "#")
        await caller.tries(wrong, wrong)
        await caller.is_hung_up_on("too many wrong codes")


async def test_two_codes_in_one_breath_decide_nothing() -> None:
    async with open_house() as house, house.game() as first, house.game() as second, house.phone() as caller:
        await caller.says(f"{first.code} no {second.code}")
        await caller.says(f"code {second.code}")
        await second.joined()
        assert house.phonegame.switchboard.active == {first.code, second.code}


async def test_a_code_is_not_found_inside_another_number() -> None:
    async with open_house(codes="4-4", wrong_codes=2) as house, house.game() as game, house.phone() as caller:
        await caller.tries("42", "4:20", "142")
        await caller.is_hung_up_on("too many wrong codes")
        assert game.code == "4"


async def test_a_code_that_begins_another_one_waits_for_the_end_of_the_utterance() -> None:
    async with open_house(codes="4-42") as house, trio.open_nursery() as nursery:
        games = {}
        for _ in range(39):
            game = await nursery.start(_hold_game, house)
            games[game.code] = game
        async with house.phone() as caller:
            await caller.says("four two")
            await games["42"].joined()
        nursery.cancel_scope.cancel()


async def _hold_game(house: House, *, task_status: trio.TaskStatus[object]) -> None:
    async with house.game() as game:
        task_status.started(game)
        await trio.sleep_forever()


async def test_a_call_that_names_no_code_in_time_ends() -> None:
    async with open_house(code_seconds=0.5) as house, house.phone() as caller:
        await caller.tries("hello is anybody there")
        await caller.is_hung_up_on("no code was named in time")


async def test_a_second_caller_is_turned_away_and_the_first_is_not_disturbed() -> None:
    async with open_house() as house, house.game() as game, house.phone() as first:
        await first.says(game.code)
        await game.joined()
        async with house.phone() as second:
            await second.tries(game.code)
            await second.is_hung_up_on("the game has another caller")
        await first.says("still here")
        await game.hears("still here")


async def test_the_next_caller_may_come_when_the_first_has_hung_up() -> None:
    async with open_house() as house, house.game() as game:
        for sentence in ("first caller", "second caller"):
            async with house.phone() as caller:
                await caller.phone.key(game.code + "#")
                await game.joined()
                await caller.says(sentence)
                await game.hears(sentence)


async def test_a_game_too_many_is_turned_away_and_nobody_else_notices() -> None:
    async with open_house() as house, trio.open_nursery() as nursery:
        for _ in range(100):
            await nursery.start(_hold_game, house)
        assert len(house.phonegame.switchboard.active) == 100
        async with connect_game(house.game_url) as client:
            assert await client.receive() == Closed(1013, "No code is free: all 100 codes are in use. Try again later.")
        assert len(house.phonegame.switchboard.active) == 100
        nursery.cancel_scope.cancel()


async def test_a_code_is_free_again_at_once_when_nothing_else_is() -> None:
    async with open_house(codes="7-7") as house:
        for _ in range(3):
            async with house.game() as game:
                assert game.code == "7"
            with trio.fail_after(1):
                await house.phonegame.games.wait_until_empty()


async def test_word_codes_are_said_or_keyed() -> None:
    async with open_house(codes="words") as house, house.game() as game:
        async with house.phone() as caller:
            await caller.says(game.code.upper())
            await game.joined()
        async with house.phone() as caller:
            keys = {letter: key for key, letters in zip("23456789", PHONE_LETTERS, strict=True) for letter in letters}
            await caller.phone.key("".join(keys[letter] for letter in game.code.lower()) + "#")
            await game.joined()


PHONE_LETTERS = ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz")


async def test_a_game_that_sends_too_long_a_message_is_closed_with_a_reason() -> None:
    async with open_house() as house, house.game() as game:
        await game.client.say("x" * 20_000)
        assert await game.next() == Closed(1009, "a message was longer than 16384 characters")


async def two_games(house: House, nursery: trio.Nursery, *codes: str) -> dict[str, Game]:
    """As many games as there are codes, of which these are looked at."""
    games: dict[str, Game] = {}
    while not games.keys() >= set(codes):
        game: Game = await nursery.start(_hold_game, house)
        games[game.code] = game
    return games


async def test_a_code_that_was_keyed_before_another_one_was_said_does_not_count_any_more() -> None:
    async with open_house(codes="4-42") as house, trio.open_nursery() as nursery:
        games = await two_games(house, nursery, "4", "42")
        async with house.phone() as caller:
            await caller.phone.key("4")
            await caller.says("code 42")
            await games["42"].joined()
            await caller.phone.pause(2)
            await caller.says("still with you")
            await games["42"].hears("still with you")
        nursery.cancel_scope.cancel()


async def test_keys_that_are_pressed_in_a_game_do_not_lead_into_another() -> None:
    async with open_house(codes="0-9") as house, trio.open_nursery() as nursery:
        games = await two_games(house, nursery, "4", "7")
        async with house.phone() as caller:
            await caller.says("4")
            await games["4"].joined()
            await caller.phone.key("7#")
            await caller.says("still with you")
            await games["4"].hears("still with you")
        nursery.cancel_scope.cancel()
