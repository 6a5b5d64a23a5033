"""The JavaScript client in Node, at the real server, with callers."""

from __future__ import annotations

import base64

import pytest
import trio

from tests.cable import Cable, lay_cable
from tests.clients.javascript import JavaScriptGame, javascript_game
from tests.house import Caller, House, open_house
from tests.scenarios.conversation import open_talking_house

pytestmark = pytest.mark.slow

COOK = """
name = "Cook"
[[actions]]
name = "bake"
takes = { count = "integer" }
[states.kitchen]
[[states.kitchen.listen]]
hear = "{count:number} pizzas"
do = "bake"
with = { count = "{count}" }
done = { say = "ready in {result.minutes}" }
failed = { say = "no {result}" }
"""


async def joins(caller: Caller, game: JavaScriptGame) -> str:
    """Gives the call's id."""
    welcome = await game.event("welcome")
    await caller.phone.key(f"{welcome['code']}#")
    started = await game.event("call_started")
    return str(started["call_id"])


async def test_a_caller_is_heard_and_hears_how_much_is_told() -> None:
    async with open_talking_house() as house, javascript_game(house.game_url) as game:
        welcome = await game.does("connect")
        assert (welcome["phone_number"], welcome["resumed"]) == ("+15550123456", False)
        async with house.phone() as caller:
            await joins(caller, game)
            receipt = await game.does("say", "one two three", {"sayId": "mine"})
            assert (receipt["say_id"], receipt["heard"], receipt["interrupted"]) == ("mine", "one two three", False)
            assert caller.heard_words == ["one", "two", "three"]
            await caller.says("hello there")
            await game.event("transcript", text="hello there", is_final=True)
            clip = base64.b64encode(b"\xff" * 800).decode()
            assert (await game.does("play", clip, {"format": "mulaw"}))["seconds"] == pytest.approx(0.1)
            assert await game.does("ping") > 0
            await game.does("hangup")
            await game.event("call_ended", reason="game_hung_up")


async def test_what_the_server_refuses_is_an_error_with_its_code() -> None:
    async with open_talking_house() as house, javascript_game(house.game_url) as game:
        await game.does("connect")
        assert (await game.fails("dial", "+12025550123"))["error"] == "dial_refused"
        assert (await game.fails("character", {"name": "Nobody"}))["error"] == "bad_character"
        assert (await game.fails("accept", 0))["error"] == "malformed"
        assert (await game.fails("hangup", {"to": "nobody"}))["error"] == "no_such_call"
        assert (await game.fails("say", ""))["error"] == "malformed"
        assert (await game.fails("say", "x" * 5_000_000))["error"] == "too_long"
        # and all goes on; nobody is there to hear it
        assert (await game.does("say", "hello"))["call_id"] is None
        await game.does("vocabulary", ["pizza"])
        await game.does("accept", 2)


async def test_a_character_has_its_actions_done() -> None:
    async with open_talking_house() as house, javascript_game(house.game_url) as game:
        await game.does("connect")
        await game.does("character", {"script": COOK})
        async with house.phone() as caller:
            await joins(caller, game)
            await caller.says("two pizzas")
            assert (await game.event("character_said"))["text"] == "ready in 4"
            await caller.says("nine pizzas")
            await game.event("character_said", text="no too many")


async def is_away(house: House) -> None:
    while "game away" not in house.events:  # noqa: ASYNC110 - a log cannot be waited for
        await trio.sleep(0.01)


async def test_a_lost_connection_is_made_again_with_all_that_was_missed() -> None:
    async with (
        open_talking_house(away_seconds=3600) as house,
        lay_cable(house.address) as cable,
        javascript_game(f"ws://{cable.address}/game") as game,
    ):
        welcome = await game.does("connect")
        async with house.phone() as caller:
            await joins(caller, game)
            cable.cut()
            await game.event("state", state="away")
            await is_away(house)
            said = await game.begins("say", "one two", {"sayId": "meanwhile"})
            await caller.says("are you there")
            await game.event("welcome", resumed=True)
            await game.event("transcript", text="are you there", is_final=True)
            answer = await game.answer(said)
            assert answer["value"]["heard"] == "one two"
    assert [each["code"] for each in game.events("welcome")] == [welcome["code"]] * 2
    seqs = [each["detail"]["seq"] for each in game.told if "seq" in each.get("detail", {})]
    assert seqs == list(range(1, len(seqs) + 1))


@pytest.mark.parametrize("cut", [Cable.cut, Cable.pull], ids=["reset", "nobody is told"])
async def test_what_was_on_its_way_when_the_connection_was_lost_is_said_once(cut: object) -> None:
    async with (
        open_talking_house(away_seconds=3600) as house,
        lay_cable(house.address) as cable,
        javascript_game(f"ws://{cable.address}/game", beatSeconds=1) as game,
    ):
        await game.does("connect")
        async with house.phone() as caller:
            await joins(caller, game)
            assert callable(cut)
            cut(cable)
            said = await game.begins("say", "one two three")
            assert (await game.answer(said))["value"]["heard"] == "one two three"
            assert caller.heard_words == ["one", "two", "three"]


async def test_a_game_that_is_lost_is_another_one_from_there_on() -> None:
    async with (
        open_house(away_seconds=0) as house,
        lay_cable(house.address) as cable,
        javascript_game(f"ws://{cable.address}/game") as game,
    ):
        await game.does("connect")
        cable.cut()
        await game.event("state", state="away")
        said = await game.begins("say", "who hears this")
        while len(game.events("welcome")) < 2:
            await game.event("welcome")
            await trio.sleep(0.01)
        assert (await game.answer(said))["error"] == "game_lost"
        assert (await game.does("say", "hello"))["call_id"] is None
    assert [each["resumed"] for each in game.events("welcome")] == [False, False]


async def test_who_cannot_play_is_told_why_and_the_key_is_not_shown() -> None:
    async with open_house(game_keys="planted-game-key,other") as house:
        async with javascript_game(f"{house.game_url}?key=planted-game-key") as game:
            await game.does("connect")
        async with javascript_game(house.game_url, key="planted-game-key") as game:
            await game.does("connect")
        async with javascript_game(f"{house.game_url}?key=planted-wrong-key") as game:
            refused = await game.fails("connect")
            assert refused["error"] == "unreachable"
            assert "planted" not in refused["message"]


async def test_no_free_code_is_told_at_once() -> None:
    async with open_house(codes="7-7") as house, javascript_game(house.game_url) as game:
        await game.does("connect")
        async with javascript_game(house.game_url) as other:
            assert (await other.fails("connect"))["error"] == "no_code_free"
