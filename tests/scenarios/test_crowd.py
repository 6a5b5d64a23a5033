"""Many calls from one address of Twilio's, and strangers who would pass for it. See `phonegame.limits.connections`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import trio
from wsproto.events import AcceptConnection, TextMessage

from phonegame.local.phone.outgoing import Identity, Wording
from phonegame.twilio.signature import sign
from tests.house import House, open_house
from tests.raw_websocket import RawWebsocket, connect
from tests.twilio_side import LOCKS, TOKEN, TwilioSide, new_sid

TWILIOS, STRANGERS = "198.51.100.1", "203.0.113.9"
SIGNATURE = sign("wss://phone.example/twilio", (), TOKEN)
FEW: dict[str, Any] = {**LOCKS, "sockets_per_address": 2, "connects_per_minute": 4}


@asynccontextmanager
async def handshake(house: House, address: str, signature: str = SIGNATURE) -> AsyncIterator[tuple[int, RawWebsocket]]:
    """The status, 101 for yes."""
    async with connect(house.twilio_address) as socket:
        headers = [("X-Forwarded-For", address), ("X-Twilio-Signature", signature)]
        answer = await socket.upgrade("/twilio", headers=headers)
        yield 101 if isinstance(answer, AcceptConnection) else answer.status_code, socket


async def begin(house: House, socket: RawWebsocket) -> None:
    """The stream of a call that was announced; returns when the server has seen that it is."""
    sid = new_sid()
    calls = house.events.count("call started")
    words = Wording(
        Identity(call_sid=sid, parameters=(await TwilioSide(house.twilio_address).announces(sid)).parameters)
    )
    await socket.send(TextMessage(words.connected()))
    await socket.send(TextMessage(words.start()))
    while house.events.count("call started") == calls:
        await trio.testing.wait_all_tasks_blocked(0.001)


async def test_calls_are_as_many_as_there_are() -> None:
    async with open_house(**FEW) as house, AsyncExitStack() as calls:
        for _ in range(9):
            status, socket = await calls.enter_async_context(handshake(house, TWILIOS))
            assert status == 101
            await begin(house, socket)
        assert len(house.phonegame.calls) == 9


async def test_a_signature_alone_is_no_way_round_the_limits() -> None:
    """It is the same for every call, and may have been seen on its way."""
    async with open_house(**FEW) as house, AsyncExitStack() as streams:
        statuses = [(await streams.enter_async_context(handshake(house, STRANGERS)))[0] for _ in range(6)]
        assert statuses == [101, 101, 429, 429, 429, 429]
        async with handshake(house, TWILIOS) as (status, socket):
            assert status == 101
            await begin(house, socket)


async def test_a_signature_alone_has_nothing_listened_to() -> None:
    async with open_house(**LOCKS) as house:
        for words in (Wording(Identity()).connected(), Wording(Identity()).start()):
            async with handshake(house, STRANGERS) as (status, socket):
                assert status == 101
                await socket.send(TextMessage(words))
                await trio.testing.wait_all_tasks_blocked(0.05)
        await house.phonegame.calls.wait_until_empty()
        assert not house.speech.connections


async def test_strangers_use_up_nothing_that_calls_need() -> None:
    """Not even from where Twilio is seen to come from, too."""
    async with open_house(**FEW) as house:
        statuses = []
        for _ in range(6):
            async with handshake(house, TWILIOS, "forged") as (status, _):
                statuses.append(status)
        assert statuses == [403] * 4 + [429] * 2
        async with handshake(house, TWILIOS) as (status, socket):
            assert status == 101
            await begin(house, socket)


async def test_nor_do_games_and_calls_of_each_other() -> None:
    async with open_house(**FEW) as house, AsyncExitStack() as sockets:
        for _ in range(2):
            await sockets.enter_async_context(handshake(house, TWILIOS))
        async with connect(house.twilio_address) as game:
            headers = [("X-Forwarded-For", TWILIOS), ("Authorization", f"Bearer {LOCKS['game_keys']}")]
            assert isinstance(await game.upgrade("/game", headers=headers), AcceptConnection)
