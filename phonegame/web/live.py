"""The operator's page, live: one stream of server-sent events, which tells what has changed on the board.

Source: WHATWG HTML, "Server-sent events". A page that has lost it connects again by itself, and is told all anew.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType

import msgspec
import trio
from quart import Response
from quart.wrappers.response import ResponseBody

from phonegame.board import Board, TooManyViewers, Viewer

HEARTBEAT_SECONDS = 15
"""Proxies close what is silent for a minute, some for half of it."""
PAUSE_SECONDS = 0.25
"""From one change to the next, at least: nobody reads faster, and what happens meanwhile is told at once."""
RETRY_MS = 2000
HEARTBEAT = b": all is quiet\n\n"

CONTENT_TYPE = "text/event-stream"


def stream(board: Board, call_id: str | None) -> Response:
    """`call_id`: the call whose time line is told as well."""
    response = Response(_Stream(board, call_id), content_type=CONTENT_TYPE)
    # a stream has no end: the framework's time limit would be one
    response.timeout = None
    # nginx would collect it
    response.headers["X-Accel-Buffering"] = "no"
    # it ends with the server, which would wait for the next request
    response.headers["Connection"] = "close"
    return response


class _Stream(ResponseBody):
    """Is asked for its next piece when the one before has been written: a slow page is asked less often."""

    def __init__(self, board: Board, call_id: str | None) -> None:
        self._board = board
        self._call_id = call_id
        self._stack = ExitStack()
        self._viewer: Viewer | None = None

    async def __aenter__(self) -> _Stream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __aiter__(self) -> _Stream:
        return self

    async def __anext__(self) -> bytes:
        try:
            if self._viewer is None:
                await trio.lowlevel.checkpoint()
                self._viewer = self._stack.enter_context(self._board.viewer(self._call_id))
                return b"retry: %d\n\n" % RETRY_MS
            return await self._next(self._viewer)
        except (trio.EndOfChannel, TooManyViewers):
            raise StopAsyncIteration from None

    async def _next(self, viewer: Viewer) -> bytes:
        with trio.move_on_after(PAUSE_SECONDS):
            await self._board.closed.wait()
        with trio.move_on_after(HEARTBEAT_SECONDS):
            return b"data: %b\n\n" % msgspec.json.encode(await viewer.receive())
        return HEARTBEAT
