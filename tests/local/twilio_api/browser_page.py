"""What a page with a browser phone does, without the browser: the carrier's websocket, by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import trio
from trio_websocket import CloseReason, ConnectionClosed, ConnectionRejected, WebSocketConnection, wrap_client_stream
from wsproto.utilities import LocalProtocolError

from phonegame.local.twilio_api import LocalCarrier
from tests.local.twilio_api.world import words_in


@dataclass
class Page:
    socket: WebSocketConnection
    number: str = ""
    """Its own."""
    heard: bytearray = field(default_factory=bytearray)
    told: list[dict[str, Any]] = field(default_factory=list)

    async def does(self, what: str, **fields: str) -> None:
        await self.socket.send_message(json.dumps({"type": what, **fields}))

    async def gets(self, kind: str) -> dict[str, Any]:
        """The next message of this kind; sound, and others before it, are kept."""
        while True:
            message = await self.socket.get_message()
            if isinstance(message, bytes):
                self.heard += message
                continue
            told: dict[str, Any] = json.loads(message)
            self.told.append(told)
            if told["type"] == kind:
                return told

    async def reads_until(self, condition: Callable[[], bool]) -> None:
        """Asked before the first message, and after each; in a call one comes every 20 ms."""
        while not condition():
            message = await self.socket.get_message()
            if isinstance(message, bytes):
                assert len(message) == 160
                self.heard += message
            else:
                self.told.append(json.loads(message))

    async def hears(self, *words: str) -> None:
        """Of the marker's voice, or of the carrier's in that voice: until these were the last."""
        await self.reads_until(lambda: words_in(bytes(self.heard))[-len(words) :] == list(words))

    async def closed(self) -> CloseReason:
        """Reads to the end."""
        await trio.lowlevel.checkpoint()
        with suppress(ConnectionClosed):
            while True:
                await self.socket.get_message()
        assert self.socket.closed is not None
        return self.socket.closed


@asynccontextmanager
async def page(carrier: LocalCarrier, *, number: str = "", origin: str | None = None) -> AsyncGenerator[Page]:
    """As `line`, behind the carrier's `hello`."""
    async with line(carrier, number=number, origin=origin) as opened:
        opened.number = (await opened.gets("hello"))["number"]
        yield opened


@asynccontextmanager
async def line(carrier: LocalCarrier, *, number: str = "", origin: str | None = None) -> AsyncGenerator[Page]:
    """`number`: the one that it asks for. `origin`: another one than its own; "" for none.

    trio-websocket's own client leaves the stream open when the server closes first: here it is this function's. And it
    may answer a ping behind its own close frame, which wsproto refuses.
    """
    target = "/phone/line" + (f"?number={quote(number)}" if number else "")
    own = carrier.url if origin is None else origin
    headers = [(b"Origin", own.encode())] if own else []
    host = carrier.url.removeprefix("http://")
    async with await trio.open_tcp_stream("127.0.0.1", carrier.port) as stream:
        try:
            async with trio.open_nursery() as nursery:
                socket = await wrap_client_stream(nursery, stream, host, target, extra_headers=headers)
                yield Page(socket)
                with trio.move_on_after(5):
                    await socket.aclose()
        except* LocalProtocolError:
            await trio.lowlevel.checkpoint()


async def refused(carrier: LocalCarrier, *, origin: str) -> ConnectionRejected:
    """The answer to a page of another origin; fails where it is none of refusal."""
    await trio.lowlevel.checkpoint()
    rejections: list[ConnectionRejected] = []
    try:
        async with line(carrier, origin=origin):
            pass
    except* ConnectionRejected as group:
        rejections += [error for error in group.exceptions if isinstance(error, ConnectionRejected)]
    (rejection,) = rejections
    return rejection
