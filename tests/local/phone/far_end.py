"""The far end of a call: a websocket server that records what the phone sends, and says what a test tells it to."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import trio
import trio_websocket
from trio.testing import memory_stream_pair


class FarEnd:
    """Serves one connection."""

    def __init__(self) -> None:
        self.url = "ws://127.0.0.1/twilio"
        self.path = ""
        self.headers: dict[str, str] = {}
        self.messages: list[dict[str, Any]] = []
        self.raw: list[str | bytes] = []
        self.arrivals: list[float] = []
        self.started = trio.Event()
        self.marked = trio.Event()
        self.closed = trio.Event()
        self.close_code = 0
        self.reject_with: int | None = None
        self._socket: trio_websocket.WebSocketConnection | None = None

    @property
    def socket(self) -> trio_websocket.WebSocketConnection:
        assert self._socket is not None
        return self._socket

    @property
    def stream_sid(self) -> str:
        sid = self.of("start")[0]["streamSid"]
        assert isinstance(sid, str)
        return sid

    def of(self, event: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["event"] == event]

    def audio(self) -> bytes:
        return b"".join(base64.b64decode(message["media"]["payload"]) for message in self.of("media"))

    async def send(self, event: str, **fields: object) -> None:
        await self.socket.send_message(json.dumps({"event": event, "streamSid": self.stream_sid, **fields}))

    async def media(self, audio: bytes) -> None:
        await self.send("media", media={"payload": base64.b64encode(audio).decode()})

    async def mark(self, name: str) -> None:
        await self.send("mark", mark={"name": name})

    async def serve(
        self, stream: trio.abc.Stream, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        task_status.started()
        async with stream, trio.open_nursery() as nursery:
            request = await trio_websocket.wrap_server_stream(nursery, stream)
            self.path = request.path
            self.headers = {name.decode().lower(): value.decode() for name, value in request.headers}
            if self.reject_with is not None:
                await request.reject(self.reject_with)
            else:
                self._socket = await request.accept()
                await self._record(self._socket)
            # the connection's reader ends with the stream: cancelling it here would break the closing handshake

    async def _record(self, socket: trio_websocket.WebSocketConnection) -> None:
        try:
            while True:
                self._take(await socket.get_message())
        except trio_websocket.ConnectionClosed as closed:
            self.close_code = closed.reason.code if closed.reason else 1006
            self.closed.set()

    def _take(self, text: str | bytes) -> None:
        self.raw.append(text)
        self.arrivals.append(trio.current_time())
        try:
            message = json.loads(text)
        except ValueError:
            return
        self.messages.append(message)
        if message["event"] == "start":
            self.started.set()
        elif message["event"] == "mark":
            self.marked.set()


@asynccontextmanager
async def listening() -> AsyncGenerator[FarEnd]:
    """On a real socket."""
    far = FarEnd()
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, far.serve, 0, host="127.0.0.1")
        [listener] = await nursery.start(serve)
        port = listener.socket.getsockname()[1]
        far.url = f"ws://127.0.0.1:{port}/twilio"
        yield far
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def in_memory() -> AsyncGenerator[tuple[FarEnd, trio.abc.Stream]]:
    """With no socket between, for the virtual clock: yields the far end, and the stream for `place_call`."""
    far = FarEnd()
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        await nursery.start(far.serve, theirs)
        yield far, ours
        nursery.cancel_scope.cancel()
