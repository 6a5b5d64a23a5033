"""A websocket client without manners: writes any bytes, reads only when asked to, dies without a goodbye."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, CloseConnection, Event, Message, Ping, RejectConnection, Request

from phonegame.local.phone.dial import reset_on_close


class RawWebsocket:
    """An accepted connection. Nothing is read, and no ping answered, but within `receive`."""

    def __init__(self, stream: trio.SocketStream, protocol: WSConnection, host: str) -> None:
        self._stream = stream
        self._protocol = protocol
        self._host = host
        self._parts: list[str] = []

    async def upgrade(
        self, path: str, subprotocols: Sequence[str] = (), headers: Sequence[tuple[str, str]] = ()
    ) -> AcceptConnection | RejectConnection:
        extra = [(name.encode(), value.encode()) for name, value in headers]
        request = Request(host=self._host, target=path, subprotocols=list(subprotocols), extra_headers=extra)
        await self.write(self._protocol.send(request))
        answer = await self._next_event()
        assert isinstance(answer, AcceptConnection | RejectConnection), answer
        return answer

    async def write(self, data: bytes) -> None:
        """Bytes as they are. Raises trio.BrokenResourceError once the server has closed the connection."""
        await self._stream.send_all(data)

    async def read(self) -> bytes:
        """Some bytes as they are, b"" at the end."""
        return bytes(await self._stream.receive_some())

    async def send(self, *events: Event) -> None:
        """As one segment."""
        await self.write(b"".join(self._protocol.send(event) for event in events))

    async def receive(self) -> str | CloseConnection:
        """The next text message, or the end. 1006: no close frame came."""
        while True:
            event = await self._next_event()
            if isinstance(event, Message):
                self._parts.append(str(event.data))
                if event.message_finished:
                    text, self._parts = "".join(self._parts), []
                    return text
            elif isinstance(event, CloseConnection):
                return event
            elif isinstance(event, Ping) and self._protocol.state is ConnectionState.OPEN:
                await self.send(event.response())

    def abort(self) -> None:
        """A TCP reset as soon as the block is left."""
        reset_on_close(self._stream)

    async def _next_event(self) -> Event:
        while True:
            for event in self._protocol.events():
                return event
            try:
                data = await self._stream.receive_some()
            except trio.BrokenResourceError:
                await trio.lowlevel.checkpoint()
                data = b""
            if not data:
                return CloseConnection(1006)
            self._protocol.receive_data(data)


@asynccontextmanager
async def connect(address: str, *, receive_buffer: int | None = None) -> AsyncIterator[RawWebsocket]:
    """A TCP connection to host:port, not upgraded yet; leaving the block closes it without a goodbye."""
    host, _, port = address.rpartition(":")
    sock = trio.socket.socket()
    if receive_buffer is not None:
        # before connecting: the window is agreed on then
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await sock.connect((host, int(port)))
    async with trio.SocketStream(sock) as stream:
        yield RawWebsocket(stream, WSConnection(ConnectionType.CLIENT), address)


@asynccontextmanager
async def open_raw(address: str, path: str, *, receive_buffer: int | None = None) -> AsyncIterator[RawWebsocket]:
    """As `connect`, and upgraded."""
    async with connect(address, receive_buffer=receive_buffer) as websocket:
        answer = await websocket.upgrade(path)
        assert isinstance(answer, AcceptConnection)
        yield websocket
