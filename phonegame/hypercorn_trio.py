"""Hypercorn's trio worker, made fit for calls.

Reaches into hypercorn 0.18; tests/test_hypercorn_trio.py tells when it no longer fits.

What it changes, by subclassing two classes and putting the subclasses in place of theirs:

- Reads 4 KiB at a time rather than 64: a frame has 300 bytes, and every read allocates the whole buffer first.
- Opens no cancel scope for each read where no read timeout is set.
- Hands text messages to the application from the task that reads the socket, all that one read has brought in one
  batch (the ASGI extension `phonegame.direct`), which spares a trip through a channel and the scheduler for each.
- Lets the application send while the connection is being closed, which raised BusyResourceError there.
- Sets the socket options that notice a dead peer on every connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, cast

import hypercorn.protocol.h11
import hypercorn.trio.run
import trio
from hypercorn.events import Closed, RawData
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.trio.tcp_server import TCPServer

from phonegame.asgi import DIRECT, Batch
from phonegame.sockets import notice_dead_peer

READ_BYTES = 4096


class CallTCPServer(TCPServer):
    async def run(self) -> None:
        stream: Any = self.stream
        transport = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
        notice_dead_peer(transport.socket)
        await super().run()

    async def protocol_send(self, event: Any) -> None:
        # hypercorn does not expect the application to send while the connection is being closed
        with contextlib.suppress(trio.BusyResourceError):
            await super().protocol_send(event)

    async def _read_data(self) -> None:
        if self.config.read_timeout:
            await super()._read_data()
            return
        while True:
            try:
                data = await self.stream.receive_some(READ_BYTES)
            except (trio.ClosedResourceError, trio.BrokenResourceError):
                break
            await self.protocol.handle(RawData(bytes(data)))
            if data == b"":
                break
        await self.protocol.handle(Closed())


class CallWSStream(WSStream):
    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        async def app_with_extension(scope: Any, *more: Any) -> None:
            scope["extensions"][DIRECT] = self._go_direct
            await app(scope, *more)

        super().__init__(cast("Any", app_with_extension), *args, **kwargs)
        self._take: Callable[[Batch], None] | None = None
        self._batch: Batch = []

    def _go_direct(self, take: Callable[[Batch], None]) -> None:
        assert self.app_put is not None
        self._take = take
        self._put_to_channel = self.app_put
        self.app_put = self._put

    async def _put(self, message: Any) -> None:
        if message["type"] == "websocket.receive":
            # a binary message has no text: the application finds it malformed
            self._batch.append(message["text"] or "")
        else:
            self._hand_over()
            await self._put_to_channel(message)

    async def _handle_events(self) -> None:
        await super()._handle_events()
        self._hand_over()

    def _hand_over(self) -> None:
        if self._batch:
            assert self._take is not None
            batch, self._batch = self._batch, []
            self._take(batch)


def install() -> None:
    """Puts the subclasses in place, for `phonegame serve` and for hypercorn's own command alike."""
    hypercorn.trio.run.TCPServer = CallTCPServer  # type: ignore[attr-defined]
    hypercorn.protocol.h11.WSStream = CallWSStream  # type: ignore[attr-defined]
