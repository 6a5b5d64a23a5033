"""One HTTP request as a stranger would send it: no redirects, no proxies, no patience."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import trio

SECONDS = 5
MOST_BYTES = 4096

_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "cGhvbmVnYW1lIGRvY3Rvcg==",
}
_GOODBYE = bytes((0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8))
"""A masked close frame, code 1000."""


class NoAnswer(Exception):
    """Nothing that speaks HTTP has answered; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    date: str | None
    """The header."""


async def get(url: str) -> Answer:
    """Raises NoAnswer."""
    return await trio.to_thread.run_sync(partial(_ask, url, {}), abandon_on_cancel=True)


async def upgrade(url: str, headers: Mapping[str, str]) -> int:
    """Asks for a websocket at an http(s) address, and leaves at once. Gives the status: 101 for yes."""
    answer = await trio.to_thread.run_sync(partial(_ask, url, {**_UPGRADE, **headers}), abandon_on_cancel=True)
    return answer.status


def _ask(url: str, headers: Mapping[str, str]) -> Answer:
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, parts.port, timeout=SECONDS)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", target, headers=dict(headers))
        response = connection.getresponse()
        if response.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            connection.sock.sendall(_GOODBYE)
        return Answer(response.status, response.read(MOST_BYTES), response.getheader("Date"))
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(_why(error)) from None
    finally:
        connection.close()


def _why(error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "there is no such host (DNS)"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message})"
        case ssl.SSLError():
            return "it does not speak TLS there"
        case TimeoutError():
            return f"no answer within {SECONDS} seconds"
        case ConnectionRefusedError():
            return "nobody listens there"
        case OSError():
            return error.strerror or type(error).__name__
    return "what answers there does not speak HTTP"
