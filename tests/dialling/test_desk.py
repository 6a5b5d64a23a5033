"""An outgoing call whose requests come to another worker than the one that has placed it. With a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import pytest
import trio

from phonegame.dialling import Dialler, DialLimits, DialQuota, DialRefused, Order, OutgoingCall
from phonegame.dialling import desk as desk_module
from phonegame.dialling.desk import DialDesk, Dialled
from phonegame.dialling.stages import Unwanted
from phonegame.switchboard import (
    CallEnded,
    CallStarted,
    CallStatus,
    Clear,
    Command,
    FromCall,
    GameLeft,
    Line,
    Seat,
    SeatClosed,
)
from phonegame.switchboard.shared import Shared
from tests.dialling.exchange import CODE, TO, FakeCarrier
from tests.redis_server import RedisServer, redis_server


@dataclass
class Worker:
    shared: Shared
    dialler: Dialler
    desk: DialDesk
    scope: trio.CancelScope


@asynccontextmanager
async def open_worker(server: RedisServer) -> AsyncIterator[Worker]:
    carrier = FakeCarrier()
    carrier.may_answer.set()
    shared = Shared(server.url, [CODE], random=Random(1))
    dialler = Dialler(
        carrier,
        shared.switchboard,
        DialQuota(DialLimits(100, 100, 100, 100)),
        allow=("+1",),
        known_as=lambda number: f"hash of {number}",
        ring_seconds=30,
        worker=shared.switchboard.worker,
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(shared.run)
        await nursery.start(dialler.run)
        yield Worker(shared, dialler, DialDesk(dialler, shared.switchboard), nursery.cancel_scope)
        nursery.cancel_scope.cancel()


@dataclass
class World:
    """A game whose call `placing` has placed, and `other`, to which all comes that the carrier has to say."""

    placing: Worker
    other: Worker
    seat: Seat
    told: list[FromCall] = field(default_factory=list)
    changed: trio.Event = field(default_factory=trio.Event)
    refused: list[DialRefused] = field(default_factory=list)

    def take(self, event: FromCall) -> None:
        self.told.append(event)
        self.changed.set()
        self.changed = trio.Event()

    async def hears(self, kind: type, status: str | None = None) -> None:
        while not any(
            isinstance(each.event, kind) and (status is None or getattr(each.event, "status", None) == status)
            for each in self.told
        ):
            await self.changed.wait()

    async def dial(self, code: str | None = CODE) -> OutgoingCall:
        call = self.placing.dialler.dial_nowait(Order(TO, code, "game", "d"), self.refused.append)
        await call.placed.wait()
        return call

    async def claim(self, call: OutgoingCall) -> Dialled:
        claimed = await self.other.desk.claim(call.id)
        assert claimed is not None
        return claimed


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    told: list[World] = []
    with trio.fail_after(20):
        async with (
            redis_server() as server,
            open_worker(server) as placing,
            open_worker(server) as other,
            placing.shared.switchboard.open_seat(lambda event: told[0].take(event)) as seat,
        ):
            told.append(World(placing, other, seat))
            yield told[0]


async def begun(claimed: Dialled, commands: list[Command]) -> Line:
    assert claimed.reserved is not None
    return await claimed.reserved.begin(commands.append)


async def test_a_phone_that_is_answered_is_connected() -> None:
    async with open_world() as world:
        call = await world.dial()
        answer = await world.other.desk.answer(call.id, "CA1")
        assert (answer.connect, answer.asks_for_code) == (True, False)
        await world.hears(CallStatus, "answered")


async def test_what_the_carrier_reports_reaches_the_game() -> None:
    async with open_world() as world:
        call = await world.dial()
        await world.other.desk.status(call.id, {"CallSid": "CA1", "CallStatus": "ringing"})
        await world.hears(CallStatus, "ringing")
        await world.other.desk.status(call.id, {"CallSid": "CA1", "CallStatus": "busy"})
        await world.hears(CallStatus, "busy")


async def test_the_media_stream_is_patched_to_the_game_and_ends_the_call() -> None:
    async with open_world() as world:
        call = await world.dial()
        claimed = await world.claim(call)
        assert (claimed.id, claimed.detects_machine, claimed.unwanted) == (call.id, True, None)
        assert await world.placing.desk.claim(call.id) is None
        assert await world.other.desk.claim(call.id) is None
        commands: list[Command] = []
        line = await begun(claimed, commands)
        await world.hears(CallStarted)
        assert world.seat.calls == [(call.id, 1)]
        world.seat.command_nowait(Clear())
        line.close_nowait("hung_up", 1.5)
        claimed.finish_nowait()
        await world.hears(CallEnded)
        await world.placing.dialler.wait_until_empty()
        assert call.outcome == "connected"


async def test_who_has_answered_is_told_to_the_stream() -> None:
    async with open_world() as world:
        call = await world.dial()
        claimed = await world.claim(call)
        await world.other.desk.machine(call.id, {"CallSid": "CA1", "AnsweredBy": "machine_end_beep"})
        await claimed.detected.wait()
        assert (claimed.answered_by, claimed.takes_message) == ("machine_end_beep", True)
        await world.hears(CallStatus, "machine")
        claimed.finish_nowait()


async def test_a_game_that_leaves_before_the_line_begins_is_told_to_the_stream() -> None:
    async with open_world() as world:
        call = await world.dial()
        claimed = await world.claim(call)
        world.seat.close_nowait(SeatClosed.LEFT)
        while claimed.unwanted is None:  # noqa: ASYNC110 - nothing tells of it
            await trio.sleep(0.005)
        assert claimed.unwanted is Unwanted.GAME_LEFT
        claimed.finish_nowait()
        await world.placing.dialler.wait_until_empty()


async def test_a_game_that_leaves_ends_the_line() -> None:
    async with open_world() as world:
        claimed = await world.claim(await world.dial())
        commands: list[Command] = []
        line = await begun(claimed, commands)
        world.seat.close_nowait(SeatClosed.LEFT)
        while not commands:  # noqa: ASYNC110 - nothing tells of it
            await trio.sleep(0.005)
        assert commands == [GameLeft()]
        line.close_nowait("game_left", 1)
        claimed.finish_nowait()


async def test_a_call_for_nobodys_game_has_no_slot() -> None:
    async with open_world() as world:
        call = await world.dial(code=None)
        assert (await world.other.desk.answer(call.id, "CA1")).asks_for_code
        claimed = await world.claim(call)
        assert (claimed.reserved, claimed.detects_machine) == (None, False)
        claimed.finish_nowait()
        await world.placing.dialler.wait_until_empty()


async def test_nobody_knows_of_a_worker_that_is_not_there() -> None:
    async with open_world() as world:
        for call_id in ("nobody.1", "", ".", f"{world.placing.shared.switchboard.worker}.made up"):
            assert not (await world.other.desk.answer(call_id, "CA1")).connect
            assert await world.other.desk.claim(call_id) is None
            await world.other.desk.status(call_id, {"CallSid": "CA1", "CallStatus": "ringing"})


async def test_a_worker_that_dies_with_the_stream_frees_the_slot() -> None:
    async with open_world() as world:
        await begun(await world.claim(await world.dial()), [])
        await world.hears(CallStarted)
        world.other.scope.cancel()
        world.placing.desk.lose_worker(world.other.shared.switchboard.worker)
        await world.placing.dialler.wait_until_empty()


async def test_a_claim_that_is_answered_too_late_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "ASK_SECONDS", 0)
    async with open_world() as world:
        call = await world.dial()
        assert await world.other.desk.claim(call.id) is None
        await world.placing.dialler.wait_until_empty()
        assert world.seat.calls == []
        assert not world.placing.shared.switchboard._hosted
        assert not world.other.shared.switchboard._remote
