"""What a game says over phonegame.v1, and what it is told; see test_v1_resume for the sockets that it loses."""

from __future__ import annotations

import json

import pytest
from wsproto.events import BytesMessage, CloseConnection, TextMessage

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
            async with arcade.v1() as game:
                assert await game.closed() == (1001, SeatClosed.SHUTDOWN.value)

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
