"""HTTP/1.1 on one connection: requests with forms in, JSON out, one after the other."""

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

BODY_BYTES = 64 * 1024
IDLE_SECONDS = 60.0
_RECEIVE_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes

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
    status: int
    content: Mapping[str, object]


async def serve_http(stream: trio.abc.Stream, answer: Callable[[HttpRequest], Awaitable[HttpAnswer | None]]) -> None:
    """Until the client goes, or is silent for too long, or `answer` gives None: the connection is then dropped.

    Closes `stream`, and raises nothing that a client causes.
    """
    http = h11.Connection(h11.SERVER)
    async with stream:
        try:
            while True:
                with trio.move_on_after(IDLE_SECONDS):
                    if (request := await _receive(http, stream)) is not None:
                        answered = await answer(request)
                        if answered is not None:
                            await _send(http, stream, answered)
                            if http.our_state is h11.DONE and http.their_state is h11.DONE:
                                http.start_next_cycle()
                                continue
                return
        except h11.RemoteProtocolError as error:
            await _refuse(http, stream, error)
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()


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
                path, _, query = request.target.decode("latin-1").partition("?")
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
                return HttpRequest(request.method.decode("latin-1"), path, query, headers, body)
            case h11.NEED_DATA:
                http.receive_data(bytes(await stream.receive_some(_RECEIVE_BYTES)))
            case _:
                return None


async def _send(http: h11.Connection, stream: trio.abc.Stream, answer: HttpAnswer) -> None:
    body = json.dumps(answer.content).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Date", email.utils.formatdate(usegmt=True)),
    ]
    if answer.status == 401:
        headers.append(("WWW-Authenticate", 'Basic realm="Twilio API"'))
    response = h11.Response(status_code=answer.status, headers=headers)
    for event in (response, h11.Data(data=body), h11.EndOfMessage()):
        await stream.send_all(http.send(event) or b"")


async def _refuse(http: h11.Connection, stream: trio.abc.Stream, error: h11.RemoteProtocolError) -> None:
    if http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
        await trio.lowlevel.checkpoint()
        return
    try:
        await _send(http, stream, HttpAnswer(error.error_status_hint, {"message": str(error)}))
    except trio.BrokenResourceError:
        await trio.lowlevel.checkpoint()
