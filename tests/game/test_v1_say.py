"""What a game has its callers told, and the receipts that it gets for it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from phonegame.speak.saying import Dropped, Priority
from tests.game.arcade import open_arcade


def clip(bytes_of_mulaw: int) -> str:
    return base64.b64encode(b"\xff" * bytes_of_mulaw).decode()


async def test_it_reaches_the_caller_as_it_was_meant() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        call = await arcade.call((await game.welcome())["code"])
        await game.send(
            "say",
            text="Hello.",
            say_id="1",
            voice="espeak",
            priority="now",
            interruptible=False,
            start_within=2.5,
        )
        await game.settles()
        saying = call.sayings[0]
        assert (saying.text, saying.say_id, saying.voice) == ("Hello.", "1", "espeak")
        assert (saying.priority, saying.interruptible, saying.start_within) == (Priority.NOW, False, 2.5)


async def test_its_receipts_come_back() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        await arcade.call((await game.welcome())["code"], receipts=True)
        await game.next("call_started")
        await game.send("say", text="Hello.", say_id="mine")
        assert (await game.next("say_started"))["say_id"] == "mine"
        finished = await game.next("say_finished")
        assert (finished["say_id"], finished["heard"], finished["call_id"]) == ("mine", "Hello.", "call")
        await game.send("say", text="Hello again.", say_id="mine")
        assert (await game.next("say_started"))["say_id"] == "mine"
        assert (await game.next("say_finished"))["heard"] == "Hello again."


async def test_an_id_is_made_up_where_there_is_none() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        await arcade.call((await game.welcome())["code"], receipts=True)
        for _ in range(2):
            await game.send("say", text="Hello.")
        ids = [(await game.until("say_finished"))["say_id"] for _ in range(2)]
        assert len(set(ids)) == 2
        assert all(ids)


async def test_an_id_that_is_in_use_is_refused_and_gets_no_receipt() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        call = await arcade.call((await game.welcome())["code"])
        await game.next("call_started")
        await game.send("say", text="One.", say_id="1")
        await game.send("play", audio=clip(160), format="mulaw", say_id="1")
        error = await game.next("error")
        assert (error["code"], error["field"], error["say_id"]) == ("say_id_in_use", "say_id", "1")
        assert error["in_reply_to"] == "play"
        call.finish(call.sayings[0])
        assert len(call.sayings) == 1
        await game.next("say_started")
        assert (await game.next("say_finished"))["heard"] == "One."


async def test_to_several_each_gives_its_receipt() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        code = (await game.welcome())["code"]
        await game.send("accept", callers=3)
        await game.settles()
        calls = [await arcade.call(code, call_id) for call_id in "abc"]
        await game.send("say", text="To all.", say_id="all")
        await game.send("say", text="To two.", say_id="two", players=[3, 1])
        await game.send("say", text="To one.", say_id="one", call_id="b")
        await game.settles()
        assert [[saying.say_id for saying in call.sayings] for call in calls] == [
            ["all", "two"],
            ["all", "one"],
            ["all", "two"],
        ]
        for call in calls:
            for saying in call.sayings:
                call.finish(saying)
        receipts = [await game.until("say_finished") for _ in range(6)]
        assert [(receipt["say_id"], receipt["player"]) for receipt in receipts] == [
            ("all", 1),
            ("two", 1),
            ("all", 2),
            ("one", 2),
            ("all", 3),
            ("two", 3),
        ]


@pytest.mark.parametrize("to", [{}, {"call_id": "nobody"}, {"players": [2, 3]}, {"players": []}])
async def test_to_nobody_has_one_receipt(to: dict[str, Any]) -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        code = (await game.welcome())["code"]
        if to:
            await arcade.call(code)
            await game.next("call_started")
        await game.send("say", text="Anybody?", say_id="1", **to)
        receipt = await game.next("say_finished")
        assert (receipt["call_id"], receipt["player"], receipt["dropped"]) == (None, None, "no_call")
        await game.settles()


async def test_what_a_call_has_left_open_is_settled_before_it_ends() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        call = await arcade.call((await game.welcome())["code"])
        await game.next("call_started")
        for number in range(3):
            await game.send("say", text="Hello.", say_id=str(number))
        await game.settles()
        call.finish(call.sayings[1], Dropped.CALL_ENDED)
        call.hang_up()
        await game.next("say_started")
        receipts = [await game.next("say_finished") for _ in range(3)]
        assert [receipt["say_id"] for receipt in receipts] == ["1", "0", "2"]
        assert {receipt["dropped"] for receipt in receipts} == {"call_ended"}
        await game.next("call_ended")


async def test_a_second_receipt_is_not_sent() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        call = await arcade.call((await game.welcome())["code"], receipts=True)
        await game.send("say", text="Hello.", say_id="1")
        await game.until("say_finished")
        call.finish(call.sayings[0])
        call.finish(call.sayings[0], Dropped.CALL_ENDED)
        call.hang_up()
        await game.next("call_ended")


async def test_more_than_can_wait_are_refused() -> None:
    async with open_arcade(game_queue=10) as arcade, arcade.v1() as game:
        call = await arcade.call((await game.welcome())["code"])
        for number in range(12):
            await game.send("say", text="Hello.", say_id=str(number))
        await game.next("call_started")
        for number in (10, 11):
            receipt, error = await game.next("say_finished"), await game.next("error")
            assert (receipt["say_id"], receipt["dropped"]) == (str(number), "queue_full")
            assert (error["say_id"], error["code"]) == (str(number), "queue_full")
        call.finish(call.sayings[0])
        await game.until("say_finished")
        await game.send("say", text="There is room again.", say_id="again")
        await game.settles()
        assert call.sayings[-1].say_id == "again"


async def test_a_clip_is_played() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        call = await arcade.call((await game.welcome())["code"])
        await game.send("play", audio=clip(800), format="mulaw", say_id="1")
        await game.settles()
        assert (call.sayings[0].audio, call.sayings[0].text) == (b"\xff" * 800, "")


async def test_large_messages_keep_their_place() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        call = await arcade.call((await game.welcome())["code"])
        large = clip(60 * 8000)
        await game.send("say", text="Hello.", say_id="1")
        await game.send("play", audio=large, format="mulaw", say_id="2")
        await game.send("say", text="Hello.", say_id="3")
        await game.send("play", audio=large, format="mulaw", say_id="4")
        await game.settles()
        assert [saying.say_id for saying in call.sayings] == ["1", "2", "3", "4"]
        assert len(call.sayings[3].audio) == 60 * 8000


async def test_there_is_always_room_for_one_to_all_callers() -> None:
    async with open_arcade(game_queue=1) as arcade, arcade.v1() as game:
        code = (await game.welcome())["code"]
        await game.send("accept", callers=2)
        await game.settles()
        one = await arcade.call(code, "one")
        await game.next("call_started")
        two = await arcade.call(code, "two")
        await game.next("call_started")
        await game.send("say", text="Hello.", say_id="a")
        await game.settles()
        assert [saying.say_id for call in (one, two) for saying in call.sayings] == ["a", "a"]
