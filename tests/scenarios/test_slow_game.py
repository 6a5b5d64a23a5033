"""A game that does not read what it is sent: it loses nothing up to a bound, and nobody else waits for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from wsproto.events import CloseConnection

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.speech.record import ConnectionRecord
from phonegame.local.speech.script import Plan, Script, Send
from tests.house import House, open_house
from tests.raw_websocket import RawWebsocket, open_raw

pytestmark = pytest.mark.slow

QUEUE = 20
BULK = 60_000
"""Characters a message: the kernel's own buffers, which are no part of the bound, take some megabytes."""
RECEIVE_BUFFER = 65_536
MESSAGES = 200
EVERY_MS = 5


def bulk(number: int) -> str:
    return json.dumps({"type": "Bulk", "number": number, "padding": "x" * BULK})


FLOOD = Plan(garbage=tuple(Send(bulk(number), at=0.7 + number * EVERY_MS / 1000) for number in range(MESSAGES)))


@asynccontextmanager
async def slow_game(house: House) -> AsyncIterator[tuple[RawWebsocket, str]]:
    """A game that has read its code and nothing since, and the code."""
    async with open_raw(house.address, "/game", receive_buffer=RECEIVE_BUFFER) as game:
        _, code = await game.receive(), await game.receive()
        assert isinstance(code, str)
        yield game, code


async def read_numbers(game: RawWebsocket, most: int) -> tuple[list[int], CloseConnection | None]:
    """The numbers of the bulk messages, and how it ends where that comes first."""
    numbers: list[int] = []
    while len(numbers) < most:
        message = await game.receive()
        if isinstance(message, CloseConnection):
            return numbers, message
        if message.startswith('{"type": "Bulk"'):
            numbers.append(json.loads(message)["number"])
    return numbers, None


def flooded(record: ConnectionRecord) -> bool:
    return (
        sum(isinstance(sent.data, str) and sent.data.startswith('{"type": "Bulk"') for sent in record.sent) == MESSAGES
    )


async def test_a_game_that_does_not_read_is_closed_and_finds_all_it_was_sent() -> None:
    async with open_house(script=Script([FLOOD]), game_queue=QUEUE) as house, slow_game(house) as (game, code):
        async with house.phone() as caller:
            await caller.phone.key(code + "#")
            await caller.is_hung_up_on("the game left")
        assert code not in house.phonegame.switchboard.active
        assert "game does not read; it is closed" in house.events
        numbers, end = await read_numbers(game, MESSAGES)
        assert numbers == list(range(len(numbers)))
        assert QUEUE < len(numbers) < MESSAGES
        assert end is not None
        assert (end.code, end.reason) == (1013, "the game does not read what it is sent")


async def test_a_game_that_pauses_within_the_bound_loses_nothing() -> None:
    async with (
        open_house(script=Script([FLOOD]), game_queue=2 * MESSAGES) as house,
        slow_game(house) as (game, code),
    ):
        async with house.phone() as caller:
            await caller.phone.key(code + "#")
            await (await house.speech.connection(0)).wait_until(flooded)
        numbers, _ = await read_numbers(game, MESSAGES)
        assert numbers == list(range(MESSAGES))


async def test_nobody_waits_for_a_game_that_does_not_read() -> None:
    async with (
        open_house(script=Script([FLOOD]), game_queue=2 * MESSAGES) as house,
        house.game() as other,
        slow_game(house) as (_, code),
        house.phone() as caller,
    ):
        await caller.phone.key(code + "#")
        record = await house.speech.connection(0)
        await record.wait_until(flooded)
        heard_before = record.audio_bytes
        async with house.phone() as neighbour:
            await neighbour.joins(other)
            await neighbour.says("one two three")
            with trio.fail_after(1):
                await other.hears("one two three")
        # the slow game's caller has been heard all the time, as if nothing were
        assert record.closed is None
        assert record.audio_bytes - heard_before > BYTES_PER_SECOND // 2
