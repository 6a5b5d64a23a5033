"""Workers whose network to Redis is cut without a word, a Redis that is paused, and a cluster of three nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import pytest
import trio

from phonegame.speak.saying import Saying
from phonegame.switchboard import CallKeyed, NoCodeFree, Say
from tests.cable import Cable, lay_cable
from tests.redis_server import RedisServer, redis_cluster, redis_server
from tests.switchboard.played import Events, Phone, ignore
from tests.switchboard.test_redis import holds
from tests.switchboard.workers import TwoWorkers, Worker, start_worker

pytestmark = pytest.mark.slow

CODES = ["1", "2", "3"]


@dataclass
class Network:
    """Two workers; the first one reaches Redis by a cable."""

    server: RedisServer
    cable: Cable
    by_cable: Worker
    other: Worker


@asynccontextmanager
async def network() -> AsyncIterator[Network]:
    async with redis_server() as server, lay_cable(f"127.0.0.1:{server.port}") as cable, trio.open_nursery() as nursery:
        by_cable = replace(server, port=int(cable.address.rpartition(":")[2]))
        workers = [await start_worker(nursery, at, CODES, seed) for seed, at in enumerate((by_cable, server))]
        yield Network(server, cable, *workers)
        nursery.cancel_scope.cancel()


async def test_who_is_cut_off_goes_on_and_later_changes_a_code_that_another_game_has_got(quick: None) -> None:
    async with network() as net:
        mine, others = net.by_cable.switchboard, net.other.switchboard
        events, told = Events(), list[str | None]()
        async with mine.open_seat(events.take, code_lost=told.append) as seat, AsyncExitStack() as games:
            code = seat.code
            await holds(lambda: code in others.active)
            net.cable.unplug()
            # nobody tells it
            await holds(lambda: not net.by_cable.shared.link.is_up)
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


async def is_complete(workers: list[Worker], harm: RedisServer | Cable | None = None) -> None:
    """A line between two workers, on which much is said in both directions while Redis is away for some seconds."""
    switchboard, events = TwoWorkers(workers[0].switchboard, workers[1].switchboard), Events()
    async with workers[0].switchboard.open_seat(events.take) as seat:
        await holds(lambda: seat.code in workers[1].switchboard.active)
        phone = Phone(switchboard)
        line = await phone.join(seat.code)
        for number in range(300):
            line.deliver_nowait(CallKeyed(str(number)))
            seat.command_nowait(Say(Saying(say_id=str(number))))
            if number == 150:
                await goes(harm, workers)
            elif number == 250:
                comes_back(harm)
            if number % 10 == 0:
                await trio.lowlevel.checkpoint()
        await holds(lambda: len(events.all) == 301 and len(phone.commands) == 300)
        assert events.of("call") == [CallKeyed(str(number)) for number in range(300)]
        assert phone.commands == [Say(Saying(say_id=str(number))) for number in range(300)]
        line.close_nowait("hung_up", 1)


async def goes(harm: RedisServer | Cable | None, workers: list[Worker]) -> None:
    if isinstance(harm, RedisServer):
        harm.pause()
    elif isinstance(harm, Cable):
        harm.unplug()
    await holds(lambda: harm is None or not workers[0].shared.link.is_up)


def comes_back(harm: RedisServer | Cable | None) -> None:
    if isinstance(harm, RedisServer):
        harm.go_on()
    elif isinstance(harm, Cable):
        harm.plug_in()


@pytest.mark.parametrize("what", ["server", "cable"])
async def test_a_line_loses_and_repeats_nothing_while_nothing_is_heard_of_redis(what: str) -> None:
    """What has come to it before it fell silent may be done, though nobody has had its answer."""
    async with network() as net:
        await is_complete([net.by_cable, net.other], net.server if what == "server" else net.cable)


async def test_a_cluster_of_three_nodes() -> None:
    async with redis_cluster(3) as nodes, trio.open_nursery() as nursery:
        workers = [await start_worker(nursery, nodes[number], CODES, number) for number in range(2)]
        await is_complete(workers)
        nursery.cancel_scope.cancel()
