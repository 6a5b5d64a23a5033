"""Each switchboard runs through the same tests. To add one: a function like `open_memory`, and its line in
`IMPLEMENTATIONS`; where it needs a fixture of its own, a parameter of `implementation`, as the one on a cluster.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from random import Random
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from phonegame.codes import CodePool
from phonegame.switchboard import Switchboard, leases, post
from phonegame.switchboard.memory import MemorySwitchboard
from tests.redis_server import RedisServer, cluster_node, join_into_cluster, redis_server
from tests.switchboard.workers import TwoWorkers, open_worker

REDIS_SECONDS = 0.03
"""It answers sooner, if it answers."""

OpenSwitchboard = Callable[..., AbstractAsyncContextManager[Switchboard]]


@asynccontextmanager
async def open_memory(codes: list[str]) -> AsyncIterator[Switchboard]:
    yield MemorySwitchboard(CodePool(codes, random=Random(1)))


@asynccontextmanager
async def open_on_redis(codes: list[str]) -> AsyncIterator[Switchboard]:
    """Of one worker that has a Redis to itself."""
    async with redis_server() as server, open_worker(server, codes) as switchboard:
        yield switchboard


@asynccontextmanager
async def open_two_workers(codes: list[str]) -> AsyncIterator[Switchboard]:
    async with redis_server() as server, open_worker(server, codes) as games, open_worker(server, codes) as calls:
        yield TwoWorkers(games, calls)


@pytest.fixture(scope="session")
def cluster() -> Iterator[RedisServer]:
    """One for all tests, since it takes its time to begin; empty at the beginning of each."""
    with cluster_node() as server:
        # pytest-trio's fixtures end with their test
        trio.run(server.start)
        trio.run(join_into_cluster, [server])
        yield server


@asynccontextmanager
async def open_on_cluster(server: RedisServer, codes: list[str]) -> AsyncIterator[Switchboard]:
    await server.flush()
    async with open_worker(server, codes) as games, open_worker(server, codes) as calls:
        yield TwoWorkers(games, calls)


IMPLEMENTATIONS: dict[str, OpenSwitchboard] = {
    "memory": open_memory,
    "redis": open_on_redis,
    "two workers": open_two_workers,
}


@pytest.fixture(params=[*IMPLEMENTATIONS, "two workers on a cluster"])
def implementation(request: Any) -> OpenSwitchboard:
    if request.param in IMPLEMENTATIONS:
        return IMPLEMENTATIONS[request.param]
    return partial(open_on_cluster, request.getfixturevalue("cluster"))


@pytest.fixture
def autojump_clock(implementation: OpenSwitchboard) -> MockClock:
    """In the place of pytest-trio's: what Redis answers takes time that this clock knows nothing of."""
    return MockClock(autojump_threshold=0 if implementation is open_memory else REDIS_SECONDS)


@pytest.fixture
async def switchboard(implementation: OpenSwitchboard) -> AsyncIterator[Switchboard]:
    """Three codes."""
    async with implementation(["1", "2", "3"]) as switchboard:
        yield switchboard


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases that run out at once, for who has no 15 seconds."""
    for name, seconds in {
        "BEAT_SECONDS": 0.1,
        "LEASE_SECONDS": 0.6,
        "GRACE_SECONDS": 0.3,
        "SETTLE_SECONDS": 0.8,
        "MISSING_SECONDS": 0.5,
        "WAIT_SECONDS": 0.5,
    }.items():
        monkeypatch.setattr(leases, name, seconds)
    monkeypatch.setattr(post, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(post, "RESEND_SECONDS", 0.5)
