"""One websocket to Deepgram: opened, used and thrown away."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from urllib.parse import urlsplit

import h11
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import LocalProtocolError, ProtocolError

from phonegame.deepgram.failures import DeepgramFailure, closed, refusal, unreachable
from phonegame.frames import binary_frame
from phonegame.groups import leaves
from phonegame.listen.eager_stream import EagerStream
from phonegame.sockets import notice_dead_peer

CONNECT_SECONDS = 5
"""For TCP, and again for TLS and the upgrade. trio-websocket's default is 60 s: an eternity on the phone."""
CLOSE_SECONDS = 0.25
"""How long Deepgram may take to answer our close frame. It has said all it had to say by then."""
PONG_SECONDS = 5
"""Nobody takes so long to answer a ping who is still there."""
MAX_MESSAGE_BYTES = 1 << 20


# with h11's and wsproto's: what answers speaks no HTTP, or no websocket
_NO_CONNECTION = (
    OSError,  # ssl.SSLError is one
    HandshakeError,
    trio.TooSlowError,
    trio.BrokenResourceError,
    h11.ProtocolError,
    ProtocolError,
    UnicodeError,  # a host name that cannot be one
)


class Session:
    """An open connection. `send_text` and `receive` raise `DeepgramFailure` when it has ended."""

    def __init__(self, connection: WebSocketConnection, eager: EagerStream | None, key: str) -> None:
        self.connection = connection
        """For whoever wants binary messages as well."""
        self._eager = eager
        self._key = key

    def send_audio_nowait(self, audio: bytes) -> bool:
        """Sends a piece if the socket takes it at once. False: use `send_audio` (over TLS always)."""
        eager = self._eager
        if eager is None or not eager.has_room or self.connection.closed is not None:
            return False
        try:
            return eager.write_nowait(binary_frame(audio))
        except trio.BrokenResourceError:
            # the reader notices it as well, and ends the session
            return False

    async def send_audio(self, audio: bytes) -> None:
        if audio:  # an empty message would end the stream
            await self._send(audio)

    async def send_text(self, text: str) -> None:
        await self._send(text)

    async def ping(self) -> None:
        """Returns when it has been answered. Raises `DeepgramFailure` where it is not."""
        try:
            with trio.fail_after(PONG_SECONDS):
                await self.connection.ping()
        except trio.TooSlowError:
            raise DeepgramFailure(f"Deepgram has not answered a ping for {PONG_SECONDS} s", passing=True) from None
        except ConnectionClosed as error:
            raise _closed(error, self._key) from None

    async def _send(self, message: str | bytes) -> None:
        try:
            await self.connection.send_message(message)
        except ConnectionClosed as error:
            raise _closed(error, self._key) from None

    async def receive(self) -> str:
        """The next text message; binary ones are none of Deepgram's and are skipped."""
        try:
            while True:
                message = await self.connection.get_message()
                if isinstance(message, str):
                    return message
        except ConnectionClosed as error:
            raise _closed(error, self._key) from None


def _closed(error: ConnectionClosed, key: str) -> DeepgramFailure:
    return closed(error.reason.code, error.reason.reason, key=key) if error.reason else closed(1006, None)


@asynccontextmanager
async def open_session(url: str, key: str) -> AsyncIterator[Session]:
    """Connects to `url` (ws or wss, parameters as they stand) with `key`, if not empty. Raises `DeepgramFailure`.

    What the block raises comes out as it is. Leaving it closes the connection, and waits `CLOSE_SECONDS` at most.
    """
    opened = closing = False
    try:
        async with trio.open_nursery() as reader_nursery:
            with trio.fail_after(CONNECT_SECONDS):
                eager = EagerStream(await _connect(url))
            try:
                # trio-websocket leaves the stream open where the other side has closed the websocket
                async with eager:
                    with trio.fail_after(CONNECT_SECONDS):
                        connection = await _upgrade(reader_nursery, eager, url, key)
                    opened = True
                    try:
                        yield Session(connection, eager if urlsplit(url).scheme == "ws" else None, key)
                    finally:
                        closing = True
                        with trio.move_on_after(CLOSE_SECONDS, shield=True):
                            await connection.aclose()
            finally:
                # last: what is awaited in a cancelled scope puts Cancelled in the place of the block's error
                reader_nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # trio-websocket's reader answers a ping that comes after our own close frame, and wsproto forbids it
        rest = group.split(LocalProtocolError)[1] if closing else group
        if rest is not None:
            raise _plain(rest, opened, key) from None


async def _connect(url: str) -> trio.SocketStream:
    parts = urlsplit(url)
    assert parts.hostname is not None
    stream = await trio.open_tcp_stream(parts.hostname, parts.port or (443 if parts.scheme == "wss" else 80))
    notice_dead_peer(stream.socket)
    return stream


@cache
def _tls_context() -> ssl.SSLContext:
    """Reading the authorities takes 20 ms, in which no call would get on: done once."""
    return ssl.create_default_context()


async def _upgrade(nursery: trio.Nursery, eager: EagerStream, url: str, key: str) -> WebSocketConnection:
    parts = urlsplit(url)
    assert parts.hostname is not None
    stream: trio.abc.Stream = eager
    if parts.scheme == "wss":
        tls = trio.SSLStream(eager, _tls_context(), server_hostname=parts.hostname, https_compatible=True)
        # trio-websocket would lose the reason why it fails
        await tls.do_handshake()
        stream = tls
    with trio.CancelScope() as opening:
        # trio-websocket waits for ever where the connection ends before it is a websocket
        eager.on_end = opening.cancel
        return await wrap_client_stream(
            nursery,
            stream,  # type: ignore[arg-type]  # any stream will do
            parts.netloc.rpartition("@")[2],
            f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/",
            extra_headers=[(b"Authorization", f"Token {key}".encode())] if key else [],
            message_queue_size=8,  # results come once or twice a second
            max_message_size=MAX_MESSAGE_BYTES,
        )
    raise trio.BrokenResourceError("closed before it was a websocket")


def _plain(group: BaseExceptionGroup[BaseException], opened: bool, key: str) -> BaseException:
    """The error of the block, or of the connection; a group where there are several."""
    rejected = group.subgroup(ConnectionRejected)
    if rejected is not None:
        rejection = leaves(rejected)[0]
        return refusal(rejection.status_code, rejection.headers, rejection.body, key=key)
    causes = [error for error in leaves(group) if not isinstance(error, trio.Cancelled)]
    if len(causes) != 1:
        return group
    (cause,) = causes
    return unreachable(cause, key=key) if not opened and isinstance(cause, _NO_CONNECTION) else cause
