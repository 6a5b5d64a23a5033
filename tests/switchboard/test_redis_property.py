"""Hundreds of games and thousands of calls come and go over three workers, which die: no code is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import pytest
import trio

from phonegame.switchboard import CallKeyed, Line, NoCodeFree, Refused, Seat, leases
from phonegame.switchboard.lease_scripts import CODES as KEY
from tests.redis_server import RedisServer, redis_server
from tests.switchboard.played import Events, Phone, ignore
from tests.switchboard.workers import Worker, start_worker

CODES = [str(number) for number in range(50)]
VISITS, TOGETHER, CALLS = 600, 20, 5
KILL_EVERY = 100


@dataclass
class Place:
    """A worker, and the games and calls that end with it."""

    worker: Worker
    _visitors: set[trio.CancelScope] = field(default_factory=set)
    _is_alive: bool = True

    @contextmanager
    def visitor(self) -> Iterator[None]:
        with trio.CancelScope() as scope:
            self._visitors.add(scope)
            if not self._is_alive:
                scope.cancel()
            try:
                yield
            finally:
                self._visitors.remove(scope)

    def kill(self) -> None:
        self._is_alive = False
        self.worker.kill()
        for scope in self._visitors:
            scope.cancel()


class Fair:
    def __init__(self, server: RedisServer, nursery: trio.Nursery, seed: int) -> None:
        self._server = server
        self._nursery = nursery
        self._random = Random(seed)
        self.places: list[Place] = []
        self._shown: set[str] = set()
        """Codes of games that are there."""
        self.kills = self.visits = self.joined = self.refused = self.turned_away = 0

    async def open_place(self) -> None:
        self.places.append(Place(await start_worker(self._nursery, self._server, CODES, self._random.randrange(10**6))))

    async def lose_place(self) -> None:
        self.kills += 1
        place = self.places.pop(self._random.randrange(len(self.places)))
        place.kill()
        await self.open_place()

    async def visit(self) -> None:
        """A game, and some who call it from wherever they are."""
        self.visits += 1
        place = self._random.choice(self.places)
        events = Events()
        try:
            with place.visitor():
                async with place.worker.switchboard.open_seat(events.take) as seat:
                    assert seat.code not in self._shown, "two games show one code"
                    self._shown.add(seat.code)
                    try:
                        await self._calls(seat, events)
                    finally:
                        self._shown.remove(seat.code)
        except NoCodeFree:
            self.turned_away += 1

    async def _calls(self, seat: Seat, events: Events) -> None:
        accept = self._random.randrange(1, CALLS)
        seat.accept_nowait(accept)
        async with trio.open_nursery() as nursery:
            for number in range(CALLS):
                nursery.start_soon(self._call, self._random.choice(self.places), seat.code, f"{seat.code}-{number}")
        seen = [event for event in events.all if isinstance(event.event, CallKeyed)]
        for call_id, _ in events.started:
            told = [event for event in seen if event.call_id == call_id]
            # what was said in one call is a beginning of what was to be said, in order
            keys = [event.event.digit for event in told if isinstance(event.event, CallKeyed)]
            assert keys == list("123"[: len(keys)])
        assert all(player <= accept for _, player in events.started)

    async def _call(self, place: Place, code: str, call_id: str) -> None:
        with place.visitor():
            outcome = await Phone(place.worker.switchboard, call_id).try_to_join(code)
            if isinstance(outcome, Refused):
                self.refused += 1
                return
            self.joined += 1
            await self._talk(outcome)

    async def _talk(self, line: Line) -> None:
        for digit in "123":
            line.deliver_nowait(CallKeyed(digit))
            await trio.sleep(self._random.uniform(0, 0.005))
        line.close_nowait("hung_up", 1)


@pytest.fixture
def short(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not too short: who is late on a busy machine must not seem dead."""
    monkeypatch.setattr(leases, "LEASE_SECONDS", 2.5)
    monkeypatch.setattr(leases, "GRACE_SECONDS", 1.0)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1])
async def test_no_code_is_lost_or_doubled(seed: int, short: None) -> None:
    async with redis_server() as server, trio.open_nursery() as nursery:
        fair = Fair(server, nursery, seed)
        for _ in range(3):
            await fair.open_place()

        async def come_and_go() -> None:
            while fair.visits < VISITS:
                await fair.visit()
                if fair.visits // KILL_EVERY > fair.kills:
                    await fair.lose_place()

        async with trio.open_nursery() as visitors:
            for _ in range(TOGETHER):
                visitors.start_soon(come_and_go)
        assert fair.joined > VISITS
        assert fair.kills == VISITS // KILL_EVERY
        link = fair.places[0].worker.shared.link
        with trio.fail_after(15):
            # the dead are found out about
            while await link.ask(lambda client: client.hlen(KEY)):  # noqa: ASYNC110
                await trio.sleep(0.05)
        await all_codes_can_be_had(fair)
        nursery.cancel_scope.cancel()


async def all_codes_can_be_had(fair: Fair) -> None:
    codes: list[str] = []
    full = trio.Event()

    async def hold(number: int) -> None:
        with suppress(NoCodeFree):
            async with fair.places[number % 3].worker.switchboard.open_seat(ignore) as seat:
                codes.append(seat.code)
                if len(codes) == len(CODES):
                    full.set()
                await full.wait()

    with trio.fail_after(15):
        async with trio.open_nursery() as nursery:
            for number in range(len(CODES)):
                nursery.start_soon(hold, number)
    assert sorted(codes) == sorted(CODES)
