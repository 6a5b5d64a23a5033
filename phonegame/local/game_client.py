"""A connection to `/game` that speaks the text protocol: for a game in the terminal, the demo, the tests."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import trio
import trio_websocket

from phonegame.local.text_game import Closed, Event, TextGame


class GameUnreachableError(Exception):
    """No game can be played at this address; the text says why, and what to do."""


class GameClient:
    """One connected game. Whoever opened it (`connect_game`) closes it."""

    def __init__(self, socket: trio_websocket.WebSocketConnection) -> None:
        self._socket = socket
        self._game = TextGame()

    async def receive(self) -> Event | Closed:
        """Waits for the next message, or for the end of the connection."""
        try:
            message = await self._socket.get_message()
        except trio_websocket.ConnectionClosed as error:
            await trio.lowlevel.checkpoint()  # a connection that has ended before says so at once
            reason = error.reason  # None: the server vanished
            return Closed(reason.code, reason.reason) if reason else Closed(1006, None)
        return self._game.receive(message if isinstance(message, str) else message.decode(errors="replace"))

    async def say(self, text: str) -> None:
        """Sends a sentence for the caller. Does nothing once the connection has ended, which `receive` reports."""
        try:
            await self._socket.send_message(text)
        except trio_websocket.ConnectionClosed:
            await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """Says goodbye; a `receive` that waits then gives Closed(1000, ...)."""
        await self._socket.aclose()


@asynccontextmanager
async def connect_game(url: str, key: str | None = None) -> AsyncIterator[GameClient]:
    """Opens a game at ws://host:port/game; leaving the block closes it. Raises GameUnreachableError."""
    _check_url(url)
    headers = [(b"authorization", b"Bearer " + key.encode())] if key else None
    try:
        async with trio_websocket.open_websocket_url(
            url, extra_headers=headers, connect_timeout=10, disconnect_timeout=2
        ) as socket:
            yield GameClient(socket)
    except trio_websocket.DisconnectionTimeout:
        pass  # the server left our goodbye unanswered, which concerns nobody any more
    except trio_websocket.HandshakeError as error:
        raise GameUnreachableError(_explain_refusal(url, error)) from error


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise GameUnreachableError(f"{url} is no address of a game; it looks like ws://127.0.0.1:5000/game")


def _explain_refusal(url: str, error: trio_websocket.HandshakeError) -> str:
    match error:
        case trio_websocket.ConnectionRejected(status_code=401 | 403):
            return f"{url} refused this game; if the server asks for a key, pass it with --key"
        case trio_websocket.ConnectionRejected(status_code=404):
            return f"There is a server, but no games at {urlsplit(url).path or '/'}; the path is mostly /game"
        case trio_websocket.ConnectionRejected():
            return f"{url} refused this game with HTTP status {error.status_code}"
        case trio_websocket.ConnectionTimeout():
            return f"{url} does not answer"
    if isinstance(error.__cause__, ssl.SSLError):
        return f"{url} has no certificate that this machine trusts: {error.__cause__}"
    return f"Nothing answers at {url}. Start the server with: phonegame serve"
