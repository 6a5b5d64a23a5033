"""A game asks for a call: what it is told where none is placed. How calls go on is tested in tests/dialling."""

from __future__ import annotations

import trio

from phonegame.dialling import DialRefused, Order, Rule
from phonegame.switchboard import Caller, CallStatus, Command, HangUp, Refused
from tests.game.arcade import Arcade, Ringing, open_arcade

TO = "+12025550123"


async def test_a_server_that_places_no_calls_says_so() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        await game.welcome()
        await game.send("dial", to=TO, dial_id="d")
        error = await game.next("error")
        assert (error["code"], error["rule"], error["dial_id"]) == ("dial_refused", "no_carrier", "d")


async def test_an_order_names_the_game_and_its_code() -> None:
    orders: list[Order] = []

    def dial(order: Order, _: object) -> Ringing:
        orders.append(order)
        return Ringing("out")

    async with open_arcade(dial=dial) as arcade, arcade.v1() as game:
        code = (await game.welcome())["code"]
        await game.send("dial", to=TO)
        await game.send("dial", to=TO, dial_id="d")
        await game.settles()
        (first, second) = orders
        assert (first.to, first.code, first.dial_id, second.dial_id) == (TO, code, None, "d")
        assert first.game == second.game
        assert first.game


async def test_what_is_found_out_later_is_an_error_too() -> None:
    def refuse_later(_: Order, refused: object) -> Ringing:
        assert callable(refused)
        refused(DialRefused(Rule.PER_GAME, "3 calls have been placed"))
        return Ringing("out")

    async with open_arcade(dial=refuse_later) as arcade, arcade.v1() as game:
        await game.welcome()
        await game.send("dial", to=TO)
        error = await game.next("error")
        assert (error["rule"], error["message"]) == ("dial_per_game", "3 calls have been placed")
        assert "dial_id" not in error


async def test_a_number_is_needed() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        await game.welcome()
        await game.send("dial", number=TO)
        error = await game.next("error")
        assert (error["code"], error["field"], error["in_reply_to"]) == ("malformed", "to", "dial")


async def test_a_ringing_phone_is_stopped_by_its_call_id() -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        commands = await _rings(arcade, (await game.welcome())["code"])
        status = await game.next("call_status")
        assert (status["status"], status["player"], status["dial_id"]) == ("ringing", 1, "d")
        await game.send("say", text="Nobody is there yet.", call_id=status["call_id"])
        assert (await game.next("say_finished"))["dropped"] == "no_call"
        await game.send("hangup", call_id=status["call_id"])
        await game.settles()
        assert commands == [HangUp()]


async def _rings(arcade: Arcade, code: str) -> list[Command]:
    commands: list[Command] = []
    await trio.lowlevel.checkpoint()
    reserved = await arcade.switchboard.reserve(code, Caller(call_id="out", direction="outgoing"), commands.append)
    assert not isinstance(reserved, Refused)
    reserved.deliver_nowait(CallStatus("ringing", "d"))
    return commands
