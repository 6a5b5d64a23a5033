"""Several workers, and a Redis that goes, comes back, and forgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
import trio

from phonegame.speak.saying import Saying
from phonegame.switchboard import (
    CallEnded,
    CallEnding,
    CallKeyed,
    Clear,
    Command,
    GameLeft,
    Line,
    NoCodeFree,
    Refused,
    Say,
    Seat,
    SeatClosed,
    leases,
    ways,
)
from phonegame.switchboard.lease_scripts import CODES
from phonegame.switchboard.letters import Begun, decode
from phonegame.switchboard.redis import WORKER_LOST
from tests.redis_server import RedisServer, redis_server
from tests.switchboard.long_talk import loses_and_repeats_nothing
from tests.switchboard.played import Events, Phone, ignore
from tests.switchboard.workers import TwoWorkers, Worker, start_worker
from tests.waiting import holds

ALL = [str(number) for number in range(100)]


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server() as server:
        yield server


@pytest.fixture
async def workers(server: RedisServer) -> AsyncIterator[list[Worker]]:
    async with trio.open_nursery() as nursery:
        yield [await start_worker(nursery, server, ALL, seed) for seed in range(3)]
        nursery.cancel_scope.cancel()


def two(workers: list[Worker]) -> TwoWorkers:
    return TwoWorkers(workers[0].switchboard, workers[1].switchboard)


async def test_no_code_is_given_out_twice(workers: list[Worker]) -> None:
    codes: list[str] = []
    let_go = trio.Event()

    async def play(worker: Worker, task_status: trio.TaskStatus[None]) -> None:
        async with worker.switchboard.open_seat(ignore) as seat:
            codes.append(seat.code)
            task_status.started()
            await let_go.wait()

    async with trio.open_nursery() as games:
        async with trio.open_nursery() as starting:
            for worker in workers * 33:
                starting.start_soon(games.start, play, worker)
        assert max(Counter(codes).values()) == 1
        async with workers[0].switchboard.open_seat(ignore) as last:
            assert last.code not in codes
            with pytest.raises(NoCodeFree, match="100"):
                async with workers[1].switchboard.open_seat(ignore):
                    pytest.fail("there are 100")
        let_go.set()
    await holds(lambda: not any(worker.switchboard.active for worker in workers))


@pytest.mark.parametrize("accept", [1, 2])
async def test_who_says_the_code_at_the_same_moment_does_not_share_a_slot(workers: list[Worker], accept: int) -> None:
    home, *others = workers
    for turn in range(20):
        async with home.switchboard.open_seat(ignore) as seat:
            seat.accept_nowait(accept)
            outcomes: list[Line | Refused] = []

            async def call(worker: Worker, name: str, seat: Seat = seat, into: list[Line | Refused] = outcomes) -> None:
                into.append(await Phone(worker.switchboard, name).try_to_join(seat.code))

            async with trio.open_nursery() as calls:
                for number in range(4):
                    calls.start_soon(call, others[number % 2], f"{turn}-{number}")
            lines = [outcome for outcome in outcomes if not isinstance(outcome, Refused)]
            assert sorted(line.player for line in lines) == list(range(1, accept + 1))
            assert [outcome for outcome in outcomes if isinstance(outcome, Refused)] == [Refused.BUSY] * (4 - accept)


async def test_a_call_and_a_game_of_one_worker_need_no_letters(workers: list[Worker]) -> None:
    worker, events = workers[0], Events()
    async with worker.switchboard.open_seat(events.take) as seat:
        line = await Phone(worker.switchboard).join(seat.code)
        for _ in range(10):
            line.deliver_nowait(CallKeyed("1"))
        line.close_nowait("hung_up", 1)
    assert len(events.all) == 12
    assert not worker.switchboard._post._peers


HARM: dict[str, Callable[[RedisServer], Awaitable[None]]] = {
    "restart": RedisServer.stop,
    "kill": lambda server: trio.to_thread.run_sync(server.kill),
    "flush": RedisServer.flush,
}


@pytest.mark.parametrize("harm", HARM)
async def test_a_line_loses_and_repeats_nothing(
    workers: list[Worker], server: RedisServer, harm: str, quick: None
) -> None:
    async def mend() -> None:
        await trio.lowlevel.checkpoint()
        if server.process is None:
            await server.start()

    await loses_and_repeats_nothing(workers, partial(HARM[harm], server), mend)


async def test_a_long_clip_gets_through(workers: list[Worker]) -> None:
    switchboard = two(workers)
    clip = bytes(range(256)) * 1875
    async with switchboard.open_seat(ignore) as seat:
        phone = Phone(switchboard)
        await phone.join(seat.code)
        seat.command_nowait(Say(Saying(say_id="clip", audio=clip)))
        seat.command_nowait(Clear())
        await switchboard.settle()
        assert phone.commands == [Say(Saying(say_id="clip", audio=clip)), Clear()]


async def test_without_redis_who_shares_a_worker_goes_on_and_others_are_told(
    workers: list[Worker], server: RedisServer, quick: None
) -> None:
    switchboard, events = workers[0].switchboard, Events()
    async with switchboard.open_seat(events.take) as seat:
        await holds(lambda: all(seat.code in worker.switchboard.active for worker in workers))
        server.kill()
        await holds(lambda: not any(worker.shared.link.is_up for worker in workers))
        # longer than a lease
        await trio.sleep(leases.LEASE_SECONDS * 2)
        line = await Phone(switchboard).join(seat.code)
        assert await Phone(workers[1].switchboard, "other").try_to_join(seat.code) is Refused.AWAY
        with pytest.raises(NoCodeFree, match="at present"):
            async with switchboard.open_seat(ignore):
                pytest.fail("nobody gives out codes")
        await server.start()
        await holds(lambda: all(worker.shared.link.is_up for worker in workers))
        line.close_nowait("hung_up", 1)
        assert not isinstance(await Phone(workers[1].switchboard, "other").try_to_join(seat.code), Refused)
        async with workers[2].switchboard.open_seat(ignore) as another:
            assert another.code != seat.code


async def test_who_waits_for_redis_gets_a_code_when_it_is_back(workers: list[Worker], server: RedisServer) -> None:
    await server.stop()
    await holds(lambda: not workers[0].shared.link.is_up)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.start)
        async with workers[0].switchboard.open_seat(ignore) as seat:
            assert seat.code


async def test_the_codes_of_a_dead_worker_are_free_again(
    workers: list[Worker], server: RedisServer, quick: None
) -> None:
    dead, *living = workers
    async with trio.open_nursery() as nursery:
        phone, events = Phone(living[0].switchboard), Events()
        async with living[1].switchboard.open_seat(events.take) as other_seat:
            await Phone(dead.switchboard, "of the dead").join(other_seat.code)
            code = await nursery.start(partial(_hold_seat, dead))
            await holds(lambda: code in living[0].switchboard.active)
            await phone.join(code)
            dead.kill()
            await holds(lambda: phone.commands == [GameLeft()])
            await holds(lambda: code not in living[0].switchboard.active)
            await holds(lambda: len(events.of("of the dead")) == 2)
            ending, ended = events.of("of the dead")
            assert ending == CallEnding(WORKER_LOST)
            assert isinstance(ended, CallEnded)
            assert ended.reason == WORKER_LOST
            assert other_seat.calls == []
        nursery.cancel_scope.cancel()


async def _hold_seat(worker: Worker, task_status: trio.TaskStatus[str]) -> None:
    async with worker.switchboard.open_seat(ignore) as seat:
        task_status.started(seat.code)
        await trio.sleep_forever()


async def test_a_flush_leaves_everybody_his_code(workers: list[Worker], server: RedisServer, quick: None) -> None:
    async with workers[0].switchboard.open_seat(ignore) as one, workers[1].switchboard.open_seat(ignore) as two:
        await holds(lambda: {one.code, two.code} <= set(workers[2].switchboard.active))
        await server.flush()
        async with workers[2].switchboard.open_seat(ignore) as three:
            assert len({one.code, two.code, three.code}) == 3

        async def is_back(code: str) -> None:
            with trio.fail_after(10):
                while await workers[2].switchboard._leases.worker_of(code) is None:  # noqa: ASYNC110 - nothing tells
                    await trio.sleep(0.02)

        await is_back(one.code)
        await is_back(two.code)


async def test_a_code_is_known_while_a_flushed_redis_has_not_been_told_again(
    workers: list[Worker], server: RedisServer
) -> None:
    async with workers[0].switchboard.open_seat(ignore) as seat:
        await holds(lambda: seat.code in workers[1].switchboard.active)
        await server.flush()
        line = await Phone(workers[1].switchboard).join(seat.code)
        line.close_nowait("hung_up", 1)


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_code_that_another_game_has_got_meanwhile_is_changed(
    workers: list[Worker], is_told: bool, quick: None
) -> None:
    """As after a failover, or where this worker was cut off for longer than its lease."""
    told: list[str | None] = []
    phone = Phone(workers[0].switchboard)
    async with workers[0].switchboard.open_seat(ignore, code_lost=told.append if is_told else None) as seat:
        code = seat.code
        await phone.join(code)
        await workers[1].shared.link.ask(lambda client: client.hset(CODES, {code: workers[1].switchboard.worker}))
        if not is_told:
            await holds(lambda: seat.closed is SeatClosed.CODE_LOST)
            assert phone.commands == [GameLeft()]
            return
        await holds(lambda: bool(told))
        assert told == [seat.code]
        assert seat.code != code
        assert phone.commands == []
        other = Phone(workers[2].switchboard, "other")
        await holds(lambda: seat.code in workers[2].switchboard.active)
        assert await other.try_to_join(seat.code) is Refused.BUSY


async def test_a_worker_that_does_not_read_loses_its_lines(
    workers: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ways, "MAX_WAITING", 50_000)
    switchboard, events = two(workers), Events()
    commands: list[Command] = []
    async with switchboard.open_seat(events.take) as seat:
        phone = Phone(switchboard, commands=commands)
        line = await phone.join(seat.code)
        # in one go: nothing is acknowledged meanwhile
        for _ in range(10_000):
            line.deliver_nowait(CallKeyed("1"))
        assert commands == [GameLeft()]
        await holds(lambda: seat.calls == [])
        assert isinstance(events.all[-1].event, CallEnded)
        # the way is open again
        again = await Phone(switchboard, "again").join(seat.code)
        again.close_nowait("hung_up", 1)


async def test_a_call_that_goes_in_the_very_moment_in_which_its_line_begins_leaves_none(
    workers: list[Worker],
) -> None:
    events, commands = Events(), list[Command]()
    async with workers[0].switchboard.open_seat(events.take) as seat:
        switchboard = workers[1].switchboard
        await holds(lambda: seat.code in switchboard.active)
        scope = trio.CancelScope()
        take_letter = switchboard._take_letter

        def take_and_leave(worker: str, content: bytes) -> None:
            if isinstance(decode(content), Begun):
                # first the one, then the other, before the call's task runs
                scope.cancel()
            take_letter(worker, content)

        switchboard._post._take = take_and_leave
        with scope:
            await Phone(switchboard, commands=commands).join(seat.code)
        assert scope.cancelled_caught
        await holds(lambda: len(events.all) == 3)
        assert [type(event) for event in events.of("call")] == [CallEnding, CallEnded]
        assert seat.calls == []
        assert not switchboard._remote
        assert not workers[0].switchboard._hosted
