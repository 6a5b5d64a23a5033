"""A game's characters, and the results of what they ask it to do: which calls get which commands."""

from __future__ import annotations

from typing import Any

import pytest

from phonegame.characters.brain import BrainMissing
from phonegame.characters.persona import Persona
from phonegame.game.characters import MAX_ASKED
from phonegame.switchboard import (
    ActionResult,
    Caller,
    CallStatus,
    CharacterAsks,
    CharacterEnded,
    Command,
    PlayCharacter,
    Refused,
    StopCharacter,
)
from tests.game.arcade import Arcade, PlayedCall, Ringing, V1Client, open_arcade

TO = "+12025550123"
ANNA = Persona(name="Anna", persona="A")
BERT = Persona(name="Bert", persona="B")


def told(persona: Persona) -> dict[str, Any]:
    return {"name": persona.name, "persona": persona.persona}


async def two_calls(arcade: Arcade, game: V1Client) -> tuple[PlayedCall, PlayedCall]:
    code = (await game.welcome())["code"]
    await game.send("accept", callers=3)
    await game.settles()
    return await arcade.call(code, "one"), await arcade.call(code, "two")


async def test_those_who_are_there_and_later_callers_get_it() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        one, two = await two_calls(arcade, game)
        await game.send("character", **told(ANNA))
        await game.settles()
        three = await arcade.call(one.code, "three")
        assert one.commands == two.commands == three.commands == [PlayCharacter(ANNA)]


def only_anna(persona: Persona) -> None:
    if persona != ANNA:
        raise BrainMissing("no MODEL")


async def test_one_that_nobody_can_play_is_refused_at_once_and_changes_nothing() -> None:
    async with open_arcade(find_brain=only_anna) as arcade, arcade.v1() as game:
        code = (await game.welcome())["code"]
        await game.send("character", **told(ANNA))
        await game.send("character", **told(BERT))
        error = await game.next("error")
        assert (error["code"], error["in_reply_to"], error["message"]) == ("character_refused", "character", "no MODEL")
        assert (await arcade.call(code, "one")).commands == [PlayCharacter(ANNA)]


async def test_and_no_phone_rings_for_it() -> None:
    orders: list[Any] = []

    def dial(order: Any, refuse: Any) -> Ringing:
        orders.append(order)
        return Ringing("x")

    async with open_arcade(dial=dial, find_brain=only_anna) as arcade, arcade.v1() as game:
        await game.welcome()
        await game.send("dial", to=TO, dial_id="d", character=told(BERT))
        error = await game.next("error")
        assert (error["code"], error["in_reply_to"], error["dial_id"]) == ("character_refused", "dial", "d")
        assert orders == []


async def test_with_a_player_only_that_one_gets_it() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        one, two = await two_calls(arcade, game)
        await game.send("character", **told(ANNA))
        await game.send("character", **told(BERT), players=[2])
        await game.send("character_stop", call_id="one")
        await game.settles()
        three = await arcade.call(one.code, "three")
        assert one.commands == [PlayCharacter(ANNA), StopCharacter()]
        assert two.commands == [PlayCharacter(ANNA), PlayCharacter(BERT)]
        assert three.commands == [PlayCharacter(ANNA)]


async def test_a_stop_is_for_later_callers_too() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        one, _ = await two_calls(arcade, game)
        await game.send("character", **told(ANNA))
        await game.send("character_stop")
        await game.settles()
        assert (await arcade.call(one.code, "three")).commands == []
        assert one.commands == [PlayCharacter(ANNA), StopCharacter()]


@pytest.mark.parametrize("kind", ["character", "character_stop"])
async def test_for_a_call_that_is_not_there_it_is_an_error(kind: str) -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        await two_calls(arcade, game)
        await game.send(kind, call_id="none", **(told(ANNA) if kind == "character" else {}))
        error = await game.until("error")
        assert (error["code"], error["in_reply_to"]) == ("no_such_call", kind)


# dialled


async def test_a_dialled_call_gets_its_own() -> None:
    async with open_arcade(dial=lambda *_: Ringing("out")) as arcade, arcade.v1() as game:
        one, _ = await two_calls(arcade, game)
        await game.send("character", **told(ANNA))
        await game.send("dial", to=TO, character=told(BERT))
        await game.settles()
        assert await answered(arcade, one.code) == [PlayCharacter(BERT)]
        # once
        assert await answered(arcade, one.code) == [PlayCharacter(ANNA)]


async def test_a_phone_that_is_not_answered_leaves_nothing() -> None:
    async with open_arcade(dial=lambda *_: Ringing("out")) as arcade, arcade.v1() as game:
        one, _ = await two_calls(arcade, game)
        await game.send("dial", to=TO, character=told(BERT))
        await game.settles()
        reserved = await arcade.switchboard.reserve(one.code, Caller(call_id="out"), lambda _: None)
        assert not isinstance(reserved, Refused)
        reserved.deliver_nowait(CallStatus("busy"))
        reserved.give_back_nowait()
        assert await answered(arcade, one.code) == []


async def answered(arcade: Arcade, code: str) -> list[Command]:
    commands: list[Command] = []
    reserved = await arcade.switchboard.reserve(code, Caller(call_id="out", direction="outgoing"), commands.append)
    assert not isinstance(reserved, Refused)
    line = await reserved.begin(commands.append)
    line.close_nowait("hung_up", 1)
    return commands


# results


async def test_a_result_finds_the_call_of_its_action() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        one, two = await two_calls(arcade, game)
        two.line.deliver_nowait(CharacterAsks("a1", "bake", {"count": 2}))
        action = await game.until("action")
        assert (action["call_id"], action["player"], action["arguments"]) == ("two", 2, {"count": 2})
        await game.send("action_result", action_id="a1", result={"minutes": 20})
        await game.settles()
        assert (one.commands, two.commands) == ([], [ActionResult("a1", '{"minutes":20}')])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, ActionResult("a1", "done")),
        ({"failed": True}, ActionResult("a1", "failed", failed=True)),
        ({"result": "cold", "failed": True}, ActionResult("a1", '"cold"', failed=True)),
        ({"result": 0}, ActionResult("a1", "0")),
    ],
)
async def test_a_result_is_told_as_json(fields: dict[str, Any], told: ActionResult) -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        one, _ = await two_calls(arcade, game)
        one.line.deliver_nowait(CharacterAsks("a1", "bake", {}))
        await game.send("action_result", action_id="a1", **fields)
        await game.settles()
        assert one.commands == [told]


async def test_where_two_calls_have_the_same_id_the_call_must_be_named() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        one, two = await two_calls(arcade, game)
        for call in (one, two):
            call.line.deliver_nowait(CharacterAsks("a1", "bake", {}))
        await game.send("action_result", action_id="a1")
        assert "several calls" in (await game.until("error"))["message"]
        await game.send("action_result", action_id="a1", call_id="two")
        await game.settles()
        assert (one.commands, two.commands) == ([], [ActionResult("a1", "done")])


async def test_for_an_action_that_nobody_waits_for_it_is_an_error() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        one, two = await two_calls(arcade, game)
        one.line.deliver_nowait(CharacterAsks("a1", "bake", {}))
        two.line.deliver_nowait(CharacterAsks("a2", "bake", {}))
        one.hang_up()
        for fields in ({"action_id": "a0"}, {"action_id": "a1"}, {"action_id": "a2", "call_id": "one"}):
            await game.send("action_result", **fields)
            error = await game.until("error")
            assert (error["code"], error["field"]) == ("no_such_action", "action_id")


async def test_the_oldest_of_very_many_actions_are_forgotten() -> None:
    async with open_arcade(game_queue=2 * MAX_ASKED) as arcade, arcade.v1() as game:
        one, _ = await two_calls(arcade, game)
        for number in range(MAX_ASKED + 1):
            one.line.deliver_nowait(CharacterAsks(f"a{number}", "bake", {}))
        await game.send("action_result", action_id="a0")
        assert (await game.until("error"))["code"] == "no_such_action"
        await game.send("action_result", action_id="a1")
        await game.settles()
        assert one.commands == [ActionResult("a1", "done")]


async def test_the_end_of_a_character_is_told() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        one, _ = await two_calls(arcade, game)
        one.line.deliver_nowait(CharacterEnded("limit_turns"))
        assert (await game.until("character_ended"))["reason"] == "limit_turns"
