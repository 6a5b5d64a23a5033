from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.workers.place import LASTING_SECONDS, PAUSES, Place
from phonegame.workers.worker import WorkerFailed


@dataclass(eq=False)
class FakeWorker:
    number: int
    ended: trio.Event = field(default_factory=trio.Event)
    status: int = 1


@dataclass
class World:
    """Starts workers, as long as `fails` is 0."""

    fails: int = 0
    started_at: list[float] = field(default_factory=list)
    workers: list[FakeWorker] = field(default_factory=list)
    retired: list[FakeWorker] = field(default_factory=list)
    given_up: int = 0
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        start: Any = self.start
        retire: Any = self.retire
        self.place = Place(0, start, retire, self.give_up)

    @property
    def serving(self) -> Any:
        return self.place.worker

    async def start(self, _: int) -> FakeWorker:
        await trio.lowlevel.checkpoint()
        self.started_at.append(trio.current_time())
        if self.fails:
            self.fails -= 1
            raise WorkerFailed("no")
        self.workers.append(FakeWorker(len(self.workers) + 1))
        return self.workers[-1]

    async def retire(self, worker: FakeWorker) -> None:
        await trio.lowlevel.checkpoint()
        self.retired.append(worker)

    def give_up(self, _: int) -> None:
        self.given_up += 1


@asynccontextmanager
async def kept(world: World) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        await nursery.start(world.place.keep)
        yield
        nursery.cancel_scope.cancel()


async def test_the_first_worker_must_start() -> None:
    with pytest.raises(WorkerFailed):
        await World(fails=1).place.keep()


async def test_one_that_has_lasted_is_replaced_at_once(autojump_clock: MockClock) -> None:
    world = World()
    async with kept(world):
        await trio.sleep(LASTING_SECONDS)
        died_at = trio.current_time()
        world.workers[0].ended.set()
        await wait_all_tasks_blocked()
        assert world.started_at[-1] == died_at
        assert world.serving is world.workers[1]
        # who connects meanwhile waits
        assert world.given_up == 0


async def test_one_that_does_not_start_is_tried_again_after_longer_and_longer_pauses(
    autojump_clock: MockClock,
) -> None:
    world = World()
    async with kept(world):
        await trio.sleep(LASTING_SECONDS)
        world.fails = len(PAUSES) + 1
        died_at = trio.current_time()
        world.workers[0].ended.set()
        await trio.sleep(sum(PAUSES) + 3 * PAUSES[-1])
        pauses = [after - before for before, after in pairwise([died_at, *world.started_at[1:]])]
        assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]
        # before each of them but the first: nobody was sent there
        assert world.given_up == len(PAUSES) + 1
        assert len(world.workers) == 2


async def test_one_that_dies_soon_after_its_start_is_not_restarted_in_a_busy_loop(autojump_clock: MockClock) -> None:
    world = World()
    async with kept(world):
        died_at = trio.current_time()
        world.workers[0].ended.set()
        await trio.sleep(PAUSES[1])
        await wait_all_tasks_blocked()
        assert world.started_at[-1] - died_at == PAUSES[1]


async def test_the_next_one_listens_before_the_one_before_retires(autojump_clock: MockClock) -> None:
    world = World()
    async with kept(world):
        assert await world.place.renew()
        assert world.retired == [world.workers[0]]
        world.workers[0].ended.set()
        await wait_all_tasks_blocked()
        assert len(world.workers) == 2


async def test_the_one_before_goes_on_where_the_next_does_not_start(autojump_clock: MockClock) -> None:
    world = World()
    async with kept(world):
        world.fails = 1
        assert not await world.place.renew()
        assert world.retired == []
        assert world.serving is world.workers[0]
        assert await world.place.renew()
