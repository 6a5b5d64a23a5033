"""A connection to `/game` that speaks the text protocol: for a game in the terminal, the demo, the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from phonegame.local.game_socket import GameSocket, GameUnreachableError, open_game_socket
from phonegame.local.text_game import Closed, Event, TextGame

__all__ = ["GameClient", "GameUnreachableError", "connect_game"]


class GameClient:
    """One connected game. Whoever opened it (`connect_game`) closes it."""

    def __init__(self, socket: GameSocket) -> None:
        self._socket = socket
        self._game = TextGame()

    async def receive(self) -> Event | Closed:
        """Waits for the next message, or for the end of the connection."""
        message = await self._socket.receive()
        return message if isinstance(message, Closed) else self._game.receive(message)

    async def say(self, text: str) -> None:
        """Sends a sentence for the caller. Does nothing once the connection has ended, which `receive` reports."""
        await self._socket.send(text)

    async def aclose(self) -> None:
        """Says goodbye; a `receive` that waits then gives Closed(1000, ...)."""
        await self._socket.aclose()


@asynccontextmanager
async def connect_game(url: str, key: str | None = None) -> AsyncIterator[GameClient]:
    """Opens a game at ws://host:port/game; leaving the block closes it. Raises GameUnreachableError.

    What the block raises comes out as it is, not in a group.
    """
    async with open_game_socket(url, key) as socket:
        yield GameClient(socket)
