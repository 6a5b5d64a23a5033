"""`/twilio` and `/game` as plain ASGI websockets. At fifty messages a second and call, Quart's share would be a tenth.

Where the server offers it (see `hypercorn_trio`), text messages come straight from the task that reads the socket, all
that one read has brought in one batch; elsewhere they come one by one through the ASGI channel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope

DIRECT = "phonegame.direct"
"""The scope's extension: a function that takes the function which is to get each batch of texts."""

TERMINATED = "phonegame.terminated"
"""The scope's extension: an async function that returns when the server goes down, while there is time for goodbyes."""

CLOSE_SECONDS = 2

Batch = list[str]


class RawWebsocket:
    """`send_text` and `close` may be called by one task at a time, and do nothing once the peer has gone."""

    def __init__(self, scope: WebsocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._closed = False

    async def accept(self, take: Callable[[Batch], None]) -> None:
        """Opens the websocket. `take` gets all text messages: it must neither wait nor raise."""
        self._take = take
        direct = self._scope.get("extensions", {}).get(DIRECT)
        if direct is not None:
            direct(take)  # type: ignore[operator]  # extensions are typed as dictionaries
        await self._receive()  # websocket.connect
        await self._send({"type": "websocket.accept", "subprotocol": None, "headers": []})

    async def refuse(self) -> None:
        """In place of `accept`: HTTP status 503, or 403 from a server that can say nothing else."""
        await self._receive()  # websocket.connect
        self._closed = True
        if "websocket.http.response" in self._scope.get("extensions", {}):
            headers = [(b"content-length", b"0"), (b"connection", b"close")]
            await self._send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
            await self._send({"type": "websocket.http.response.body", "body": b"", "more_body": False})
        else:
            await self._send({"type": "websocket.close", "code": 1001, "reason": None})

    async def server_terminated(self) -> None:
        """Returns when the server goes down, which some servers do not tell: never, there."""
        wait = self._scope.get("extensions", {}).get(TERMINATED, trio.sleep_forever)
        await wait()  # type: ignore[operator]  # extensions are typed as dictionaries

    async def receive_until_closed(self) -> None:
        """Returns when the peer has closed the websocket or has gone. Must be running all the time."""
        while True:
            event: Any = await self._receive()
            if event["type"] == "websocket.disconnect":
                self._closed = True
                return
            # a binary message counts as one without text
            self._take([event.get("text") or ""])

    async def send_text(self, text: str) -> None:
        if not self._closed:
            await self._send({"type": "websocket.send", "bytes": None, "text": text})

    async def close(self, code: int, reason: str) -> None:
        """Says goodbye, and waits until the peer has answered, for `CLOSE_SECONDS` at most.

        A connection that is ended while the peer still sends is reset, and the goodbye lost.
        """
        if self._closed:
            return
        self._closed = True
        await self._send({"type": "websocket.close", "code": code, "reason": reason})
        with trio.move_on_after(CLOSE_SECONDS):
            await self.receive_until_closed()
