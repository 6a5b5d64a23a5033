from __future__ import annotations

import json

import pytest
import trio
from trio.testing import wait_all_tasks_blocked
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from phonegame.deepgram.messages import parse
from phonegame.listen.transcript import Heard
from phonegame.speak.saying import Dropped
from phonegame.switchboard import CallHeard, CallKeyed, GameLeft, SeatClosed
from tests.game.arcade import NUMBER, PlayedCall, open_arcade
from tests.listen.deepgram_says import results
from tests.raw_websocket import RawWebsocket


async def code_of(game: RawWebsocket) -> str:
    assert await game.receive() == NUMBER
    code = await game.receive()
    assert isinstance(code, str)
    return code


async def end_of(game: RawWebsocket) -> tuple[int, str | None]:
    while isinstance(end := await game.receive(), str):
        pass
    return int(end.code), end.reason


async def test_a_game_gets_the_number_its_code_and_what_its_caller_says() -> None:
    async with open_arcade() as arcade, arcade.socket() as game:
        call = await arcade.call(await code_of(game))
        assert await game.receive() == "connected"
        interim, final = results("hel"), results("hello", final=True)
        for raw in (interim, final):
            message = parse(raw)
            assert message is not None
            call.line.deliver_nowait(CallHeard(Heard(raw, message)))
        call.line.deliver_nowait(CallKeyed("5"))
        call.says("bye")
        call.hang_up()
        assert await game.receive() == final
        assert await game.receive() == results("bye", final=True)


async def test_what_it_sends_is_said_and_receipts_are_not_sent() -> None:
    async with open_arcade() as arcade, arcade.socket() as game:
        call = await arcade.call(await code_of(game), receipts=True)
        await game.send(TextMessage("Hello."))
        await game.send(TextMessage('{"type": "say", "text": "this is a sentence too"}'))
        await arcade.holds(lambda: len(call.sayings) == 2)
        assert [saying.text for saying in call.sayings] == [
            "Hello.",
            '{"type": "say", "text": "this is a sentence too"}',
        ]
        assert len({saying.say_id for saying in call.sayings}) == 2
        assert all(saying.say_id for saying in call.sayings)
        call.says("bye")
        assert await game.receive() == "connected"
        assert await game.receive() == results("bye", final=True)


async def test_a_sentence_that_reaches_nobody_is_logged() -> None:
    async with open_arcade() as arcade, arcade.socket() as game:
        code = await code_of(game)
        await game.send(TextMessage("Anybody?"))
        await arcade.has_logged("sentence from the game dropped: nobody is on the phone")
        call = await arcade.call(code)
        await game.send(TextMessage("Hello."))
        await arcade.holds(lambda: bool(call.sayings))
        call.finish(call.sayings[0], Dropped.QUEUE_FULL)
        fields = arcade.fields("sentence from the game not heard to its end")
        assert (fields["why"], fields["call"]) == ("queue_full", "call")
        assert fields["game"] == arcade.fields("game in")["game"]


@pytest.mark.parametrize("message", [TextMessage(" \n"), TextMessage(""), BytesMessage(b"\0")])
async def test_a_message_without_text_is_ignored(message: TextMessage) -> None:
    async with open_arcade() as arcade, arcade.socket() as game:
        call = await arcade.call(await code_of(game))
        await game.send(message)
        await game.send(TextMessage("Hello."))
        await arcade.holds(lambda: bool(call.sayings))
        assert [saying.text for saying in call.sayings] == ["Hello."]
        assert "message from the game ignored: it has no text" in arcade.events


async def test_the_next_caller_comes_after_the_last_words_of_the_one_before() -> None:
    async with open_arcade() as arcade, arcade.socket() as game, trio.open_nursery() as nursery:
        code = await code_of(game)
        first, second = await arcade.call(code, "first"), PlayedCall("second")
        first.line.release_nowait()
        nursery.start_soon(second.join, arcade.switchboard, code)
        await wait_all_tasks_blocked()
        first.says("bye")
        first.hang_up()
        received = [await game.receive() for _ in range(3)]
        assert received == ["connected", results("bye", final=True), "connected"]


async def test_gone_is_gone_however_it_goes() -> None:
    async with open_arcade() as arcade:
        for goodbye in (CloseConnection(1000), CloseConnection(1011), None):
            async with arcade.socket() as game:
                call = await arcade.call(await code_of(game))
                if goodbye is not None:
                    await game.send(goodbye)
                else:
                    game.abort()
            await arcade.holds(lambda call=call: call.commands == [GameLeft()])  # type: ignore[misc]
            assert not arcade.switchboard.active


async def test_too_long_a_sentence_ends_the_game_with_1009() -> None:
    async with open_arcade() as arcade, arcade.socket() as game:
        call = await arcade.call(await code_of(game))
        await game.send(TextMessage("x" * (16 * 1024 + 1)))
        assert await end_of(game) == (1009, SeatClosed.TOO_LONG.value)
        assert call.commands == [GameLeft()]


async def test_no_code_free_is_said_with_1013() -> None:
    async with open_arcade(codes="7-7") as arcade, arcade.socket() as game, arcade.socket() as other:
        assert await code_of(game) == "7"
        code, reason = await end_of(other)
        assert code == 1013
        assert reason is not None
        assert "No code is free" in reason
        assert (await arcade.call("7")).line.player == 1


async def test_a_game_that_does_not_read_is_closed_and_finds_what_it_was_sent() -> None:
    async with open_arcade(game_queue=10) as arcade, arcade.socket(receive_buffer=4096) as game:
        call = await arcade.call(await code_of(game))
        said = 0
        while GameLeft() not in call.commands:
            call.says(f"{said} " + "blah " * 5_000)
            said += 1
            await arcade.holds(lambda: True)
        assert not arcade.switchboard.active
        assert await game.receive() == "connected"
        heard = []
        while isinstance(message := await game.receive(), str):
            heard.append(json.loads(message)["channel"]["alternatives"][0]["transcript"].split()[0])
        assert heard == [str(number) for number in range(len(heard))]
        assert 10 <= len(heard) < said
        assert (message.code, message.reason) == (1013, SeatClosed.TOO_SLOW.value)
        assert arcade.fields("game out")["why"] == SeatClosed.TOO_SLOW.value


async def test_the_end_of_the_server_is_said_with_1001() -> None:
    async with open_arcade() as arcade, arcade.socket() as game:
        call = await arcade.call(await code_of(game))
        arcade.games.leave_nowait(SeatClosed.SHUTDOWN)
        assert call.commands == [GameLeft()]
        assert await game.receive() == "connected"
        assert await end_of(game) == (1001, SeatClosed.SHUTDOWN.value)


async def test_other_protocols_that_are_offered_get_the_text_protocol() -> None:
    async with open_arcade() as arcade, arcade.socket(["unheard.of"]) as game:
        await code_of(game)
