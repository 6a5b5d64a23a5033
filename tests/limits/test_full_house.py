"""What happens to calls when there are more connections than descriptors. The server is a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trio
from wsproto.events import Request, TextMessage

from tests.hypercorn_server import Client

pytest.importorskip("resource", reason="this system has no limit of descriptors")

from tests.limits.small_house import ROOM

ROOT = Path(__file__).parents[2]
UPGRADE = Request(host="localhost", target="/")

pytestmark = pytest.mark.slow  # a process with its imports


class House:
    """Its port, and what it logs once it has ended."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.logged = b""


@asynccontextmanager
async def small_house() -> AsyncIterator[House]:
    command = [sys.executable, "-m", "tests.limits.small_house"]
    process = await trio.lowlevel.open_process(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    async with process.stdout, process.stderr:
        try:
            with trio.fail_after(20):
                house = House(int(await process.stdout.receive_some()))
            yield house
        finally:
            process.kill()
            with trio.move_on_after(5, shield=True):
                await process.wait()
        house.logged = b"".join([bytes(data) async for data in process.stderr])


@asynccontextmanager
async def connection(house: House) -> AsyncIterator[trio.SocketStream]:
    async with await trio.open_tcp_stream("127.0.0.1", house.port) as stream:
        yield stream


@asynccontextmanager
async def call(house: House) -> AsyncIterator[Client]:
    async with connection(house) as stream:
        client = Client(stream)
        await client.open()
        yield client


async def talks(client: Client, text: str = "hello") -> None:
    await client.send(TextMessage(data=text))
    assert await client.receive() == TextMessage(data=text)


async def test_those_who_only_hold_on_make_way_and_calls_do_not_notice() -> None:
    async with small_house() as house, AsyncExitStack() as stack:
        first = await stack.enter_async_context(call(house))
        for _ in range(5 * ROOM):
            await stack.enter_async_context(connection(house))
        await talks(await stack.enter_async_context(call(house)))
        await talks(first)


async def test_when_all_are_calls_the_next_is_turned_away_until_one_has_ended() -> None:
    async with small_house() as house, AsyncExitStack() as stack:
        calls = [await stack.enter_async_context(call(house)) for _ in range(ROOM - 1)]
        async with call(house):
            for _ in range(2 * ROOM):
                async with connection(house) as stream:
                    assert (await stream.receive_some()).startswith(b"HTTP/1.1 503 ")
            for client in calls:
                await talks(client)
        with trio.fail_after(5):
            while not await gets_in(house):  # noqa: ASYNC110 - nothing tells when a connection has ended
                await trio.sleep(0.01)
    assert house.logged.count(b"all connections are taken") == 1


async def gets_in(house: House) -> bool:
    async with connection(house) as stream:
        await stream.send_all(Client(stream).protocol.send(UPGRADE))
        return bytes(await stream.receive_some()).startswith(b"HTTP/1.1 101 ")


async def test_without_any_descriptor_calls_go_on_and_who_comes_waits() -> None:
    async with small_house() as house, call(house) as client:
        await talks(client, "eat")
        async with connection(house) as stream:
            newcomer = Client(stream)
            await newcomer.send(UPGRADE)
            for number in range(30):
                await talks(client, f"still here {number}")
                await trio.sleep(0.01)
            await talks(client, "give")
            await newcomer.receive()
            await talks(newcomer)
    assert house.logged.count(b"accept returned EMFILE") == 1
