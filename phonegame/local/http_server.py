"""HTTP/1.1 on one connection of a stand-in: requests in, answers out, whole or piece by piece, one after the other."""

from __future__ import annotations

import base64
import binascii
import email.utils
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import h11
import trio

IDLE_SECONDS = 300.0
"""For a request to come to its end after the one before."""
_RECEIVE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`headers`: lower-case names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def form(self) -> list[tuple[str, str]]:
        """The fields of the body, or of a GET's query; a name may come several times."""
        text = self.query if self.method == "GET" else self.body.decode(errors="replace")
        return parse_qsl(text, keep_blank_values=True)

    @property
    def credentials(self) -> tuple[str, str] | None:
        """Of HTTP Basic."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user, password


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`content` goes out as JSON."""

    status: int
    content: object
    headers: Mapping[str, str] = field(default_factory=dict)


class Exchange:
    """The answer to one request, in the making. Raises trio.BrokenResourceError when the client has gone."""

    def __init__(self, http: h11.Connection, stream: trio.abc.SendStream, *, is_head: bool) -> None:
        self._http = http
        self._stream = stream
        self._is_head = is_head

    async def send_whole(self, answer: HttpAnswer) -> None:
        body = json.dumps(answer.content).encode()
        await self.send_bytes(answer.status, body, {"Content-Type": "application/json", **answer.headers})

    async def send_bytes(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        await self._begin(status, {"Content-Length": str(len(body)), **headers})
        if not self._is_head:
            await self._send(h11.Data(data=body))
        await self.end()

    async def begin_events(self) -> None:
        """A stream of server-sent events: `send_text` follows, then `end`."""
        await self._begin(200, {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"})

    async def send_text(self, text: str) -> None:
        await self._send(h11.Data(data=text.encode()))

    async def end(self) -> None:
        await self._send(h11.EndOfMessage())

    async def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        fields = [("Date", email.utils.formatdate(usegmt=True)), *headers.items()]
        await self._send(h11.Response(status_code=status, headers=fields))

    async def _send(self, event: h11.Event) -> None:
        await self._stream.send_all(self._http.send(event) or b"")


async def serve_http(
    stream: trio.abc.Stream,
    answer: Callable[[HttpRequest, Exchange], Awaitable[None]],
    *,
    body_bytes: int,
    gone: Callable[[], None] = lambda: None,
) -> None:
    """Until the client goes or is silent for too long, or `answer` returns without an end: the connection is dropped.

    A client that goes while it is answered has `gone` called, and `answer` cancelled. What is no HTTP, or has a body
    of more than `body_bytes`, is refused. Closes `stream`, and raises nothing that a client causes.
    """
    http = h11.Connection(h11.SERVER)
    async with stream:
        try:
            while (request := await _next(http, stream, body_bytes)) is not None:
                await _answer(http, stream, request, answer, gone)
                if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
                    return
                http.start_next_cycle()
        except* trio.BrokenResourceError:
            gone()


async def receive_request(http: h11.Connection, stream: trio.abc.Stream, body_bytes: int) -> HttpRequest | None:
    """None: the client has gone. Raises h11.RemoteProtocolError, which knows the status for its answer."""
    request: h11.Request | None = None
    body = b""
    while True:
        await trio.lowlevel.checkpoint()
        match http.next_event():
            case h11.Request() as request:
                if http.they_are_waiting_for_100_continue:
                    await stream.send_all(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            case h11.Data(data=data):
                body += bytes(data)
                if len(body) > body_bytes:
                    raise h11.RemoteProtocolError("the body is too large", error_status_hint=413)
            case h11.EndOfMessage() if request is not None:
                path, _, query = request.target.decode("latin-1").partition("?")
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
                return HttpRequest(request.method.decode("latin-1"), path, query, headers, body)
            case h11.NEED_DATA:
                http.receive_data(bytes(await stream.receive_some(_RECEIVE_BYTES)))
            case _:
                return None


async def _next(http: h11.Connection, stream: trio.abc.Stream, body_bytes: int) -> HttpRequest | None:
    """None: there is none, or none that can be answered otherwise than by a refusal."""
    with trio.move_on_after(IDLE_SECONDS):
        try:
            return await receive_request(http, stream, body_bytes)
        except h11.RemoteProtocolError as error:
            refusal = HttpAnswer(error.error_status_hint, {"message": str(error)})
            await Exchange(http, stream, is_head=False).send_whole(refusal)
    return None


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

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await answer(request, Exchange(http, stream, is_head=request.method == "HEAD"))
        nursery.cancel_scope.cancel()
