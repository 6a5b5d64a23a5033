"""A server on loopback that speaks the protocol of Deepgram's `/v1/speak`, and fails as it is told to.

It says each character as `SAMPLES` bytes of its code, so that a test knows whose sound it hears.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket

SAMPLES = 80

Behaviour = Callable[["FakeSocket", str], Awaitable[None]]


def spoken(text: str) -> bytes:
    """What a sound of this text holds."""
    return b"".join(bytes([ord(sign) % 251]) * SAMPLES for sign in text)


@dataclass
class FakeSocket:
    """One connection, as the server sees it."""

    connection: WebSocketConnection
    query: str
    received: list[str] = field(default_factory=list)
    """Types of messages, and texts of Speak."""
    speaking: trio.CancelScope = field(default_factory=trio.CancelScope)

    async def send(self, kind: str, **fields: object) -> None:
        await self.connection.send_message(json.dumps({"type": kind, **fields}))

    async def say(self, audio: bytes, piece: int = 333) -> None:
        for at in range(0, len(audio), piece):
            await self.connection.send_message(audio[at : at + piece])


async def speaks(socket: FakeSocket, text: str) -> None:
    """What Deepgram does."""
    await socket.say(spoken(text))
    await socket.send("Flushed", sequence_id=0)


async def begins(socket: FakeSocket, text: str) -> None:
    """The first half, and not a word more."""
    await socket.say(spoken(text)[: len(spoken(text)) // 2])


async def is_silent(socket: FakeSocket, text: str) -> None:
    await trio.lowlevel.checkpoint()


def closes(code: int, reason: str, *, after: Behaviour = is_silent) -> Behaviour:
    async def behave(socket: FakeSocket, text: str) -> None:
        await after(socket, text)
        await socket.connection.aclose(code, reason)

    return behave


class FakeAura:
    """`behaviours` are what it does for the sentences to come; after them it speaks. `refusals`: HTTP statuses."""

    def __init__(self) -> None:
        self.url = ""
        self.sockets: list[FakeSocket] = []
        self.open = 0
        self.most_open = 0
        self.requests: list[WebSocketRequest] = []
        self.behaviours: list[Behaviour] = []
        self.refusals: list[int] = []
        self.answers_clear = True
        self._changed = trio.Event()

    async def wait_until(self, condition: Callable[[], object]) -> None:
        """Asked whenever a message has come, and when a socket has been closed."""
        while not condition():
            await self._changed.wait()

    def _change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    @property
    def texts(self) -> list[str]:
        """All that it was to say, in any order."""
        return [text for socket in self.sockets for text in socket.received if text not in ("Flush", "Clear", "Close")]

    async def serve(self, request: WebSocketRequest) -> None:
        self.requests.append(request)
        self._change()
        if self.refusals:
            status = self.refusals.pop(0)
            await request.reject(status, extra_headers=[(b"dg-error", b"planted")], body=b"no")
            return
        connection = await request.accept()
        socket = FakeSocket(connection, request.path.partition("?")[2])
        self.sockets.append(socket)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self._change()
        try:
            await self._serve(socket)
        except ConnectionClosed:
            pass
        finally:
            self.open -= 1
            self._change()

    async def _serve(self, socket: FakeSocket) -> None:
        await socket.send("Metadata", request_id="planted")
        text = ""
        async with trio.open_nursery() as nursery:
            while True:
                try:
                    message = json.loads(await socket.connection.get_message())
                except ConnectionClosed:
                    break
                socket.received.append(message["text"] if message["type"] == "Speak" else message["type"])
                self._change()
                match message["type"]:
                    case "Speak":
                        text += message["text"]
                    case "Flush":
                        socket.speaking = trio.CancelScope()
                        nursery.start_soon(self._speak, socket, text)
                        text = ""
                    case "Clear":
                        socket.speaking.cancel()
                        if self.answers_clear:
                            await socket.say(b"\x01" * 100)
                            await socket.send("Cleared", sequence_id=0)
                    case "Close":
                        await socket.connection.aclose()
            nursery.cancel_scope.cancel()

    async def _speak(self, socket: FakeSocket, text: str) -> None:
        behave = self.behaviours.pop(0) if self.behaviours else speaks
        with socket.speaking:
            try:
                await behave(socket, text)
            except ConnectionClosed:
                return


@asynccontextmanager
async def fake_aura() -> AsyncIterator[FakeAura]:
    aura = FakeAura()
    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(serve_websocket, aura.serve, "127.0.0.1", 0, ssl_context=None))
        aura.url = f"ws://127.0.0.1:{server.port}/v1/speak?model=aura-2-thalia-en"
        yield aura
        nursery.cancel_scope.cancel()
