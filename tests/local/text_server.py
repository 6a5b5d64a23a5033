"""A server of a game's protocol that says what a test tells it to, and records what the game sends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import trio
import trio_websocket

NUMBER = "+15550100"
CODE = "42"


def final(text: str, *, is_final: bool = True) -> str:
    """A Results message with the fields that Deepgram's reference has as required."""
    return json.dumps(
        {
            "type": "Results",
            "channel_index": [0, 1],
            "start": 4.2,
            "duration": 1.62,
            "is_final": is_final,
            "speech_final": is_final,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.97, "words": []}]},
            "metadata": {},
        }
    )


class Visit:
    """One game at the server. `say` what the server says; `heard` takes what the game sends."""

    def __init__(self, socket: trio_websocket.WebSocketConnection, headers: dict[bytes, bytes]) -> None:
        self._socket = socket
        self.headers = headers

    async def greet(self) -> None:
        await self.say(NUMBER)
        await self.say(CODE)

    async def say(self, message: str) -> None:
        await self._socket.send_message(message)

    async def hear(self) -> str:
        message = await self._socket.get_message()
        assert isinstance(message, str)
        return message

    async def close(self, code: int, reason: str) -> None:
        await self._socket.aclose(code, reason)

    async def wait_closed(self) -> int:
        """The close code of the game."""
        with suppress(trio_websocket.ConnectionClosed):
            while True:
                await self._socket.get_message()
        await trio.lowlevel.checkpoint()
        assert self._socket.closed is not None
        return self._socket.closed.code


@asynccontextmanager
async def text_server(visit: Callable[[Visit], Awaitable[None]], subprotocol: str | None = None) -> AsyncIterator[str]:
    """Gives the URL of a server that does `visit` for each game, then closes its socket.

    It speaks the text protocol, or the `subprotocol`, which a game must have offered.
    """

    async def handle(request: trio_websocket.WebSocketRequest) -> None:
        if subprotocol is not None:
            assert subprotocol in request.proposed_subprotocols
        socket = await request.accept(subprotocol=subprotocol)
        await visit(Visit(socket, dict(request.headers)))
        await socket.aclose()

    async with trio.open_nursery() as nursery:
        serve = partial(trio_websocket.serve_websocket, handle, "127.0.0.1", 0, None)
        server: trio_websocket.WebSocketServer = await nursery.start(serve)
        yield f"ws://127.0.0.1:{server.port}/game"
        nursery.cancel_scope.cancel()
