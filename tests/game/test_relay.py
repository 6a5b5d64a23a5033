"""A websocket whose game is with another worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.game.games import Games
from phonegame.game.relay import AWAY, GONE, NO_GAME, WINDOW, Close, Letter, Pipe, Refusal, RelayedSocket, Taken, Text
from tests.redis_server import redis_server
from tests.switchboard.workers import Worker, start_worker


@dataclass
class Session:
    texts: list[str] = field(default_factory=list)
    closed: tuple[int, str] | None = None
    pipe: Pipe | None = None

    def begin_nowait(self, pipe: Pipe) -> None:
        self.pipe = pipe

    def put_nowait(self, text: str) -> None:
        self.texts.append(text)

    def finish_nowait(self, code: int, reason: str) -> None:
        self.closed = code, reason


async def test_a_game_that_does_not_read_holds_back_what_is_for_it() -> None:
    written: list[Letter] = []
    socket = RelayedSocket("socket", written.append)

    async def send_all() -> None:
        for number in range(WINDOW + 10):
            await socket.send_text(str(number))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_all)
        await wait_all_tasks_blocked()
        assert len(written) == WINDOW
        socket.take_letter(Taken("socket", 4))
        await wait_all_tasks_blocked()
        assert written == [Text("socket", str(number)) for number in range(WINDOW + 4)]
        socket.lose_nowait()


async def test_a_server_that_does_not_read_holds_back_the_game() -> None:
    written: list[Letter] = []
    pipe = Pipe("socket", written.append, Session(), lambda: None)

    async def send_all() -> None:
        for number in range(WINDOW + 10):
            await pipe.send(str(number))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_all)
        await wait_all_tasks_blocked()
        assert len(written) == WINDOW
        pipe.take_letter(Taken("socket", 10))
    assert len(written) == WINDOW + 10


async def test_what_is_read_is_told_of_several_at_once() -> None:
    written: list[Letter] = []
    taken: list[str] = []
    socket = RelayedSocket("socket", written.append)
    for number in range(WINDOW):
        socket.take_letter(Text("socket", str(number)))
    assert taken == []
    await socket.accept(taken.extend)
    assert taken == [str(number) for number in range(WINDOW)]
    assert written == [Taken("socket", WINDOW)]


async def test_the_game_may_close_it() -> None:
    session = Session()
    forgotten: list[bool] = []
    pipe = Pipe("socket", lambda _: None, session, lambda: forgotten.append(True))
    pipe.take_letter(Close("socket", 1000, "over"))
    assert session.closed == (1000, "over")
    assert forgotten == [True]


@asynccontextmanager
async def two_workers() -> AsyncIterator[tuple[Worker, Worker]]:
    """The second one has a place for games."""
    codes = [str(number) for number in range(10)]
    async with redis_server() as server, trio.open_nursery() as nursery:
        one, other = [await start_worker(nursery, server, codes, Random(1).randrange(9)) for _ in range(2)]
        games = Games(other.switchboard, "", away_seconds=1, game_queue=10, others=other.switchboard)
        assert games.relay is not None
        await nursery.start(games.relay.run)
        yield one, other
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("token", ["of one process", "{other}.nobody", "{one}.own", "gone.token"])
async def test_no_such_game(token: str) -> None:
    async with two_workers() as (one, other):
        own = Games(one.switchboard, "", away_seconds=1, game_queue=10, others=one.switchboard)
        assert own.relay is not None
        token = token.format(one=one.switchboard.worker, other=other.switchboard.worker)
        refusal = await own.relay.open(token, 0, Session())
        assert refusal == Refusal("resume_token", GONE if token.startswith("gone") else NO_GAME)


async def test_a_worker_that_does_not_answer() -> None:
    async with two_workers() as (one, other):
        own = Games(one.switchboard, "", away_seconds=1, game_queue=10, others=one.switchboard)
        assert own.relay is not None
        other.kill()
        assert await own.relay.open(f"{other.switchboard.worker}.token", 0, Session()) == Refusal("resume_token", AWAY)
