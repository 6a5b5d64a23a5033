"""One suite for the notes in Redis and for those that other tests have in their place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import trio

from phonegame.notes import Notes, NotesAway
from phonegame.redis_link import open_redis
from phonegame.redis_notes import RedisNotes
from tests.memory_notes import MemoryNotes
from tests.redis_server import redis_server

OpenNotes = Callable[[], AbstractAsyncContextManager[Notes]]


@asynccontextmanager
async def in_memory() -> AsyncIterator[Notes]:
    yield MemoryNotes()


@asynccontextmanager
async def in_redis() -> AsyncIterator[Notes]:
    async with redis_server() as server, open_redis(server.url) as link:
        yield RedisNotes(link)


@pytest.fixture(params=[in_memory, in_redis], ids=["memory", "redis"])
async def notes(request: pytest.FixtureRequest) -> AsyncIterator[Notes]:
    opened: OpenNotes = request.param
    async with opened() as found:
        yield found


async def is_gone(notes: Notes, key: str) -> None:
    """Nothing tells of it."""
    while await notes.get(key) is not None:  # noqa: ASYNC110
        await trio.sleep(0.01)


async def test_what_was_put_is_there_and_replaced_by_the_next(notes: Notes) -> None:
    assert await notes.get("a") is None
    await notes.put("a", b"\x001", 60)
    assert await notes.get("a") == b"\x001"
    await notes.put("a", b"2", 60)
    assert await notes.get("a") == b"2"


async def test_what_was_taken_is_gone(notes: Notes) -> None:
    await notes.put("a", b"1", 60)
    assert [await notes.take("a"), await notes.take("a"), await notes.get("a")] == [b"1", None, None]


async def test_the_first_one_counts(notes: Notes) -> None:
    assert [await notes.put_first("a", each, 60) for each in (b"1", b"2")] == [True, False]
    assert await notes.get("a") == b"1"


async def test_all_are_forgotten_in_time(notes: Notes) -> None:
    await notes.put("a", b"1", 0.05)
    await notes.put_first("b", b"1", 0.05)
    await notes.count("c", 0.05)
    for key in "abc":
        await is_gone(notes, key)
    assert await notes.put_first("b", b"2", 60)
    assert await notes.count("c", 60) == 1


async def test_counts_from_the_first_time_on(notes: Notes) -> None:
    assert await notes.counted("a") == 0
    assert [await notes.count("a", 60) for _ in range(3)] == [1, 2, 3]
    assert await notes.counted("a") == 3


async def test_only_one_of_many_takes_it(notes: Notes) -> None:
    await notes.put("a", b"1", 60)
    got: list[bytes | None] = []

    async def take() -> None:
        got.append(await notes.take("a"))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(take)
    assert [each for each in got if each is not None] == [b"1"]


async def test_a_redis_that_is_away_is_told() -> None:
    async with redis_server() as server, open_redis(server.url) as link:
        server.kill()
        with pytest.raises(NotesAway):
            await RedisNotes(link).put("a", b"1", 60)
        with pytest.raises(NotesAway):
            await RedisNotes(link).count("a", 60)
