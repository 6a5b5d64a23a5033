"""Workers whose network to Redis is cut without a word, a Redis that is paused, and a cluster of three nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
import trio

from phonegame.switchboard import CallKeyed, NoCodeFree
from tests.cable import Cable, lay_cable
from tests.far_network import far_network
from tests.redis_server import RedisServer, redis_cluster, redis_server
from tests.switchboard.long_talk import loses_and_repeats_nothing
from tests.switchboard.played import Events, Phone, ignore
from tests.switchboard.workers import Worker, start_worker
from tests.waiting import holds

pytestmark = pytest.mark.slow

CODES = ["1", "2", "3"]


@dataclass
class Network:
    """Two workers; the first one reaches Redis by a cable."""

    server: RedisServer
    cable: Cable
    workers: list[Worker]


@asynccontextmanager
async def network() -> AsyncIterator[Network]:
    async with redis_server() as server, lay_cable(f"127.0.0.1:{server.port}") as cable, trio.open_nursery() as nursery:
        ways = server.behind(cable), server
        workers = [await start_worker(nursery, way, CODES, seed) for seed, way in enumerate(ways)]
        yield Network(server, cable, workers)
        nursery.cancel_scope.cancel()


async def test_who_is_cut_off_goes_on_and_later_changes_a_code_that_another_game_has_got(quick: None) -> None:
    async with network() as net:
        mine, others = (worker.switchboard for worker in net.workers)
        events, told = Events(), list[str | None]()
        async with mine.open_seat(events.take, code_lost=told.append) as seat, AsyncExitStack() as games:
            code = seat.code
            await holds(lambda: code in others.active)
            net.cable.unplug()
            # nobody tells it
            await holds(lambda: not net.workers[0].shared.link.is_up)
            line = await Phone(mine).join(code)
            line.deliver_nowait(CallKeyed("1"))
            assert events.of("call")[-1] == CallKeyed("1")
            with pytest.raises(NoCodeFree, match="at present"):
                async with mine.open_seat(ignore):
                    pytest.fail("nobody gives out codes")
            # to the others it is dead; its code is the last that they give out
            await holds(lambda: code not in others.active)
            async with others.open_seat(ignore) as free_again:
                await games.enter_async_context(others.open_seat(ignore))
                last = await games.enter_async_context(others.open_seat(ignore))
                assert last.code == code
                assert seat.code == code
            await holds(lambda: free_again.code not in others.active)
            net.cable.plug_in()
            await holds(lambda: bool(told))
            assert told == [seat.code] == [free_again.code]
            # and its call has noticed nothing of all this
            line.deliver_nowait(CallKeyed("2"))
            assert events.of("call") == [CallKeyed("1"), CallKeyed("2")]
            line.close_nowait("hung_up", 1)


def silently(cut: Callable[[], None], workers: Sequence[Worker]) -> Callable[[], Awaitable[None]]:
    """Until it is noticed."""

    async def act() -> None:
        cut()
        await holds(lambda: not workers[0].shared.link.is_up)

    return act


def at_once(mend: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def act() -> None:
        await trio.lowlevel.checkpoint()
        mend()

    return act


class TestALineLosesAndRepeatsNothing:
    """What has come to Redis before it fell silent may be done, though nobody has had its answer."""

    async def test_while_redis_is_paused(self) -> None:
        async with network() as net:
            cut, mend = silently(net.server.pause, net.workers), at_once(net.server.go_on)
            await loses_and_repeats_nothing(net.workers, cut, mend)

    async def test_while_one_worker_s_cable_is_unplugged(self) -> None:
        async with network() as net:
            cut, mend = silently(net.cable.unplug, net.workers), at_once(net.cable.plug_in)
            await loses_and_repeats_nothing(net.workers, cut, mend)

    async def test_while_the_network_is_cut(self) -> None:
        with far_network() as there:
            async with redis_server(network=there) as server, trio.open_nursery() as nursery:
                workers = [await start_worker(nursery, server, CODES, seed) for seed in range(2)]
                await loses_and_repeats_nothing(workers, silently(there.cut, workers), at_once(there.mend))
                nursery.cancel_scope.cancel()


async def test_a_cluster_of_three_nodes() -> None:
    async with redis_cluster(3) as nodes, trio.open_nursery() as nursery:
        workers = [await start_worker(nursery, nodes[number], CODES, number) for number in range(2)]
        await loses_and_repeats_nothing(workers)
        nursery.cancel_scope.cancel()
