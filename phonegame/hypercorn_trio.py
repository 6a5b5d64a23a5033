"""Hypercorn's trio worker, made fit for calls.

Reaches into hypercorn 0.18; tests/test_hypercorn_trio.py tells when it no longer fits. What it changes, by subclassing
two classes and putting the subclasses in place of theirs:

- Reads 4 KiB at a time rather than 64 (a frame has 300 bytes, and every read allocates the whole buffer first), when
  the socket is readable rather than to find out whether it is, and without a cancel scope where there is no limit.
- Once the application has asked for it (the ASGI extension `phonegame.direct`), takes a websocket's text messages out
  itself and hands them over from the task that reads the socket, all that one read has brought in one batch. All other
  frames go to wsproto as ever. Reads no more while the application has shut the gate.
- Tells the application with which code the peer has closed the websocket: there, it is always 1006.
- Lets each websocket have its own limit of a message's length (the ASGI extension `phonegame.message_limit`).
- Lets the application send while the connection is being closed, which raised BusyResourceError there.
- Ends a websocket's pings with it, and keeps no message that has become too long.
- Agrees to no compression: 58 kB would become 60 MB before anybody has seen how long the message is.
- Tells the application, while its connections still last, that the server goes down (the ASGI extension
  `phonegame.terminated`).
- Closes a socket when its peer has gone, even though the application has not yet finished with it.
- Lets no error of a connection end the process.
- Closes a connection behind its last response although quart-trio cancels the task that does so.
- Sets the socket options that notice a dead peer on every connection.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import hypercorn.protocol.h2
import hypercorn.protocol.h11
import hypercorn.trio.run
import structlog
import trio
from hypercorn.events import Closed, RawData
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import FrameTooLargeError, WebsocketBuffer, WSStream
from hypercorn.trio.tcp_server import TCPServer
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Ping

from phonegame.asgi import DIRECT, MESSAGE_LIMIT, TERMINATED, Batch, Gate
from phonegame.frames import TextFrames
from phonegame.sockets import notice_dead_peer, raw_socket

READ_BYTES = 4096
CLOSE_SECONDS = 5

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class CallTCPServer(TCPServer):
    async def run(self) -> None:
        stream: Any = self.stream
        transport = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
        try:
            notice_dead_peer(transport.socket)
            await super().run()
        except* Exception:
            # whatever a connection can do to hypercorn, it does to itself only
            log.exception("error in a connection; it ends")

    async def protocol_send(self, event: Any) -> None:
        # hypercorn does not expect the application to send while the connection is being closed
        with contextlib.suppress(trio.BusyResourceError):
            if isinstance(event, Closed):
                # comes in a task of quart-trio's that is cancelled as soon as the response is complete
                with trio.move_on_after(CLOSE_SECONDS, shield=True):
                    await super().protocol_send(event)
            else:
                await super().protocol_send(event)

    async def _read_data(self) -> None:
        if self.config.read_timeout:
            await super()._read_data()
            return
        stream: Any = self.stream
        while True:
            try:
                data = await stream.receive_some(READ_BYTES)
                if data and (websocket := self._direct_websocket()) is not None:
                    await websocket.receive_direct(bytes(data))
                    if websocket.gate.is_shut:
                        await websocket.gate.wait()
                    if websocket.is_direct and isinstance(stream, trio.SocketStream):
                        await self._read_direct(websocket, stream.socket)
                    continue
            except (trio.ClosedResourceError, trio.BrokenResourceError):
                break
            await self.protocol.handle(RawData(bytes(data)))
            if data == b"":
                break
        await self.protocol.handle(Closed())
        # a game that may come back is waited for, and its old socket would stay half open
        await trio.aclose_forcefully(stream)

    def _direct_websocket(self) -> CallWSStream | None:
        protocol = self.protocol.protocol
        stream = protocol.stream if isinstance(protocol, H11Protocol) else None
        return stream if isinstance(stream, CallWSStream) and stream.is_direct else None

    async def _read_direct(self, websocket: CallWSStream, sock: trio.socket.SocketType) -> None:
        """Reads until the connection ends, or the websocket is closed. Raises trio's errors of a stream.

        Returns at once where no descriptor is left for it.
        """
        raw = raw_socket(sock)
        if raw is None:
            return
        with raw:
            while websocket.is_direct:
                await trio.lowlevel.wait_readable(sock)
                try:
                    data = raw.recv(READ_BYTES)
                except (BlockingIOError, InterruptedError):
                    continue
                except OSError as error:
                    raise trio.BrokenResourceError from error
                if not data:
                    raise trio.BrokenResourceError
                await websocket.receive_direct(data)
                if websocket.gate.is_shut:
                    await websocket.gate.wait()


class BoundedBuffer(WebsocketBuffer):
    """Forgets a message that has become too long: hypercorn goes on collecting until the peer has closed."""

    def extend(self, event: Any) -> None:
        try:
            super().extend(event)
        except FrameTooLargeError:
            self.clear()
            raise


class CallWSStream(WSStream):
    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        async def app_with_extensions(scope: Any, receive: Any, *more: Any) -> None:
            if self.handshake.http_version == "1.1":
                # in HTTP/2 a websocket does not have the socket to itself
                scope["extensions"][DIRECT] = self._go_direct
            scope["extensions"][MESSAGE_LIMIT] = self._limit_messages
            scope["extensions"][TERMINATED] = self.context.terminated.wait
            await app(scope, partial(self._receive_with_code, receive), *more)

        self._closed = trio.Event()
        self._close_code: int | None = None
        self.gate = Gate()
        super().__init__(cast("Any", app_with_extensions), *args, **kwargs)
        self.buffer = BoundedBuffer(self.buffer.max_length)
        self._take: Callable[[Batch], None] | None = None
        self._frames = TextFrames()
        self._batch: Batch = []

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    @closed.setter
    def closed(self, value: bool) -> None:
        if value:
            self._closed.set()
            self.gate.open(for_good=True)

    async def _accept(self, message: Any) -> None:
        # what the client offers: it is compression only
        self.handshake.extensions = None
        await super()._accept(message)

    async def _send_wsproto_event(self, event: Any) -> None:
        if isinstance(event, CloseConnection) and self.connection.state is ConnectionState.REMOTE_CLOSING:
            # the answer to the peer's close repeats its code
            self._close_code = event.code
        await super()._send_wsproto_event(event)

    async def _receive_with_code(self, receive: Callable[[], Awaitable[Any]]) -> Any:
        message = await receive()
        if message["type"] == "websocket.disconnect" and self._close_code is not None:
            return {**message, "code": self._close_code}
        return message

    def _limit_messages(self, max_length: int) -> None:
        self.buffer.max_length = max_length

    async def _send_pings(self) -> None:
        """As the superclass does, but ends with the websocket: there, every connection lingers for an interval."""
        while not self.closed:
            await self._send_wsproto_event(Ping())
            with trio.move_on_after(self.config.websocket_ping_interval or math.inf):
                await self._closed.wait()

    @property
    def is_direct(self) -> bool:
        return self._take is not None and self.handshake.accepted and not self.closed

    def _go_direct(self, take: Callable[[Batch], None], gate: Gate) -> None:
        assert self.app_put is not None
        self._take = take
        self.gate = gate
        self._put_to_channel = self.app_put
        self.app_put = self._put

    async def receive_direct(self, data: bytes) -> None:
        """What the socket has brought; never waits for the application."""
        for piece in self._frames.receive(data):
            if isinstance(piece, str):
                self._batch.append(piece)
            elif not self.closed:
                self.connection.receive_data(piece)
                await self._handle_events()
        self._hand_over()

    async def _put(self, message: Any) -> None:
        if message["type"] == "websocket.receive":
            # a binary message has no text: the application finds it malformed
            self._batch.append(message["text"] or "")
        else:
            self._hand_over()
            await self._put_to_channel(message)

    def _hand_over(self) -> None:
        if self._batch:
            assert self._take is not None
            batch, self._batch = self._batch, []
            self._take(batch)


def install() -> None:
    """Puts the subclasses in place, for `phonegame serve` and for hypercorn's own command alike."""
    hypercorn.trio.run.TCPServer = CallTCPServer  # type: ignore[attr-defined]
    hypercorn.protocol.h11.WSStream = CallWSStream  # type: ignore[attr-defined]
    hypercorn.protocol.h2.WSStream = CallWSStream  # type: ignore[attr-defined]
