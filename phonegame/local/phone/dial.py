"""Opening a media stream as Twilio opens it: address, headers, signature, the websocket upgrade."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import struct
import sys
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import trio
import trio_websocket

from phonegame.local.phone.errors import InvalidUrlError, NoAnswerError, NoHandshakeError

USER_AGENT = "Twilio.TmeWs/1.0"
CONNECT_SECONDS = 10.0
"""Twilio's own patience with the 101 is undocumented; about ten seconds were observed."""
MAX_MESSAGE = 2**20


@dataclass(frozen=True, slots=True)
class Address:
    url: str
    host: str
    port: int
    secure: bool
    resource: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse_address(url: str) -> Address:
    """Raises InvalidUrlError. A `ws:` address is for this machine; Twilio itself takes `wss:` only."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidUrlError(url, str(error)) from None
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise InvalidUrlError(url, "it must look like ws://127.0.0.1:5000/twilio or wss://host/twilio")
    if "?" in url:
        raise InvalidUrlError(
            url, "Twilio strips the query from a Stream's url, or fails on it (31920); use <Parameter>"
        )
    secure = parts.scheme == "wss"
    return Address(url, parts.hostname, port or (443 if secure else 80), secure, parts.path or "/")


def signature(url: str, auth_token: str) -> str:
    """Twilio's `x-twilio-signature` for the upgrade (usage/security): no user, and for `wss` no port."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme == "wss" and parts.port is not None:
        host = host.rpartition(":")[0]
    signed = parts._replace(netloc=host).geturl()
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def upgrade_headers(address: Address, auth_token: str | None) -> list[tuple[bytes, bytes]]:
    """Beside those that every websocket client sends. No Origin, no subprotocol, no extensions."""
    headers = [(b"User-Agent", USER_AGENT.encode()), (b"Accept-Encoding", b"gzip")]
    if auth_token:
        headers.append((b"x-twilio-signature", signature(address.url, auth_token).encode()))
    return headers


async def open_stream(address: Address, ssl_context: ssl.SSLContext | None) -> trio.abc.Stream:
    """Raises NoAnswerError, NoHandshakeError."""
    try:
        with trio.fail_after(CONNECT_SECONDS):
            tcp = await trio.open_tcp_stream(address.host, address.port)
    except (OSError, trio.TooSlowError) as error:
        raise NoAnswerError(address.url, _in_words(error)) from error
    if not address.secure:
        return tcp
    context = ssl_context or ssl.create_default_context()
    secured = trio.SSLStream(tcp, context, server_hostname=address.host, https_compatible=True)
    try:
        with trio.fail_after(CONNECT_SECONDS):
            await secured.do_handshake()
    except (trio.BrokenResourceError, trio.TooSlowError) as error:
        await trio.aclose_forcefully(secured)
        why = f"TLS fails: {error.__cause__ or f'nothing comes within {CONNECT_SECONDS:.0f} s'}"
        raise NoHandshakeError(address.url, why) from error
    return secured


def _in_words(error: OSError | trio.TooSlowError) -> str:
    match error.__cause__ or error:
        case trio.TooSlowError():
            return f"no answer within {CONNECT_SECONDS:.0f} s"
        case ConnectionRefusedError():
            return "connection refused"
        case BaseExceptionGroup(exceptions=(ConnectionRefusedError(), *_)):
            return "connection refused"
        case cause:
            return str(cause)


def reset_on_close(stream: trio.abc.Stream) -> None:
    """Closing the stream then sends a TCP reset. Does nothing to a stream that is no socket."""
    transport = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
    if isinstance(transport, trio.SocketStream):
        # struct linger: on, 0 seconds
        linger = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)
        transport.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, linger)


async def upgrade(
    nursery: trio.Nursery, stream: trio.abc.Stream, address: Address, auth_token: str | None
) -> trio_websocket.WebSocketConnection:
    """A refusal comes out of the nursery, where the reader runs: trio_websocket.ConnectionRejected."""
    return await trio_websocket.wrap_client_stream(
        nursery,
        cast("trio.SocketStream", stream),  # any stream will do
        address.host_header,
        address.resource,
        extra_headers=upgrade_headers(address, auth_token),
        max_message_size=MAX_MESSAGE,
    )
