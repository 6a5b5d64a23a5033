"""What brains that are a model's have in common, and those that are asked over HTTP by a library of their makers'."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self

import trio

from phonegame.characters.brain import BrainMissing, Piece, Request
from phonegame.characters.brains.http_reply import connect, http_client, load

CLOSE_SECONDS = 1


class ModelBrain(ABC):
    """One for the process: `async with` it.

    All that it knows is in the entries, so one mind serves all conversations.
    """

    name: str

    @asynccontextmanager
    async def open(self, state: Any = None) -> AsyncIterator[Self]:
        yield self

    @property
    def state(self) -> None:
        return None

    @abstractmethod
    def think(self, request: Request) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """As `Mind.think`."""

    async def warm(self) -> None:
        """A reply will soon be wanted: connects, where that takes time. Raises nothing; may take long."""
        await trio.lowlevel.checkpoint()

    async def __aenter__(self) -> Self:
        return self

    @abstractmethod
    async def __aexit__(self, *_: object) -> None:
        """Closes its connections."""


class HttpBrain(ModelBrain):
    """Raises BrainMissing where the library is, or the key of a server that wants one (`url` empty: its makers')."""

    library: str
    """Its module, which is the name of our extra, too."""
    maker: str
    makers_url: str

    def __init__(self, model: str, *, url: str = "", key: str = "") -> None:
        if any(importlib.util.find_spec(module) is None for module in (self.library, "httpx2")):
            raise BrainMissing(f"This model needs {self.maker}'s library: pip install 'phonegame[{self.library}]'")
        if not url and not key:
            raise BrainMissing(
                f"{self.maker} wants a key: set PHONEGAME_MODEL_KEY, or PHONEGAME_MODEL_URL to a server of your own"
            )
        self.name = f"{self.library}:{model}"
        self._model = model
        self._url = url or self.makers_url
        self._key = key

    async def __aenter__(self) -> Self:
        library = await load(self.library)
        self._http = http_client(self._url, self._headers)
        self._client = self._open_client(library)
        return self

    @abstractmethod
    def _open_client(self, library: Any) -> Any:
        """The library's own, over `_http`. What it would otherwise take from the environment is given to it."""

    @abstractmethod
    def _headers(self) -> dict[str, str]:
        """Of each request, over what the library gives it."""

    async def __aexit__(self, *_: object) -> None:
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            await self._client.close()

    async def warm(self) -> None:
        await connect(self._http, self._url)
