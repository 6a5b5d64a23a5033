"""A dialler, a switchboard with one game, and a carrier that does what the test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import structlog
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.carrier import CarrierError
from phonegame.codes import CodePool
from phonegame.dialling import Dialler, DialLimits, DialQuota, DialRefused, Order, OutgoingCall
from phonegame.switchboard import CallStatus, FromCall, Seat, SeatClosed
from phonegame.switchboard.memory import MemorySwitchboard

TO = "+12025550123"
RING_SECONDS = 30
CODE = "42"


@dataclass
class FakeCarrier:
    """`answer`: the id of the next call, an error, or None for no answer at all. `hang_up_errors` come first."""

    answer: str | CarrierError | None = "CA1"
    hang_up_errors: list[CarrierError] = field(default_factory=list)
    placed: list[tuple[str, str, bool]] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)
    may_answer: trio.Event = field(default_factory=trio.Event)

    async def place(self, to: str, call_id: str, *, detect_machine: bool) -> str:
        self.placed.append((to, call_id, detect_machine))
        await self.may_answer.wait()
        if isinstance(self.answer, CarrierError):
            raise self.answer
        if self.answer is None:
            await trio.sleep_forever()
        assert self.answer is not None
        return self.answer

    async def hang_up(self, call_sid: str) -> None:
        await trio.lowlevel.checkpoint()
        self.hung_up.append(call_sid)
        if self.hang_up_errors:
            raise self.hang_up_errors.pop(0)


@dataclass
class Exchange:
    dialler: Dialler
    carrier: FakeCarrier
    switchboard: MemorySwitchboard
    seat: Seat
    taken: list[FromCall]
    nursery: trio.Nursery
    refused: list[DialRefused] = field(default_factory=list)

    @property
    def said(self) -> list[str]:
        """What the game has been told about calls of its."""
        return [event.event.status for event in self.taken if isinstance(event.event, CallStatus)]

    @property
    def last(self) -> CallStatus:
        event = self.taken[-1].event
        assert isinstance(event, CallStatus)
        return event

    async def dial(self, to: str = TO, code: str | None = CODE, dial_id: str | None = None) -> OutgoingCall:
        call = self.dialler.dial_nowait(Order(to, code, "game", dial_id), self.refused.append)
        await wait_all_tasks_blocked()
        return call

    async def tells(self, call: OutgoingCall, *statuses: str, call_sid: str = "CA1") -> None:
        for status in statuses:
            self.dialler.status_nowait(call.id, {"CallSid": call_sid, "CallStatus": status})
        await wait_all_tasks_blocked()

    async def ringing(self) -> OutgoingCall:
        call = await self.dial()
        await self.tells(call, "ringing")
        return call

    async def is_over(self) -> None:
        await wait_all_tasks_blocked()
        assert len(self.dialler) == 0


@asynccontextmanager
async def open_exchange(
    *,
    allow: tuple[str, ...] = ("+1",),
    limits: DialLimits | None = None,
    answers: bool = True,
    one_after_the_other: bool = False,
) -> AsyncIterator[Exchange]:
    """Asks at its end that no call is left. `answers`: the carrier takes orders at once."""
    carrier = FakeCarrier()
    if answers:
        carrier.may_answer.set()
    switchboard = MemorySwitchboard(CodePool([CODE], random=Random(1)))
    dialler = Dialler(
        carrier,
        switchboard,
        DialQuota(limits or DialLimits(100, 100, 100, 100)),
        allow=allow,
        known_as=lambda number: f"hash of {number}",
        ring_seconds=RING_SECONDS,
    )
    taken: list[FromCall] = []
    with structlog.testing.capture_logs() as logged:
        async with (
            trio.open_nursery() as nursery,
            switchboard.open_seat(taken.append, one_after_the_other=one_after_the_other) as seat,
        ):
            await nursery.start(dialler.run)
            yield Exchange(dialler, carrier, switchboard, seat, taken, nursery)
            if seat.closed is None:
                seat.close_nowait(SeatClosed.LEFT)
            nursery.cancel_scope.cancel()
    assert len(dialler) == 0
    assert [line for line in logged if line["log_level"] == "error" or TO in str(line)] == []
