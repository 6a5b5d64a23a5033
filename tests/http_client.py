"""One HTTP request, any headers, whatever comes back."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import h11
import trio

from phonegame.twilio.signature import sign

FORM = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Sequence[tuple[str, str]]
    text: str

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


async def fetch(
    address: str,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    host: str | None = None,
) -> Answer:
    name, _, port = address.rpartition(":")
    connection = h11.Connection(h11.CLIENT)
    fields = [("Host", host or address), ("Content-Length", str(len(body))), ("Connection", "close"), *headers]
    request = connection.send(h11.Request(method=method, target=target, headers=fields))
    assert request is not None
    async with await trio.open_tcp_stream(name, int(port)) as stream:
        await stream.send_all(request + body)
        with trio.fail_after(10):
            return await _answer(connection, stream)


async def _answer(connection: h11.Connection, stream: trio.abc.ReceiveStream) -> Answer:
    head: h11.Response | None = None
    content = b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            content += event.data
        elif event is h11.NEED_DATA:
            connection.receive_data(bytes(await stream.receive_some()))
        await trio.lowlevel.checkpoint()
    assert head is not None
    headers = [(key.decode(), value.decode()) for key, value in head.headers]
    return Answer(head.status_code, headers, content.decode())


def signed_form(url: str, fields: dict[str, str], token: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body, as Twilio sends them to that address."""
    return [FORM, ("X-Twilio-Signature", sign(url, fields, token))], urlencode(fields).encode()


def bearer(key: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {key}"


def basic(name: str, password: str) -> tuple[str, str]:
    return "Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
