from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
import trio
import trio_websocket

from phonegame.characters.persona import Persona
from phonegame.local.demo.conversation import Conversation, Reply
from phonegame.local.demo.game import GameFailed, PizzaGame, receive_welcome, wait_until_hung_up
from phonegame.local.demo.script import CALL_BACK, GREETING, PIZZERIA, TURNS
from phonegame.local.v1_client import Unread, connect_v1
from phonegame.switchboard import DialStatus
from phonegame.wire import v1
from tests.local.text_server import Visit, text_server
from tests.wire.messages import CALL

WELCOME = v1.Welcome(phone_number="+1", code="42", resume_token="t", resumed=False, away_seconds=60)
STARTED = v1.CallStarted(**CALL, direction="incoming", caller=None)


def transcript(text: str, *, is_final: bool = True) -> v1.Transcript:
    return v1.Transcript(
        **CALL, text=text, is_final=is_final, speech_final=is_final, confidence=1, start=0, duration=1, words=[]
    )


def receipt(say_id: str, heard: str) -> v1.SayFinished:
    return v1.SayFinished(**CALL, say_id=say_id, heard=heard, seconds=1, interrupted=False, dropped=None)


async def play(visit: Callable[[Visit], Awaitable[None]]) -> tuple[Conversation, list[Reply]]:
    """One call to the game, until the server closes. The caller has said the code and all sentences already."""
    conversation = Conversation(lambda: 1.0, lambda _: None)
    conversation.begin_code("forty two")
    checked: list[Reply] = []

    async def check(reply: Reply) -> None:
        await trio.lowlevel.checkpoint()
        checked.append(reply)

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url) as client:
        for turn in TURNS:
            conversation.begin_sentence(turn.said)
        with pytest.RaisesGroup(GameFailed):
            await PizzaGame(client, conversation, check).run()
    return conversation, checked


async def send(server: Visit, *messages: v1.ServerMessage) -> None:
    for seq, message in enumerate(messages, 1):
        await server.say(v1.encode(message, seq))


async def hear_say(server: Visit) -> v1.Say:
    said = v1.parse(await server.hear())
    assert isinstance(said, v1.Say)
    return said


async def test_a_caller_is_answered_by_the_character_and_the_game_hears_it() -> None:
    sent: list[object] = []

    async def visit(server: Visit) -> None:
        await send(server, STARTED)
        sent.append(v1.parse(await server.hear()))
        await send(server, transcript("one pepperoni", is_final=False), transcript("hm"))
        await send(server, transcript("1 pepperoni pizza"))

    conversation, _ = await play(visit)
    (character,) = sent
    assert isinstance(character, v1.Character)
    assert character.to == (CALL["call_id"],)
    assert isinstance(character.character, Persona)
    assert character.character.script == PIZZERIA.read_text(encoding="utf-8")
    assert conversation.joined
    assert conversation.missed == [turn.said for turn in TURNS[1:]]


async def test_what_the_character_has_said_is_looked_into() -> None:
    said = v1.CharacterSaid(**CALL, text=GREETING, cut_off=False)

    async def visit(server: Visit) -> None:
        await send(server, STARTED, said)
        await server.hear()

    conversation, checked = await play(visit)
    assert checked == conversation.replies
    assert checked[0].receipt == said


def asks(name: str, **arguments: object) -> v1.ActionAsked:
    return v1.ActionAsked(**CALL, action_id=name, name=name, arguments=arguments)


async def test_the_game_does_what_the_character_asks_for_and_refuses_what_is_not_in_the_script() -> None:
    sent: list[object] = []

    async def visit(server: Visit) -> None:
        await send(server, asks("add_to_order", count=1, what="pepperoni pizza"), asks("order_placed"))
        await send(server, asks("add_to_order", count=100, what="lemonade"))
        sent.extend([v1.parse(await server.hear()) for _ in range(3)])

    conversation, _ = await play(visit)
    call_id = CALL["call_id"]
    assert sent == [
        v1.ActionResult(action_id="add_to_order", result={"dollars": 9}, call_id=call_id),
        v1.ActionResult(action_id="order_placed", result={"minutes": 12}, call_id=call_id),
        v1.ActionResult(action_id="add_to_order", failed=True, call_id=call_id),
    ]
    assert [deed.result for deed in conversation.deeds] == [{"dollars": 9}, {"minutes": 12}, None]


async def test_an_error_of_the_servers_ends_the_demo_with_its_words() -> None:
    async def visit(server: Visit) -> None:
        await send(server, v1.Error(code="voice_failed", message="no voice today"))
        with suppress(trio_websocket.ConnectionClosed):
            await server.hear()

    conversation = Conversation(lambda: 1.0, lambda _: None)

    async def check(_: Reply) -> None:
        await trio.lowlevel.checkpoint()

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url) as client:
        with pytest.RaisesGroup(pytest.RaisesExc(GameFailed, match="no voice today")):
            await PizzaGame(client, conversation, check).run()


async def test_welcome_tells_number_and_code() -> None:
    async def visit(server: Visit) -> None:
        await server.say(v1.encode(WELCOME, None))

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url) as client:
        assert await receive_welcome(client) == WELCOME


async def test_a_server_that_closes_at_once_is_explained() -> None:
    async def visit(server: Visit) -> None:
        await server.close(1013, "no code is free")

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url) as client:
        with pytest.raises(GameFailed, match="no code is free"):
            await receive_welcome(client)


async def test_a_call_that_the_server_ends_is_known_to_have_ended() -> None:
    """Then its end is not waited for when the caller hangs up."""

    async def visit(server: Visit) -> None:
        await send(server, STARTED, v1.CallEnded(**CALL, reason="server_error", seconds=1))

    conversation, _ = await play(visit)
    assert conversation.has_ended
    assert conversation.signs == []


async def test_the_end_of_a_call_is_waited_for() -> None:
    async def visit(server: Visit) -> None:
        await send(server, transcript("last words"), v1.CallEnded(**CALL, reason="caller_hung_up", seconds=1))
        await server.say("behind")

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url) as client:
        await wait_until_hung_up(client)
        assert await client.receive() == Unread("behind")


async def ring_up(visit: Callable[[Visit], Awaitable[None]]) -> Conversation:
    """One call that the game places, until the server closes. The player has said all already."""
    conversation = Conversation(lambda: 1.0, lambda _: None, CALL_BACK)
    for turn in CALL_BACK.turns:
        conversation.begin_sentence(turn.said)

    async def check(_: Reply) -> None:
        await trio.lowlevel.checkpoint()

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url) as client:
        with pytest.RaisesGroup(GameFailed):
            await PizzaGame(client, conversation, check).run()
    return conversation


def status(status: DialStatus, answered_by: str | None = None, reason: str | None = None) -> v1.CallStatus:
    return v1.CallStatus(**CALL, status=status, dial_id=None, answered_by=answered_by, reason=reason)


async def test_who_was_rung_up_is_answered_and_hung_up_on() -> None:
    got: list[object] = []

    async def visit(server: Visit) -> None:
        await send(server, status("dialling"), status("ringing"), status("answered"))
        await send(server, v1.CallStarted(**CALL, direction="outgoing", caller=None), status("answered", "human"))
        got.append(await hear_say(server))
        await send(server, transcript(CALL_BACK.turns[0].said))
        got.append(await hear_say(server))
        got.append(v1.parse(await server.hear()))
        await send(server, v1.CallEnded(**CALL, reason="game_hung_up", seconds=1))

    conversation = await ring_up(visit)
    assert [each.text for each in got if isinstance(each, v1.Say)] == CALL_BACK.texts
    assert isinstance(got[-1], v1.HangUp)
    assert [(sign.step, sign.detail) for sign in conversation.signs] == [
        ("dialling", ""),
        ("ringing", ""),
        ("answered", "by a human"),
        ("over", "game hung up"),
    ]


@pytest.mark.parametrize(("reason", "told"), [(None, "busy"), ("as said", "busy, as said")])
async def test_a_call_that_comes_to_nothing_has_ended(reason: str | None, told: str) -> None:
    async def visit(server: Visit) -> None:
        await send(server, status("dialling"), status("busy", reason=reason))

    conversation = await ring_up(visit)
    assert conversation.has_ended
    assert conversation.signs[-1].detail == told
