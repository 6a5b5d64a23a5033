"""Redis fails over to a replica, which may have missed the last that was written: what it knows is a little old.

Workers reach Redis at one address, behind which another server takes over, as with a managed Redis.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import pytest
import trio

from phonegame.switchboard import NoCodeFree, Seat, Switchboard
from tests.cable import Cable, lay_cable
from tests.redis_server import RedisServer, redis_server
from tests.switchboard.long_talk import loses_and_repeats_nothing
from tests.switchboard.played import ignore
from tests.switchboard.workers import Worker, start_worker
from tests.waiting import holds

pytestmark = pytest.mark.slow

CODES = ["1", "2", "3"]


@dataclass
class Pair:
    primary: RedisServer
    replica: RedisServer
    cable: Cable
    workers: list[Worker]

    async def part(self) -> None:
        """From here on the replica misses what is written."""
        await self.replica.promote()

    async def fail_over(self) -> None:
        """The primary dies, and the replica takes over."""
        self.cable.server_address = f"127.0.0.1:{self.replica.port}"
        self.primary.kill()
        await holds(lambda: not any(worker.shared.link.is_up for worker in self.workers))
        await holds(lambda: all(worker.shared.link.is_up for worker in self.workers))


@pytest.fixture
async def pair(quick: None) -> AsyncIterator[Pair]:
    async with (
        redis_server() as primary,
        redis_server() as replica,
        lay_cable(f"127.0.0.1:{primary.port}") as cable,
        trio.open_nursery() as nursery,
    ):
        await replica.follow(primary)
        workers = [await start_worker(nursery, primary.behind(cable), CODES, seed) for seed in range(2)]
        yield Pair(primary, replica, cable, workers)
        nursery.cancel_scope.cancel()


async def test_a_line_loses_and_repeats_nothing(pair: Pair) -> None:
    async def fail_over() -> None:
        await pair.part()
        await pair.fail_over()

    await loses_and_repeats_nothing(pair.workers, mend=fail_over)


async def test_a_line_loses_and_repeats_nothing_where_the_replica_has_missed_much_of_it(pair: Pair) -> None:
    await loses_and_repeats_nothing(pair.workers, pair.part, pair.fail_over)


async def _seat_as_soon_as_a_code_is_free(switchboard: Switchboard, games: AsyncExitStack) -> Seat:
    """To the replica, a code that was given back is in use until its worker has seen that."""
    with trio.fail_after(20):
        while True:
            with suppress(NoCodeFree):
                return await games.enter_async_context(switchboard.open_seat(ignore))
            await trio.sleep(0.02)


async def test_codes_stay_with_their_games(pair: Pair) -> None:
    """Of one that came, and one that left, the replica has not heard."""
    first, second = (worker.switchboard for worker in pair.workers)
    async with first.open_seat(ignore) as stays:
        async with second.open_seat(ignore) as leaves:
            await holds(lambda: leaves.code in first.active)
            await pair.replica.catch_up(pair.primary)
            await pair.part()
        async with second.open_seat(ignore) as came:
            before = [stays.code, came.code]
            await pair.fail_over()
            await holds(lambda: {*before} <= {*first.active} and {*before} <= {*second.active})
            assert [stays.code, came.code] == before
            # what the game that left had is free again
            await holds(lambda: {*first.active} == {*second.active} == {*before})
            async with AsyncExitStack() as games:
                third = await _seat_as_soon_as_a_code_is_free(first, games)
                assert third.code not in before
                with pytest.raises(NoCodeFree):
                    async with second.open_seat(ignore):
                        pytest.fail("there are three codes")
