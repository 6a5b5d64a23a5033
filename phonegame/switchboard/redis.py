"""The switchboard of several processes, which meet in Redis.

A game is at home with the worker that has its websocket: its seat and its slots are there, as they are in memory, and
who gets which slot is decided there and nowhere else. A call of the same worker is patched as in memory, too. A call of
another worker asks the game's by letter, and is there a line like any other, whose far end writes letters:

    game -- MemorySeat -- MemoryLine ~~~ letters ~~~ RemoteLine -- call

leases.py      which worker has which code
post.py        letters between workers: all of them, once, in order
letters.py     what they say
remote.py      the call's end
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

import msgspec
import structlog
import trio

from phonegame.redis_link import RedisAway, RedisLink
from phonegame.switchboard import (
    CallEnding,
    Caller,
    CallEvent,
    Command,
    FromCall,
    NoCodeFree,
    Refused,
    Reserved,
    SeatClosed,
)
from phonegame.switchboard.elsewhere import Service
from phonegame.switchboard.leases import Leases
from phonegame.switchboard.letters import (
    Begin,
    Begun,
    Claim,
    Claimed,
    Closed,
    Commanded,
    Delivered,
    DeliveredHeard,
    Denied,
    ForService,
    GivenBack,
    Letter,
    Released,
    decode,
    encode,
    event_of,
)
from phonegame.switchboard.memory import MemoryLine, MemorySeat
from phonegame.switchboard.post import Post
from phonegame.switchboard.remote import RemoteLine

CLAIM_SECONDS = 5.0
"""For the answer of the game's worker."""
GIVEN_BACK = "hung_up"
WORKER_LOST = "worker_lost"
"""Why a call has ended, as its game has it, where the server that had the call is gone."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass
class _Hosted:
    """The line of a call that is with another worker."""

    line: MemoryLine | RemoteLine
    beginning: trio.CancelScope = field(default_factory=trio.CancelScope)
    began_at: float = field(default_factory=trio.current_time)
    is_ending: bool = False
    """Whether the game has been told."""

    def deliver(self, event: CallEvent) -> None:
        self.is_ending |= isinstance(event, CallEnding)
        self.line.deliver_nowait(event)

    def end(self, reason: str) -> None:
        """Where the call itself does not do so in order."""
        self.beginning.cancel()
        self.line.give_back_nowait()
        if self.line.begun:
            if not self.is_ending:
                self.deliver(CallEnding(reason))
            self.line.close_nowait(reason, trio.current_time() - self.began_at)


class RedisSwitchboard:
    """`run` must run, and go on until everybody has left."""

    def __init__(self, link: RedisLink, codes: Iterable[str], *, random: Random, worker: str | None = None) -> None:
        self.worker = worker or secrets.token_hex(8)
        """This process, among all that share a Redis."""
        self._link = link
        self._seats: dict[str, MemorySeat] = {}
        self._code_lost: dict[MemorySeat, Callable[[str | None], None] | None] = {}
        self._remote: dict[str, tuple[str, RemoteLine]] = {}
        """By line: the game's worker, and our end."""
        self._hosted: dict[tuple[str, str], _Hosted] = {}
        """By the call's worker and line."""
        self._post = Post(link, self.worker, self._take_letter, self._lose_worker)
        self._leases = Leases(
            link,
            self.worker,
            codes,
            random=random,
            lost=self._lose_code,
            died=self._post.forget_nowait,
            watched=self._watched,
        )
        self._nursery: trio.Nursery | None = None
        self._services: dict[str, Service] = {}

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as self._nursery:
            await self._nursery.start(self._post.run)
            await self._nursery.start(self._leases.run)
            task_status.started()

    @property
    def active(self) -> Collection[str]:
        return self._leases.known.keys()

    # games

    @asynccontextmanager
    async def open_seat(
        self,
        take: Callable[[FromCall], None],
        *,
        one_after_the_other: bool = False,
        game: str = "",
        code_lost: Callable[[str | None], None] | None = None,
    ) -> AsyncIterator[MemorySeat]:
        code = await self._new_code()
        if code is None:
            raise NoCodeFree(f"all {self._leases.capacity} codes are in use")
        seat = self._seats[code] = MemorySeat(code, self, take, one_after_the_other, game)
        self._code_lost[seat] = code_lost
        try:
            yield seat
        finally:
            seat.leave_nowait()

    async def _new_code(self) -> str | None:
        try:
            return await self._leases.take()
        except RedisAway:
            raise NoCodeFree("the server cannot give out codes at present") from None

    def give_back(self, seat: MemorySeat) -> None:
        del self._code_lost[seat]
        if self._seats.get(seat.code) is seat:
            del self._seats[seat.code]
            self._leases.give_back_nowait(seat.code)

    def _lose_code(self, code: str) -> None:
        seat = self._seats.pop(code, None)
        if seat is not None:
            assert self._nursery is not None
            self._nursery.start_soon(self._give_new_code, seat)

    async def _give_new_code(self, seat: MemorySeat) -> None:
        """Its calls go on."""
        code_lost = self._code_lost.get(seat)
        try:
            code = await self._new_code() if code_lost is not None else None
        except NoCodeFree:
            code = None
        if seat not in self._code_lost:
            # it has left meanwhile
            if code is not None:
                self._leases.give_back_nowait(code)
            return
        if code is not None:
            seat.code = code
            self._seats[code] = seat
        if code_lost is not None:
            code_lost(code)
        if code is None:
            seat.close_nowait(SeatClosed.CODE_LOST)

    # calls of this worker

    async def join(
        self, code: str, caller: Caller, take: Callable[[Command], None]
    ) -> MemoryLine | RemoteLine | Refused:
        if (seat := self._seats.get(code)) is not None:
            line = seat.reserve_nowait(caller, take)
            if isinstance(line, Refused):
                await trio.lowlevel.checkpoint()
                return line
            return await line.begin(take)
        remote = await self._ask(code, caller, take, is_reserved=False)
        if isinstance(remote, Refused):
            return remote
        try:
            await remote.wait_until_begun()
        except trio.Cancelled:
            remote.drop_nowait()
            raise
        return remote

    async def reserve(
        self, code: str, caller: Caller, take: Callable[[Command], None]
    ) -> MemoryLine | RemoteLine | Refused:
        if (seat := self._seats.get(code)) is not None:
            await trio.lowlevel.checkpoint()
            line = seat.reserve_nowait(caller, take)
            if not isinstance(line, Refused):
                line.is_announced = True
            return line
        return await self._ask(code, caller, take, is_reserved=True)

    async def _ask(
        self, code: str, caller: Caller, take: Callable[[Command], None], *, is_reserved: bool
    ) -> RemoteLine | Refused:
        try:
            worker = await self._leases.worker_of(code)
        except RedisAway:
            return Refused.AWAY
        if worker is None or worker == self.worker:
            return Refused.UNKNOWN
        name = f"{self.worker}.{secrets.token_hex(8)}"
        line = RemoteLine(name, caller, take, partial(self._write, worker), self._remote.pop)
        self._remote[name] = worker, line
        line.ask_nowait(code, is_reserved=is_reserved)
        try:
            with trio.fail_after(CLAIM_SECONDS):
                await line.wait_until_claimed()
        except trio.TooSlowError:
            log.warning("the worker that has the game does not answer", worker=worker)
            line.drop_nowait()
            return Refused.AWAY
        except trio.Cancelled:
            line.drop_nowait()
            raise
        return line.refused or line

    # letters

    def _write(self, worker: str, letter: Letter) -> None:
        self._post.send_nowait(worker, encode(letter))

    def _take_letter(self, worker: str, content: bytes) -> None:
        try:
            letter = decode(content)
        except msgspec.DecodeError:
            log.error("a letter of another worker cannot be read: do all workers have the same version?")
            return
        match letter:
            case None:
                pass
            case ForService(service=service, content=content):
                if service in self._services:
                    self._services[service].take_letter(worker, content)
            case Claimed() | Denied() | Begun() | Commanded():
                if letter.line in self._remote:
                    self._remote[letter.line][1].take_letter(letter)
            case Claim():
                self._host(worker, letter)
            case _:
                if (hosted := self._hosted.get((worker, letter.line))) is not None:
                    self._do_for(worker, hosted, letter)

    def _host(self, worker: str, claim: Claim) -> None:
        def command(command: Command) -> None:
            self._write(worker, Commanded(claim.line, command))

        seat = self._seats.get(claim.code)
        line = seat.reserve_nowait(claim.caller, command) if seat is not None else Refused.UNKNOWN
        if isinstance(line, Refused):
            self._write(worker, Denied(claim.line, line))
            return
        hosted = self._hosted[worker, claim.line] = _Hosted(line)
        self._write(worker, Claimed(claim.line, line.player))
        if claim.is_reserved:
            line.is_announced = True
        else:
            self._begin_soon(worker, claim.line, hosted)

    def _begin_soon(self, worker: str, name: str, hosted: _Hosted) -> None:
        def command(command: Command) -> None:
            self._write(worker, Commanded(name, command))

        async def begin() -> None:
            with hosted.beginning:
                await hosted.line.begin(command)
                hosted.began_at = trio.current_time()
                self._write(worker, Begun(name))

        assert self._nursery is not None
        self._nursery.start_soon(begin)

    def _do_for(
        self,
        worker: str,
        hosted: _Hosted,
        letter: Begin | Delivered | DeliveredHeard | Released | GivenBack | Closed,
    ) -> None:
        line = hosted.line
        match letter:
            case Begin():
                self._begin_soon(worker, letter.line, hosted)
            case Delivered() | DeliveredHeard():
                hosted.deliver(event_of(letter))
            case Released():
                line.release_nowait()
            case GivenBack():
                # the answer that it has begun and this letter may have met on their way
                hosted.end(GIVEN_BACK)
                del self._hosted[worker, letter.line]
            case Closed(reason=reason, seconds=seconds):
                hosted.beginning.cancel()
                line.close_nowait(reason, seconds)
                del self._hosted[worker, letter.line]

    # other workers

    def serve(self, name: str, service: Service) -> None:
        """It has a name of its own, the same on all workers."""
        self._services[name] = service

    def write_nowait(self, worker: str, service: str, content: bytes) -> None:
        """To the service of this name over there: all that is written arrives, once, in order, or `lose_worker`."""
        self._write(worker, ForService(service, content))

    async def is_alive(self, worker: str) -> bool | None:
        """None: nobody can tell, since Redis is away."""
        try:
            return await self._leases.is_alive(worker)
        except RedisAway:
            return None

    def lend_nowait(self, worker: str, line: str, reserved: Reserved) -> None:
        """The call for which the slot is has come to that worker: the line begins and ends from there."""
        assert isinstance(reserved, MemoryLine | RemoteLine)
        self._hosted[worker, line] = _Hosted(reserved)

    def borrow_nowait(self, worker: str, line: str, player: int, caller: Caller) -> RemoteLine:
        """What that worker has lent. Commands before it begins are for whoever has lent it."""
        borrowed = RemoteLine(line, caller, lambda _: None, partial(self._write, worker), self._remote.pop)
        borrowed.take_letter(Claimed(line, player))
        self._remote[line] = worker, borrowed
        return borrowed

    def _watched(self) -> Iterable[str]:
        workers = {worker for worker, _ in self._remote.values()} | {worker for worker, _ in self._hosted}
        return workers.union(*(service.watched() for service in self._services.values()))

    def _lose_worker(self, worker: str) -> None:
        for service in self._services.values():
            service.lose_worker(worker)
        for of, line in list(self._remote.values()):
            if of == worker:
                line.lose_nowait()
        for of, name in list(self._hosted):
            if of == worker:
                self._hosted.pop((of, name)).end(WORKER_LOST)
