"""A websocket of hypercorn's, made fit for calls. See `hypercorn_trio`, which puts it in place."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import trio
from hypercorn.protocol.events import Body, Data, Request, StreamClosed
from hypercorn.protocol.ws_stream import FrameTooLargeError, WebsocketBuffer, WSStream
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Ping

from phonegame.asgi import DIRECT, MESSAGE_LIMIT, TERMINATED, Batch, Gate
from phonegame.frames import TextFrames

CLOSING_SECONDS = 5
"""How long a peer may take to read our close and to answer it. More than the application waits: see `asgi`."""


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
            scope["extensions"][DIRECT] = self._go_direct
            scope["extensions"][MESSAGE_LIMIT] = self._limit_messages
            scope["extensions"][TERMINATED] = self._server_terminated
            await app(scope, partial(self._receive_with_code, receive), *more)

        self._closed = trio.Event()
        self._close_code: int | None = None
        self._is_closing = False
        self.gate = Gate()
        super().__init__(cast("Any", app_with_extensions), *args, **kwargs)
        self.buffer = BoundedBuffer(self.buffer.max_length)
        self._take: Callable[[Batch], None] | None = None
        self._frames = TextFrames()
        self._batch: Batch = []

    async def _server_terminated(self) -> float:
        await self.context.terminated.wait()
        return float(self.config.graceful_timeout)

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    @closed.setter
    def closed(self, value: bool) -> None:
        if value:
            self._closed.set()
            self.gate.open(for_good=True)

    async def handle(self, event: Any) -> None:
        if isinstance(event, Body | Data) and not self.handshake.accepted:
            # before the answer to its handshake; hypercorn would tell the client, but neither close nor tell us
            await self._end()
            return
        await super().handle(event)
        if isinstance(event, Request) and self.closed:
            # no handshake that hypercorn takes: it leaves the connection open
            await self._end()

    async def _end(self) -> None:
        """Tells the application, if there is one, and closes the connection."""
        await self.send(StreamClosed(stream_id=self.stream_id))

    async def _accept(self, message: Any) -> None:
        # what the client offers: it is compression only
        self.handshake.extensions = None
        await super()._accept(message)

    async def _send_wsproto_event(self, event: Any) -> None:
        if isinstance(event, CloseConnection):
            if self.connection.state is ConnectionState.REMOTE_CLOSING:
                # the answer to the peer's close repeats its code
                self._close_code = event.code
            if not self._is_closing:
                self._is_closing = True
                self.task_group.spawn(self._end_unless_closed)
        await super()._send_wsproto_event(event)

    async def _end_unless_closed(self) -> None:
        """Hypercorn would wait for a peer that does not answer, and for one that does not even read."""
        with trio.move_on_after(CLOSING_SECONDS) as patience:
            await self._closed.wait()
        if patience.cancelled_caught:
            await self._end()

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
