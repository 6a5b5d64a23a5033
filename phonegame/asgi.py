"""`/twilio` and `/game` as plain ASGI websockets. At fifty messages a second and call, Quart's share would be a tenth.

Where the server offers it (see `hypercorn_trio`), text messages come straight from the task that reads the socket, all
that one read has brought in one batch; elsewhere they come one by one through the ASGI channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope

DIRECT = "phonegame.direct"
"""The scope's extension: a function that takes the function which is to get each batch of texts, and the gate before
which reading stops."""

MESSAGE_LIMIT = "phonegame.message_limit"
"""The scope's extension: a function that takes how many characters a message may have; more close the websocket."""

TERMINATED = "phonegame.terminated"
"""The scope's extension: an async function that returns when the server goes down, while there is time for goodbyes.

It gives how many seconds that is, after which everything is cut off."""

CLOSE_SECONDS = 2
VANISHED = 1006
"""The close code where the peer has sent none (RFC 6455, section 7.1.5)."""

Batch = list[str]


class Gate:
    """Whoever reads a socket waits here while it is shut. Open at first, and for good once the websocket is closed."""

    def __init__(self) -> None:
        self.is_shut = False
        self._for_good = False
        self._opened = trio.lowlevel.ParkingLot()

    def shut(self) -> None:
        self.is_shut = not self._for_good

    def open(self, *, for_good: bool = False) -> None:
        self.is_shut = False
        self._for_good |= for_good
        self._opened.unpark_all()

    async def wait(self) -> None:
        while self.is_shut:
            await self._opened.park()
        await trio.lowlevel.checkpoint_if_cancelled()


class RawWebsocket:
    """`send_text` and `close` may be called by one task at a time, and do nothing once the peer has gone."""

    def __init__(self, scope: WebsocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._closed = False
        self._gate = Gate()

    @property
    def subprotocols(self) -> Sequence[str]:
        """What the client offers."""
        return list(self._scope["subprotocols"])

    async def accept(
        self, take: Callable[[Batch], None], *, subprotocol: str | None = None, max_length: int | None = None
    ) -> None:
        """Opens the websocket. `take` gets all text messages: it must neither wait nor raise.

        A message of more than `max_length` characters closes the websocket with 1009; without it, the server's own
        limit holds. `subprotocol` is one of `subprotocols`.
        """
        self._take = take
        extensions: dict[str, Any] = self._scope.get("extensions", {})
        if max_length is not None and MESSAGE_LIMIT in extensions:
            extensions[MESSAGE_LIMIT](max_length)
        if DIRECT in extensions:
            extensions[DIRECT](take, self._gate)
        await self._receive()  # websocket.connect
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})

    def pause_nowait(self) -> None:
        """Nothing is read until `resume_nowait`, or `close`: not even that the peer has gone. So not for long.

        What one read has brought already is still handed over.
        """
        self._gate.shut()

    def resume_nowait(self) -> None:
        self._gate.open()

    async def refuse(self, status: int = 503, text: str = "", headers: Iterable[tuple[str, str]] = ()) -> None:
        """In place of `accept`: an HTTP answer, or status 403 alone from a server that can say nothing else."""
        await self._receive()  # websocket.connect
        self._closed = True
        if "websocket.http.response" in self._scope.get("extensions", {}):
            await send_text_answer(self._send, status, text, headers, kind="websocket.http.response")
        else:
            await self._send({"type": "websocket.close", "code": 1001, "reason": None})

    async def server_terminated(self) -> float:
        """Returns when the server goes down, which some servers do not tell: never, there.

        Gives how many seconds are left for calls and goodbyes.
        """
        wait = self._scope.get("extensions", {}).get(TERMINATED, trio.sleep_forever)
        return await wait()  # type: ignore[operator, no-any-return]  # extensions are typed as dictionaries

    async def receive_until_closed(self) -> int:
        """Returns when the peer has closed the websocket or has gone. Must be running all the time.

        Gives the close code: 1005 from a peer that has closed without one, `VANISHED` from one that has not closed.
        """
        while True:
            event: Any = await self._receive()
            if event["type"] == "websocket.disconnect":
                self._closed = True
                return int(event.get("code") or VANISHED)
            # a binary message counts as one without text
            self._take([event.get("text") or ""])
            await self._gate.wait()

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
        self._gate.open(for_good=True)
        await self._send({"type": "websocket.close", "code": code, "reason": reason})
        with trio.move_on_after(CLOSE_SECONDS):
            await self.receive_until_closed()


async def send_text_answer(
    send: Any, status: int, text: str, headers: Iterable[tuple[str, str]] = (), *, kind: str = "http.response"
) -> None:
    """A whole HTTP answer, of plain text; the connection ends with it. `kind`: of ASGI's two messages for it."""
    body = f"{text}\n".encode() if text else b""
    fields = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *((name.lower().encode(), value.encode()) for name, value in headers),
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": fields})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
