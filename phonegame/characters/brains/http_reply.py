"""A reply that comes over HTTP, event by event, from a model's server: the same for each of the libraries."""

from __future__ import annotations

import contextlib
import importlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, Self

import trio

from phonegame.characters.brain import Piece
from phonegame.characters.brains import failures
from phonegame.characters.brains.server_events import EventDecoder

KEEP_ALIVE_SECONDS = 60
"""A turn of the caller's and a reply are shorter: the next request finds the connection open."""
MAX_IDLE_CONNECTIONS = 100
CLOSE_SECONDS = 1
_KEPT_HEADERS = frozenset(
    {"accept", "accept-encoding", "anthropic-version", "connection", "content-length", "content-type", "host"}
    | {"transfer-encoding", "user-agent"}
)

_sent: ContextVar[Callable[[], None] | None] = ContextVar("sent", default=None)
"""Of the reply that this task is asking for: the libraries hand nothing of the kind on."""


class Reading(Protocol):
    """Understands one reply, event by event; does no I/O."""

    def receive(self, data: str) -> Iterable[Piece]:
        """ValueError: this is no reply. BrainError: it ends here."""

    def finish(self) -> Iterable[Piece]:
        """Nothing more comes. BrainError: something is missing."""


async def load(library: str) -> Any:
    """Imports one that runs on anyio. That takes a second or more."""
    import anyio.to_thread

    # by way of anyio, which loads what it needs under trio when it is first used: else in the first caller's turn
    return await anyio.to_thread.run_sync(importlib.import_module, library)


def http_client(url: str, headers: Callable[[], dict[str, str]]) -> Any:
    """An httpx2.AsyncClient for a library. Nothing comes from the environment: no proxy, no header, no key.

    `headers`: what else each request is to have, over what the library gives it.
    """
    import httpx2

    async def only_ours(request: httpx2.Request) -> None:
        for name in list(request.headers):
            # the libraries read some of their own headers again
            if name.lower() not in _KEPT_HEADERS and not name.lower().startswith("x-stainless-"):
                del request.headers[name]
        request.headers.update(headers())
        if (sent := _sent.get()) is not None:
            sent()

    return httpx2.AsyncClient(
        timeout=None,
        follow_redirects=False,
        trust_env=False,
        # making the context takes a third of a second, and without TLS there is nothing to verify
        verify=not url.startswith("http://"),
        limits=httpx2.Limits(
            max_connections=None,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
        ),
        event_hooks={"request": [only_ours]},
    )


async def connect(client: Any, url: str) -> None:
    """Opens a connection that the next request finds, unless there is one. Raises nothing that the server causes."""
    import httpx2

    with contextlib.suppress(httpx2.HTTPError):
        await client.head(url)


@asynccontextmanager
async def read_reply(
    response: AbstractAsyncContextManager[Any],
    reading: Reading,
    raised: Callable[[Exception], Exception | None],
    sent: Callable[[], None],
) -> AsyncIterator[AsyncIterator[Piece]]:
    """`response`: of a library's `with_streaming_response`. `raised`: what an error of the library's means.

    `sent` is called when the request leaves.

    Leaving closes the connection, unless the reply has come to its end.
    """
    import httpx2

    async with contextlib.AsyncExitStack() as stack:
        asking = _sent.set(sent)
        try:
            with _translated(raised):
                answered = await stack.enter_async_context(response)
        finally:
            _sent.reset(asking)
        chunks = answered.http_response.aiter_bytes()
        try:
            yield _Pieces(chunks, reading, raised)
        finally:
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await answered.http_response.aclose()
                # httpx2's generators end in order only when they are run to their end, here an error
                with contextlib.suppress(httpx2.HTTPError, httpx2.StreamError):
                    async for _ in chunks:
                        pass


class _Pieces:
    def __init__(
        self, chunks: AsyncIterator[bytes], reading: Reading, raised: Callable[[Exception], Exception | None]
    ) -> None:
        self._chunks = chunks
        self._reading = reading
        self._raised = raised
        self._decoder = EventDecoder()
        self._ready: deque[Piece] = deque()
        self._is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Piece:
        await trio.lowlevel.checkpoint()
        while not self._ready and not self._is_over:
            await self._receive()
        if not self._ready:
            raise StopAsyncIteration
        return self._ready.popleft()

    async def _receive(self) -> None:
        with _translated(self._raised, failures.cut):
            chunk = await anext(self._chunks, None)
        if chunk is None:
            self._is_over = True
            self._ready.extend(self._reading.finish())
        else:
            self._understand(chunk)

    def _understand(self, chunk: bytes) -> None:
        try:
            for event in self._decoder.receive(chunk):
                self._ready.extend(self._reading.receive(event))
        except (ValueError, RecursionError):
            raise failures.garbage() from None


@contextmanager
def _translated(
    raised: Callable[[Exception], Exception | None], broken: Callable[[], Exception] = failures.unreachable
) -> Iterator[None]:
    """Their errors hold what was said, and where to: none of it is passed on, not even as a cause."""
    import httpx2

    try:
        yield
    except (httpx2.HTTPError, httpx2.StreamError):
        raise broken() from None
    except Exception as error:
        meaning = raised(error)
        if meaning is None:
            raise
        raise meaning from None
