"""HTTP/1.1 on one connection: requests in, answers out, whole or piece by piece, one after the other."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import h11
import trio

BODY_BYTES = 4 * 1024 * 1024
IDLE_SECONDS = 300.0
_RECEIVE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Exchange:
    """The answer to one request, in the making."""

    def __init__(self, http: h11.Connection, stream: trio.abc.Stream) -> None:
        self._http = http
        self._stream = stream
        self.is_head = False

    async def send_whole(self, status: int, content: object, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        fields = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
        await self._send(h11.Response(status_code=status, headers=list(fields.items())))
        if not self.is_head:
            await self._send(h11.Data(data=body))
        await self._send(h11.EndOfMessage())

    async def begin_events(self) -> None:
        """A stream of server-sent events."""
        headers = [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")]
        await self._send(h11.Response(status_code=200, headers=headers))

    async def send_text(self, text: str) -> None:
        await self._send(h11.Data(data=text.encode()))

    async def end(self) -> None:
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        await self._stream.send_all(self._http.send(event) or b"")


async def serve_http(
    stream: trio.abc.Stream,
    answer: Callable[[HttpRequest, Exchange], Awaitable[None]],
    gone: Callable[[], None],
) -> None:
    """Until the client goes, or an answer stops in the middle: the connection is then dropped. Closes `stream`.

    A client that goes while it is answered has `gone` called, and `answer` cancelled, as a model stops then too.
    Raises nothing that a client causes.
    """
    http = h11.Connection(h11.SERVER)
    async with stream:
        try:
            while True:
                request = None
                with trio.move_on_after(IDLE_SECONDS):
                    request = await _receive(http, stream)
                if request is None:
                    return
                await _answer(http, stream, request, answer, gone)
                if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
                    return
                http.start_next_cycle()
        except* (h11.RemoteProtocolError, trio.BrokenResourceError):
            gone()


async def _answer(
    http: h11.Connection,
    stream: trio.abc.Stream,
    request: HttpRequest,
    answer: Callable[[HttpRequest, Exchange], Awaitable[None]],
    gone: Callable[[], None],
) -> None:
    async def watch() -> None:
        while data := bytes(await stream.receive_some(_RECEIVE_BYTES)):
            http.receive_data(data)
        gone()
        nursery.cancel_scope.cancel()

    exchange = Exchange(http, stream)
    exchange.is_head = request.method == "HEAD"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await answer(request, exchange)
        nursery.cancel_scope.cancel()


async def _receive(http: h11.Connection, stream: trio.abc.Stream) -> HttpRequest | None:
    """None: the client has gone."""
    request: h11.Request | None = None
    body = b""
    while True:
        await trio.lowlevel.checkpoint()
        match http.next_event():
            case h11.Request() as request:
                pass
            case h11.Data(data=data):
                body += bytes(data)
                if len(body) > BODY_BYTES:
                    raise h11.RemoteProtocolError("the body is too large", error_status_hint=413)
            case h11.EndOfMessage() if request is not None:
                path = request.target.decode("latin-1").partition("?")[0]
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
                return HttpRequest(request.method.decode("latin-1"), path, headers, body)
            case h11.NEED_DATA:
                http.receive_data(bytes(await stream.receive_some(_RECEIVE_BYTES)))
            case _:
                return None
