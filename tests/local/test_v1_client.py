from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import trio
import trio_websocket

from phonegame.local.text_game import Closed
from phonegame.local.v1_client import Numbered, Unread, V1Client, connect_v1
from phonegame.speak.saying import Priority
from phonegame.wire import v1
from phonegame.wire.v1.to_game import Unnumbered
from tests.local.text_server import Visit, text_server
from tests.wire.messages import CALL, TO_GAME

CLIP = b"\x10\x20"


@asynccontextmanager
async def recorder(
    heard: list[object], *says: str, resume: v1.Resume | None = None
) -> AsyncIterator[tuple[V1Client, Callable[[], Awaitable[None]]]]:
    """A client at a server that says what it is given, and parses what the client sends into `heard`.

    With it comes what waits until the server has heard everything.
    """

    async def visit(server: Visit) -> None:
        for text in says:
            await server.say(text)
        with suppress(trio_websocket.ConnectionClosed):
            while (text := await server.hear()) != "done":
                heard.append(v1.parse(text))
            await server.say("done")

    async def finish(client: V1Client) -> None:
        await client.send_text("done")
        assert await client.receive() == Unread("done")

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url, resume=resume) as client:
        yield client, partial(finish, client)


async def test_every_message_comes_with_its_number() -> None:
    sent = [Numbered(None if isinstance(each, Unnumbered) else seq, each) for seq, each in enumerate(TO_GAME, 1)]
    async with recorder([], *(v1.encode(each.message, each.seq) for each in sent)) as (client, _):
        assert [await client.receive() for _ in sent] == sent


async def test_numbers_are_handed_over_as_they_come() -> None:
    dtmf = v1.Dtmf(**CALL, digit="1")
    async with recorder([], *(v1.encode(dtmf, seq) for seq in (5, 5, 3))) as (client, _):
        assert [await client.receive() for _ in range(3)] == [Numbered(seq, dtmf) for seq in (5, 5, 3)]


@pytest.mark.parametrize("text", ["connected", "{}", '{"type":"later","seq":3}', '{"type":"dtmf","seq":"3"}'])
async def test_what_is_none_of_the_protocol_is_handed_over_too(text: str) -> None:
    async with recorder([], text) as (client, _):
        assert await client.receive() == Unread(text)


async def test_each_request_arrives_as_it_was_meant() -> None:
    heard: list[object] = []
    async with recorder(heard) as (client, finish):
        await client.say("hi")
        await client.say("hi", to=2, say_id="s", voice="v", priority=Priority.NEXT, interruptible=False, start_within=2)
        await client.play(CLIP, form="mulaw", to="c1", say_id="p")
        await client.clear([1, 2])
        await client.hangup("c1", at_once=True)
        await client.accept(4)
        await client.vocabulary(["a", "b c"])
        await client.resume("token", 17)
        await client.ping(5)
        await finish()
    assert heard == [
        v1.Say(text="hi"),
        v1.Say(
            text="hi",
            players=(2,),
            say_id="s",
            voice="v",
            priority=Priority.NEXT,
            interruptible=False,
            start_within=2.0,
        ),
        v1.Play(clip=CLIP, call_id="c1", say_id="p"),
        v1.Clear(players=(1, 2)),
        v1.HangUp(call_id="c1", at_once=True),
        v1.Accept(callers=4),
        v1.Vocabulary(words=("a", "b c")),
        v1.Resume(resume_token="token", last_seq=17),
        v1.Ping(id=5),
    ]


async def test_text_is_sent_as_it_is() -> None:
    heard: list[object] = []
    async with recorder(heard) as (client, finish):
        await client.send_text("no json")
        await finish()
    assert isinstance(heard[0], v1.Malformed)


async def test_a_game_that_comes_back_says_so_first() -> None:
    heard: list[object] = []
    resume = v1.Resume(resume_token="token", last_seq=3)
    async with recorder(heard, resume=resume) as (client, finish):
        await client.ping()
        await finish()
    assert heard == [resume, v1.Ping()]


async def test_the_end_is_told_with_its_reason() -> None:
    async def visit(server: Visit) -> None:
        await server.close(1013, "too slow")

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url) as client:
        assert await client.receive() == Closed(1013, "too slow")
        await client.say("hello?")


async def test_a_game_may_vanish_without_a_goodbye() -> None:
    send_code, codes = trio.open_memory_channel[int](1)

    async def visit(server: Visit) -> None:
        send_code.send_nowait(await server.wait_closed())

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url) as client:
        await client.vanish()
        assert await client.receive() == Closed(1006, None)
        with trio.fail_after(5):
            assert await codes.receive() == 1006


async def test_the_key_goes_along_as_a_bearer_token() -> None:
    async def visit(server: Visit) -> None:
        await server.say(json.dumps(server.headers[b"authorization"].decode()))

    async with text_server(visit, v1.SUBPROTOCOL) as url, connect_v1(url, "planted") as client:
        assert await client.receive() == Unread('"Bearer planted"')
