"""What a game says over phonegame.v1, and what it is told; see test_v1_resume for the sockets that it loses."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from phonegame.speak.saying import Dropped, Priority
from phonegame.switchboard import (
    MAX_CALLERS,
    CallEnding,
    CallKeyed,
    CallProblem,
    Clear,
    Expect,
    GameLeft,
    HangUp,
    Refused,
    SeatClosed,
)
from phonegame.wire.v1 import MAX_MESSAGE_LENGTH
from tests.game.arcade import NUMBER, PlayedCall, V1Client, open_arcade
from tests.raw_websocket import connect


def clip(bytes_of_mulaw: int) -> str:
    return base64.b64encode(b"\xff" * bytes_of_mulaw).decode()


class TestEvents:
    async def test_welcome_comes_first(self) -> None:
        async with open_arcade(away_seconds=7) as arcade, arcade.v1() as game:
            welcome = await game.welcome()
            assert len(welcome.pop("resume_token")) >= 32
            assert welcome == {
                "type": "welcome",
                "phone_number": NUMBER,
                "code": next(iter(arcade.switchboard.active)),
                "resumed": False,
                "away_seconds": 7,
            }

    async def test_what_happens_in_a_call_comes_numbered_and_in_order(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            call = await arcade.call((await game.welcome())["code"])
            call.line.deliver_nowait(CallKeyed("5"))
            call.says("hello")
            call.line.deliver_nowait(CallProblem("vocabulary_refused", "No."))
            call.line.deliver_nowait(CallEnding("hung_up"))
            call.says("bye")
            call.hang_up()
            received = [await game.receive() for _ in range(7)]
            kinds = ["call_started", "dtmf", "transcript", "error", "call_ending", "transcript", "call_ended"]
            assert [message["type"] for message in received if isinstance(message, dict)] == kinds
            assert [message["seq"] for message in received if isinstance(message, dict)] == [1, 2, 3, 4, 5, 6, 7]
            assert received[0] == {
                "type": "call_started",
                "seq": 1,
                "call_id": "call",
                "player": 1,
                "direction": "incoming",
                "caller": "***",
            }
            assert all(message["call_id"] == "call" for message in received if isinstance(message, dict))

    async def test_every_caller_has_a_player(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            code = (await game.welcome())["code"]
            await game.send("accept", callers=MAX_CALLERS)
            await game.settles()
            calls = [await arcade.call(code, f"call {number}") for number in range(MAX_CALLERS)]
            players = [(await game.next("call_started"))["player"] for _ in calls]
            assert players == list(range(1, MAX_CALLERS + 1))
            calls[4].hang_up()
            assert (await game.next("call_ended"))["player"] == 5
            await arcade.call(code, "call 4")
            assert (await game.next("call_started"))["player"] == 5

    async def test_without_accept_there_is_one(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            code = (await game.welcome())["code"]
            await arcade.call(code)
            with pytest.raises(AssertionError, match=Refused.BUSY.name):
                await arcade.call(code, "second")


class TestSay:
    async def test_it_reaches_the_caller_as_it_was_meant(self) -> None:
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

    async def test_its_receipts_come_back(self) -> None:
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

    async def test_an_id_is_made_up_where_there_is_none(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            await arcade.call((await game.welcome())["code"], receipts=True)
            for _ in range(2):
                await game.send("say", text="Hello.")
            ids = [(await game.until("say_finished"))["say_id"] for _ in range(2)]
            assert len(set(ids)) == 2
            assert all(ids)

    async def test_an_id_that_is_in_use_is_refused_and_gets_no_receipt(self) -> None:
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

    async def test_to_several_each_gives_its_receipt(self) -> None:
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
    async def test_to_nobody_has_one_receipt(self, to: dict[str, Any]) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            code = (await game.welcome())["code"]
            if to:
                await arcade.call(code)
                await game.next("call_started")
            await game.send("say", text="Anybody?", say_id="1", **to)
            receipt = await game.next("say_finished")
            assert (receipt["call_id"], receipt["player"], receipt["dropped"]) == (None, None, "no_call")
            await game.settles()

    async def test_what_a_call_has_left_open_is_settled_before_it_ends(self) -> None:
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

    async def test_a_second_receipt_is_not_sent(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            call = await arcade.call((await game.welcome())["code"], receipts=True)
            await game.send("say", text="Hello.", say_id="1")
            await game.until("say_finished")
            call.finish(call.sayings[0])
            call.finish(call.sayings[0], Dropped.CALL_ENDED)
            call.hang_up()
            await game.next("call_ended")

    async def test_more_than_can_wait_are_refused(self) -> None:
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

    async def test_a_clip_is_played(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            call = await arcade.call((await game.welcome())["code"])
            await game.send("play", audio=clip(800), format="mulaw", say_id="1")
            await game.settles()
            assert (call.sayings[0].audio, call.sayings[0].text) == (b"\xff" * 800, "")

    async def test_large_messages_keep_their_place(self) -> None:
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


class TestOtherMessages:
    async def test_clear_and_hangup_reach_whom_they_are_for(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            code = (await game.welcome())["code"]
            await game.send("accept", callers=2)
            await game.settles()
            one, two = await arcade.call(code, "one"), await arcade.call(code, "two")
            await game.send("clear")
            await game.send("clear", players=[2])
            await game.send("hangup", call_id="one", at_once=True)
            await game.send("hangup")
            await game.settles()
            assert one.commands == [Clear(), HangUp(at_once=True), HangUp()]
            assert two.commands == [Clear(), Clear(), HangUp()]

    @pytest.mark.parametrize("kind", ["clear", "hangup"])
    async def test_who_is_not_there_is_an_error_and_nobody_is_none(self, kind: str) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            await game.welcome()
            await game.send(kind)
            await game.send(kind, players=[1])
            error = await game.next("error")
            assert (error["code"], error["in_reply_to"]) == ("no_such_call", kind)

    async def test_the_vocabulary_is_for_calls_that_are_there_and_for_later_ones(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            code = (await game.welcome())["code"]
            await game.send("accept", callers=3)
            await game.settles()
            first = await arcade.call(code, "first")
            await game.send("vocabulary", words=["pizza", "pepperoni"])
            await game.settles()
            second = await arcade.call(code, "second")
            await game.send("vocabulary", words=[])
            await game.settles()
            third = await arcade.call(code, "third")
            assert first.commands == [Expect(("pizza", "pepperoni")), Expect(())]
            assert second.commands == [Expect(("pizza", "pepperoni")), Expect(())]
            assert third.commands == []

    @pytest.mark.parametrize("ping_id", ["x", 7, 1.5, None])
    async def test_a_ping_is_answered(self, ping_id: object) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            await game.welcome()
            await game.send("ping", id=ping_id)
            assert await game.next("pong") == {"type": "pong", "id": ping_id}

    async def test_an_unknown_message_is_ignored(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            await game.welcome()
            await game.send("dance", steps=3)
            await game.send("ping")
            await game.next("pong")


class TestMalformed:
    @pytest.mark.parametrize(
        ("text", "field"),
        [
            ('{"type": "say", "text": "Hi", "start_within": "soon"}', "start_within"),
            ('{"type": "say", "text": ""}', "text"),
            ('{"type": "accept", "callers": 17}', "callers"),
            ('{"text": "Hi"}', "type"),
            ("Hello?", None),
            ("[]", None),
            ("", None),
        ],
    )
    async def test_the_error_names_the_field_and_nothing_is_lost(self, text: str, field: str | None) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            await arcade.call((await game.welcome())["code"], receipts=True)
            await game.next("call_started")
            await game.socket.send(TextMessage(text))
            await game.send("say", text="Still here.")
            error = await game.next("error")
            assert (error["code"], error.get("field"), error["seq"]) == ("malformed", field, 2)
            await game.next("say_started")

    async def test_binary_is_malformed(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            await game.welcome()
            await game.socket.send(BytesMessage(b"{}"))
            assert (await game.next("error"))["code"] == "malformed"

    async def test_a_message_over_the_limit_is_malformed(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            await game.welcome()
            await game.socket.send(TextMessage("x" * (MAX_MESSAGE_LENGTH + 1)))
            error = await game.next("error")
            assert error["code"] == "malformed"
            assert str(MAX_MESSAGE_LENGTH) in error["message"]

    async def test_one_far_over_it_costs_the_socket_but_not_the_game(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            code = (await game.welcome())["code"]
            await game.socket.send(TextMessage("x" * (MAX_MESSAGE_LENGTH + 100_000)))
            assert (await game.closed())[0] == 1009
            await game.close(1009)
            assert (await arcade.has_logged("game away"))["code"] == code
            assert code in arcade.switchboard.active


class TestEnds:
    @pytest.mark.parametrize("code", [1000, 1005])
    async def test_a_goodbye_ends_the_game_at_once(self, code: int) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            call = await arcade.call((await game.welcome())["code"])
            # wsproto's client cannot close without a code
            await (game.close() if code == 1000 else game.socket.write(bytes((0x88, 0x80, 0, 0, 0, 0))))
            assert (await game.closed())[0] == code
            await arcade.holds(lambda: call.commands == [GameLeft()])
            assert not arcade.switchboard.active
            assert "game away" not in arcade.events

    async def test_the_end_of_the_server_is_said_with_1001_after_what_was_to_be_sent(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            call = await arcade.call((await game.welcome())["code"])
            call.says("hello")
            arcade.games.leave_nowait(SeatClosed.SHUTDOWN)
            assert call.commands == [GameLeft()]
            await game.next("call_started")
            await game.next("transcript")
            assert await game.closed() == (1001, SeatClosed.SHUTDOWN.value)

    async def test_nobody_is_let_in_after_that(self) -> None:
        async with open_arcade() as arcade:
            arcade.games.leave_nowait(SeatClosed.SHUTDOWN)
            async with connect(arcade.address) as socket:
                answer = await socket.upgrade("/game", subprotocols=["phonegame.v1"])
                assert getattr(answer, "status_code", None) == 503

    async def test_a_token_is_never_logged(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            token = (await game.welcome())["resume_token"]
            await game.send("resume", resume_token=token, last_seq=0)
            await game.until("error")
            await game.send("resume", resume_token="wrong-token", last_seq=0)
            await game.until("error")
            logged = json.dumps(arcade.logged, default=str)
            assert token not in logged
            assert "wrong-token" not in logged


async def test_both_protocols_are_served_side_by_side() -> None:
    async with open_arcade() as arcade, arcade.v1() as new, arcade.socket() as old:
        code_of_new = (await new.welcome())["code"]
        await old.receive()
        code_of_old = await old.receive()
        assert isinstance(code_of_old, str)
        calls = PlayedCall("a"), PlayedCall("b")
        await calls[0].join(arcade.switchboard, code_of_new)
        await calls[1].join(arcade.switchboard, code_of_old)
        await new.send("say", text="new")
        await old.send(TextMessage("old"))
        await new.settles()
        await arcade.holds(lambda: bool(calls[1].sayings))
        assert [[saying.text for saying in call.sayings] for call in calls] == [["new"], ["old"]]
        assert await old.receive() == "connected"
        await old.send(CloseConnection(1000))


async def test_a_client_that_offers_several_protocols_gets_this_one() -> None:
    async with open_arcade() as arcade, arcade.socket(["phonegame.v9", "phonegame.v1"]) as socket:
        assert (await V1Client(socket).welcome())["resumed"] is False
