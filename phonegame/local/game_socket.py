"""A websocket to `/game`, whichever protocol a game speaks over it; what goes wrong is said in words."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import SplitResult, urlsplit

import trio
import trio_websocket
from wsproto.utilities import LocalProtocolError

from phonegame.local.text_game import Closed

CONNECT_SECONDS = 10
"""For TCP, for TLS, and for the upgrade each."""
CLOSE_SECONDS = 2
"""How long the server may take to answer our goodbye."""


class GameUnreachableError(Exception):
    """No game can be played at this address; the text says why, and what to do."""


class GameSocket:
    """One connection of a game. Whoever opened it (`open_game_socket`) closes it."""

    def __init__(self, websocket: trio_websocket.WebSocketConnection, stream: trio.abc.Stream) -> None:
        self._websocket = websocket
        self._stream = stream

    async def receive(self) -> str | Closed:
        """Waits for the next message, or for the end of the connection."""
        try:
            message = await self._websocket.get_message()
        except trio_websocket.ConnectionClosed as error:
            await trio.lowlevel.checkpoint()  # a connection that has ended before says so at once
            reason = error.reason  # None: the server vanished
            return Closed(reason.code, reason.reason) if reason else Closed(1006, None)
        return message if isinstance(message, str) else message.decode(errors="replace")

    async def send(self, text: str) -> None:
        """Does nothing once the connection has ended, which `receive` reports."""
        try:
            await self._websocket.send_message(text)
        except trio_websocket.ConnectionClosed:
            await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """Says goodbye; a `receive` that waits then gives Closed(1000, ...)."""
        await self._websocket.aclose()

    async def vanish(self) -> None:
        """Is gone without a goodbye, as if the network had failed; a `receive` that waits then gives Closed(1006)."""
        await trio.aclose_forcefully(self._stream)


@asynccontextmanager
async def open_game_socket(url: str, key: str | None, subprotocol: str | None = None) -> AsyncIterator[GameSocket]:
    """A websocket at ws://host:port/game; leaving the block closes it. Raises GameUnreachableError.

    What the block raises comes out as it is, not in a group.
    """
    parts = _parse(url)
    failure: Exception | None = None
    try:
        # the stream is ours to close: trio-websocket leaves it open where the server has closed the websocket
        async with await _open_stream(parts) as stream, trio.open_nursery() as reader_nursery:
            try:
                websocket = await _upgrade(reader_nursery, stream, parts, key, subprotocol)
                try:
                    if websocket.subprotocol != subprotocol:
                        raise GameUnreachableError(f"There is a server at {url}, but it does not speak {subprotocol}")
                    yield GameSocket(websocket, stream)
                finally:
                    with trio.move_on_after(CLOSE_SECONDS, shield=True):
                        await websocket.aclose()
            except Exception as error:  # noqa: BLE001 - raised below, where no nursery wraps it
                failure = error
            finally:
                # last: what is awaited in a cancelled scope puts Cancelled in the place of the block's error
                reader_nursery.cancel_scope.cancel()
    except* trio_websocket.ConnectionRejected as group:
        failure = GameUnreachableError(_explain_refusal(url, group))
    except* LocalProtocolError:
        # a ping has come while we were closing, and trio-websocket answers it all the same
        await trio.lowlevel.checkpoint()
    if failure is not None:
        raise failure


def _parse(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise GameUnreachableError(f"{url} is no address of a game; it looks like ws://127.0.0.1:5000/game")
    return parts


async def _open_stream(parts: SplitResult) -> trio.abc.Stream:
    assert parts.hostname is not None
    try:
        with trio.fail_after(CONNECT_SECONDS):
            tcp = await trio.open_tcp_stream(parts.hostname, parts.port or (443 if parts.scheme == "wss" else 80))
    except trio.TooSlowError:
        raise _no_answer(parts) from None
    except OSError as error:
        reason = f"Nothing answers at {parts.geturl()}. Start the server with: phonegame serve"
        raise GameUnreachableError(reason) from error
    return tcp if parts.scheme == "ws" else await _secure(tcp, parts)


async def _secure(tcp: trio.SocketStream, parts: SplitResult) -> trio.abc.Stream:
    context = ssl.create_default_context()
    stream = trio.SSLStream(tcp, context, server_hostname=parts.hostname, https_compatible=True)
    try:
        with trio.fail_after(CONNECT_SECONDS):
            await stream.do_handshake()
    except trio.TooSlowError:
        await trio.aclose_forcefully(stream)
        raise _no_answer(parts) from None
    except trio.BrokenResourceError as error:
        await trio.aclose_forcefully(stream)
        raise GameUnreachableError(_explain_tls(parts.geturl(), error)) from error
    except trio.Cancelled:
        tcp.socket.close()
        raise
    return stream


async def _upgrade(
    nursery: trio.Nursery, stream: trio.abc.Stream, parts: SplitResult, key: str | None, subprotocol: str | None
) -> trio_websocket.WebSocketConnection:
    """A refusal comes out of the nursery, where the reader runs: trio_websocket.ConnectionRejected."""
    try:
        with trio.fail_after(CONNECT_SECONDS):
            return await trio_websocket.wrap_client_stream(
                nursery,
                stream,  # type: ignore[arg-type]  # any stream will do
                parts.netloc.rpartition("@")[2],
                f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/",
                subprotocols=[subprotocol] if subprotocol else None,
                extra_headers=[(b"authorization", b"Bearer " + key.encode())] if key else None,
            )
    except trio.TooSlowError:
        raise _no_answer(parts) from None


def _no_answer(parts: SplitResult) -> GameUnreachableError:
    return GameUnreachableError(f"{parts.geturl()} does not answer")


def _explain_tls(url: str, error: trio.BrokenResourceError) -> str:
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return f"{url} has no certificate that this machine trusts: {error.__cause__}"
    return f"{url} does not speak TLS; should it begin with ws:// rather than wss://?"


def _explain_refusal(url: str, group: BaseExceptionGroup[trio_websocket.ConnectionRejected]) -> str:
    (refusal,) = group.exceptions
    assert isinstance(refusal, trio_websocket.ConnectionRejected)
    match refusal.status_code:
        case 401 | 403:
            return f"{url} refused this game; if the server asks for a key, pass it with --key"
        case 404:
            return f"There is a server, but no games at {urlsplit(url).path or '/'}; the path is mostly /game"
        case status:
            return f"{url} refused this game with HTTP status {status}"
