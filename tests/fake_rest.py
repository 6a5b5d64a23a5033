"""A REST API on loopback that answers as the test says, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import h11
import trio


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    form: dict[str, list[str]]


@dataclass
class Reply:
    status: int = 200
    body: Any = None
    """JSON, or text as it is. None: the connection is closed instead."""


@dataclass
class FakeRest:
    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    """The last one is used again and again. None at all: nothing is ever answered."""
    asked: list[Asked] = field(default_factory=list)

    def answers(self, status: int, body: Any) -> None:
        self.replies = [Reply(status, body)]

    async def serve(self, stream: trio.SocketStream) -> None:
        connection = h11.Connection(h11.SERVER)
        body, request = b"", None
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                connection.receive_data(await stream.receive_some())
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                return
        assert request is not None
        target = urlsplit(request.target.decode())
        headers = {name.decode().lower(): value.decode() for name, value in request.headers}
        query, form = parse_qs(target.query), parse_qs(body.decode())
        self.asked.append(Asked(request.method.decode(), target.path, query, headers, form))
        await self._reply(stream, connection)

    async def _reply(self, stream: trio.SocketStream, connection: h11.Connection) -> None:
        if not self.replies:
            await trio.sleep_forever()
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.body is not None:
            data = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
            headers = [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(data))),
                ("Connection", "close"),
            ]
            response = h11.Response(status_code=reply.status, headers=headers)
            parts = [connection.send(event) or b"" for event in (response, h11.Data(data=data), h11.EndOfMessage())]
            await stream.send_all(b"".join(parts))


@asynccontextmanager
async def open_fake_rest() -> AsyncIterator[FakeRest]:
    rest = FakeRest()
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, rest.serve, 0, host="127.0.0.1"))
        rest.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield rest
        nursery.cancel_scope.cancel()
