from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from phonegame.local.twilio_api.fetch import FetchError, Signed, fetch

TOKEN = "token"


@asynccontextmanager
async def hanging_up() -> AsyncIterator[tuple[int, list[int]]]:
    """A server that closes each connection as soon as it comes. Gives its port, and what counts them."""
    connections: list[int] = []

    async def close(stream: trio.SocketStream) -> None:
        connections.append(1)
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, close, 0, host="127.0.0.1"))
        yield listener.socket.getsockname()[1], connections
        nursery.cancel_scope.cancel()


async def attempts(url: str, code: int) -> int:
    """How often the server was connected to before the webhook failed."""
    async with hanging_up() as (port, connections):
        request = Signed.make("POST", url.format(port=port), [("CallSid", "CA1")], TOKEN)
        with pytest.raises(FetchError) as failed:
            await fetch(request, TOKEN, ssl.create_default_context())
    assert failed.value.code == code
    return len(connections)


async def test_connection_that_fails_is_tried_once_more() -> None:
    assert await attempts("https://127.0.0.1:{port}/twiml", 11205) == 2


async def test_request_without_an_answer_is_not_sent_again() -> None:
    assert await attempts("http://127.0.0.1:{port}/twiml", 11200) == 1
