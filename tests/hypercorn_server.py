"""The real hypercorn, as phonegame has it, with an application that only takes down what comes."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from trio.testing import wait_all_tasks_blocked
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Ping, Request

from phonegame import hypercorn_trio
from phonegame.asgi import DIRECT, Batch, RawWebsocket
from tests.certificate import make_certificate


@dataclass
class Application:
    """Takes one websocket's messages down. `said` are the texts, batch by batch."""

    said: list[Batch] = field(default_factory=list)
    offered: bool = False
    socket: RawWebsocket | None = None
    closed: trio.Event = field(default_factory=trio.Event)
    subprotocol: str | None = None
    max_length: int | None = None
    close_code: int | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket", "no lifespan here"
        self.offered = DIRECT in scope["extensions"]
        self.socket = RawWebsocket(scope, receive, send)
        await self.socket.accept(self._take, subprotocol=self.subprotocol, max_length=self.max_length)
        self.close_code = await self.socket.receive_until_closed()
        self.closed.set()

    def _take(self, batch: Batch) -> None:
        self.said.append(batch)

    async def is_closed(self) -> int:
        """Gives the code with which the peer has closed."""
        with trio.fail_after(5):
            await self.closed.wait()
        assert self.close_code is not None
        return self.close_code

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.said for text in batch]

    async def has(self, count: int) -> list[str]:
        """Waits for so many texts, and gives them."""
        with trio.fail_after(5):  # noqa: ASYNC912 - there may be nothing to wait for
            while len(self.texts) < count:
                await wait_all_tasks_blocked(0.001)
        return self.texts


@dataclass
class Client:
    """Writes several frames as one segment."""

    stream: trio.abc.Stream
    protocol: WSConnection = field(default_factory=lambda: WSConnection(ConnectionType.CLIENT))

    async def open(self, **request: Any) -> AcceptConnection:
        await self.send(Request(host="localhost", target="/", **request))
        answer = await self.receive()
        assert isinstance(answer, AcceptConnection)
        return answer

    async def send(self, *events: Event) -> None:
        await self.stream.send_all(b"".join(self.protocol.send(event) for event in events))

    async def receive(self) -> Event:
        with trio.fail_after(5):
            while True:
                for event in self.protocol.events():
                    if not isinstance(event, Ping):
                        return event
                self.protocol.receive_data(bytes(await self.stream.receive_some()))


def config_for(**values: Any) -> Config:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    config.graceful_timeout = 0.1
    for name, value in values.items():
        setattr(config, name, value)
    return config


@asynccontextmanager
async def serving(app: Any, config: Config) -> AsyncIterator[int]:
    """Gives the port."""
    hypercorn_trio.install()
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve, app, config, shutdown_trigger=stop.wait, mode="asgi"))
        yield int(addresses[0].rpartition(":")[2])
        stop.set()


@asynccontextmanager
async def connected(app: Any, config: Config | None = None) -> AsyncIterator[Client]:
    async with serving(app, config or config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
        client = Client(stream)
        await client.open()
        yield client


@asynccontextmanager
async def serving_tls(app: Any, folder: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """Gives the port, and what a client trusts."""
    made = make_certificate(folder)
    async with serving(app, config_for(certfile=str(made.cert), keyfile=str(made.key))) as port:
        yield port, ssl.create_default_context(cafile=str(made.authority))
