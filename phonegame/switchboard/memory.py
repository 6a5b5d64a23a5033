"""The switchboard of a single process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import msgspec
import structlog
import trio

from phonegame.codes import CodePool
from phonegame.switchboard import (
    ALL,
    MAX_CALLERS,
    CallEnded,
    Caller,
    CallEvent,
    CallHeard,
    CallStarted,
    Command,
    FromCall,
    GameLeft,
    HangUp,
    NoCodeFree,
    PlayCharacter,
    Refused,
    SeatClosed,
    To,
    is_meant,
)
from phonegame.switchboard.slots import Slots

HANDOVER_SECONDS = 0.5
"""How long a caller waits for the last words of the one before. Later ones are lost, so that nothing gets mixed up."""

T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class MemorySwitchboard:
    def __init__(self, pool: CodePool) -> None:
        self._pool = pool
        self._seats: dict[str, MemorySeat] = {}

    @property
    def active(self) -> Collection[str]:
        return self._seats.keys()

    @asynccontextmanager
    async def open_seat(
        self,
        take: Callable[[FromCall], None],
        *,
        one_after_the_other: bool = False,
        game: str = "",
        code_lost: Callable[[str | None], None] | None = None,
    ) -> AsyncIterator[MemorySeat]:
        """`code_lost` is never called: there is nobody else who could have given it out."""
        code = self._pool.take()
        if code is None:
            raise NoCodeFree(f"all {self._pool.capacity} codes are in use")
        seat = self._seats[code] = MemorySeat(code, self, take, one_after_the_other, game)
        try:
            yield seat
        finally:
            seat.leave_nowait()

    async def join(self, code: str, caller: Caller, take: Callable[[Command], None]) -> MemoryLine | Refused:
        line = self._reserve(code, caller, take)
        if isinstance(line, Refused):
            await trio.lowlevel.checkpoint()
            return line
        return await line.begin(take)

    async def reserve(self, code: str, caller: Caller, take: Callable[[Command], None]) -> MemoryLine | Refused:
        await trio.lowlevel.checkpoint()
        line = self._reserve(code, caller, take)
        if not isinstance(line, Refused):
            line.is_announced = True
        return line

    def _reserve(self, code: str, caller: Caller, take: Callable[[Command], None]) -> MemoryLine | Refused:
        seat = self._seats.get(code)
        return seat.reserve_nowait(caller, take) if seat is not None else Refused.UNKNOWN

    def give_back(self, seat: MemorySeat) -> None:
        del self._seats[seat.code]
        self._pool.give_back(seat.code)


class Codes(Protocol):
    """Where a seat has its code from."""

    def give_back(self, seat: MemorySeat) -> None: ...


class MemorySeat:
    """A game of this process, whose calls may be anywhere."""

    def __init__(
        self,
        code: str,
        switchboard: Codes,
        take: Callable[[FromCall], None],
        one_after_the_other: bool,
        game: str,
    ) -> None:
        self.code = code
        self._switchboard = switchboard
        self._take = take
        self.one_after_the_other = one_after_the_other
        self._game = game
        self._accept = 1
        self._slots = Slots()
        self._lines: dict[int, MemoryLine] = {}
        """Who is joining or joined, by slot."""
        self._left = False
        self.closed: SeatClosed | None = None
        self.last_line: MemoryLine | None = None
        """Where calls come one after the other: the latest, gone or not."""

    @property
    def calls(self) -> Sequence[tuple[str, int]]:
        return [(line.call_id, line.player) for line in self._begun()]

    def command_nowait(self, command: Command, to: To = ALL) -> list[str]:
        reached = []
        if isinstance(command, PlayCharacter):
            command = msgspec.structs.replace(command, game=self._game)
        for line in self._reached_by(command):
            # the command may have ended more than the call that it was handed to
            is_there = self._lines.get(line.player) is line and not self._left
            if is_there and is_meant(to, line.call_id, line.player):
                line.command_nowait(command)
                reached.append(line.call_id)
        return reached

    def accept_nowait(self, callers: int) -> None:
        if not 1 <= callers <= MAX_CALLERS:
            raise ValueError(f"{callers} callers at once; from 1 to {MAX_CALLERS} are possible")
        self._accept = callers

    def close_nowait(self, why: SeatClosed) -> None:
        if not self._left:
            self.closed = why
            self.leave_nowait()

    def leave_nowait(self) -> None:
        if self._left:
            return
        self._left = True
        self._switchboard.give_back(self)
        for line in list(self._lines.values()):
            line.command_nowait(GameLeft())

    def reserve_nowait(self, caller: Caller, take: Callable[[Command], None]) -> MemoryLine | Refused:
        """A line with a slot, which has yet to begin."""
        accept = 1 if self.one_after_the_other else self._accept
        slot = self._slots.take(accept, caller.known_as, trio.current_time())
        if slot is None:
            return Refused.BUSY
        line = self._lines[slot] = MemoryLine(caller, slot, take, self)
        return line

    def release_nowait(self, line: MemoryLine) -> None:
        del self._lines[line.player]
        self._slots.give_back(line.player, line.caller.known_as, trio.current_time())

    def emit_nowait(self, event: FromCall) -> None:
        if not self._left:
            hand_over(self._take, event)

    async def wait_for_turn(self, line: MemoryLine) -> None:
        """Where calls come one after the other: until the one before is closed, which it is in the end."""
        before = self.last_line
        if self.one_after_the_other:
            self.last_line = line
        try:
            if before is not None:
                with trio.move_on_after(HANDOVER_SECONDS):
                    await before.closed.wait()
            else:
                await trio.lowlevel.checkpoint()
        except trio.Cancelled:
            if self.one_after_the_other:
                # the next one waits for whom this one has waited for
                self.last_line = before
            raise
        if before is not None:
            before.close_nowait("another caller has joined", 0)

    def _begun(self) -> list[MemoryLine]:
        return [line for _, line in sorted(self._lines.items()) if line.begun]

    def _reached_by(self, command: Command) -> list[MemoryLine]:
        """A phone that rings can be told to stop, and nothing else."""
        if not isinstance(command, HangUp):
            return self._begun()
        return [line for _, line in sorted(self._lines.items()) if line.begun or line.is_announced]


class MemoryLine:
    def __init__(self, caller: Caller, player: int, take: Callable[[Command], None], seat: MemorySeat) -> None:
        self.caller = caller
        self.call_id = caller.call_id
        self.player = player
        self._take = take
        self._seat = seat
        self.begun = False
        """Whether the caller is there: commands before that mean somebody else."""
        self.is_announced = False
        """Whether the game knows of it all the same, since the call is an outgoing one."""
        self._released = False
        self.closed = trio.Event()

    async def begin(self, take: Callable[[Command], None]) -> MemoryLine:
        self._take = take
        try:
            await self._seat.wait_for_turn(self)
        except trio.Cancelled:
            self.give_back_nowait()
            raise
        if not self.closed.is_set():
            self.begun = True
            self._emit_nowait(CallStarted(self.caller))
        return self

    def give_back_nowait(self) -> None:
        if not self.begun:
            self.release_nowait()
            self.closed.set()

    def command_nowait(self, command: Command) -> None:
        hand_over(self._take, command)

    def deliver_nowait(self, event: CallEvent) -> None:
        if not self.closed.is_set():
            self._emit_nowait(event)
        elif isinstance(event, CallHeard):
            log.info("last words came too late: the game has another caller")

    def release_nowait(self) -> None:
        if not self._released:
            self._released = True
            self._seat.release_nowait(self)

    def close_nowait(self, reason: str, seconds: float) -> None:
        if self.closed.is_set():
            return
        self.release_nowait()
        self.closed.set()
        self._emit_nowait(CallEnded(reason, seconds))

    def _emit_nowait(self, event: CallEvent) -> None:
        self._seat.emit_nowait(FromCall(self.call_id, self.player, event))


def hand_over(take: Callable[[T], None], what: T) -> None:
    """The one place where the other end's code runs. An error in there is the other end's own affair."""
    try:
        take(what)
    except Exception:
        log.exception("error at one end of a line; the other end goes on", what=type(what).__name__)
