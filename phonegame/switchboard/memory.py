"""The switchboard of a single process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import structlog
import trio

from phonegame.codes import CodePool
from phonegame.listen.transcript import Heard
from phonegame.switchboard import CallHeard, CallJoined, CallLeft, GameEvent, NoCodeFree, Refused, SeatClosed

SENTENCES = 16
"""Sentences that wait to be spoken on one line: a minute of speech. A game that sends more is told so or loses them."""
HANDOVER_SECONDS = 0.5
"""How long a caller waits for the last words of the one before. Later ones are lost, so that nothing gets mixed up."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class MemorySwitchboard:
    def __init__(self, pool: CodePool, *, game_queue: int) -> None:
        self._pool = pool
        self._game_queue = game_queue
        self._seats: dict[str, MemorySeat] = {}

    @property
    def active(self) -> Collection[str]:
        return self._seats.keys()

    @asynccontextmanager
    async def open_seat(self) -> AsyncIterator[MemorySeat]:
        code = self._pool.take()
        if code is None:
            raise NoCodeFree(f"all {self._pool.capacity} codes are in use")
        seat = self._seats[code] = MemorySeat(code, self, self._game_queue)
        try:
            yield seat
        finally:
            seat.leave_nowait()
            seat.events.close()

    async def join(self, code: str, call_id: str) -> MemoryLine | Refused:
        seat = self._seats.get(code)
        if seat is None:
            await trio.lowlevel.checkpoint()
            return Refused.UNKNOWN
        if seat.caller is not None:
            await trio.lowlevel.checkpoint()
            return Refused.BUSY
        before = seat.last_line
        line = seat.caller = seat.last_line = MemoryLine(call_id, seat)
        try:
            if before is not None:
                with trio.move_on_after(HANDOVER_SECONDS):
                    await before.closed.wait()
            else:
                await trio.lowlevel.checkpoint()
        except trio.Cancelled:
            line.close_nowait()
            # the next one waits for whom this one has waited for
            seat.last_line = before
            raise
        if before is not None:
            before.close_nowait()
        line.begin_nowait()
        return line

    def give_back(self, code: str) -> None:
        del self._seats[code]
        self._pool.give_back(code)


class MemorySeat:
    def __init__(self, code: str, switchboard: MemorySwitchboard, queue: int) -> None:
        self.code = code
        self._switchboard = switchboard
        self._send_events, self.events = trio.open_memory_channel[GameEvent](queue)
        self._left = False
        self.closed: SeatClosed | None = None
        self.caller: MemoryLine | None = None
        self.last_line: MemoryLine | None = None

    def emit_nowait(self, event: GameEvent) -> None:
        if self._left:
            return
        try:
            self._send_events.send_nowait(event)
        except trio.WouldBlock:
            log.warning("game does not read; it is closed", waiting=self._send_events.statistics().current_buffer_used)
            self.close_nowait(SeatClosed.TOO_SLOW)

    def say_nowait(self, sentence: str) -> int:
        return int(self.caller is not None and self.caller.say_nowait(sentence))

    def close_nowait(self, why: SeatClosed) -> None:
        if not self._left:
            self.closed = why
            self.leave_nowait()

    def leave_nowait(self) -> None:
        if self._left:
            return
        self._left = True
        self._send_events.close()
        self._switchboard.give_back(self.code)
        if self.caller is not None:
            self.caller.game_left_nowait()


class MemoryLine:
    def __init__(self, call_id: str, seat: MemorySeat) -> None:
        self._call_id = call_id
        self._seat = seat
        self._send_sentences, self.sentences = trio.open_memory_channel[str](SENTENCES)
        self._joined = False
        self.game_left = trio.Event()
        self.closed = trio.Event()

    def begin_nowait(self) -> None:
        self._joined = True
        self._seat.emit_nowait(CallJoined(self._call_id))

    def deliver_nowait(self, heard: Heard) -> None:
        if self.closed.is_set():
            log.info("last words came too late: the game has another caller")
            return
        self._seat.emit_nowait(CallHeard(self._call_id, heard))

    def say_nowait(self, sentence: str) -> bool:
        if not self._joined:
            # the game has not heard of this caller yet: it means the one before
            return False
        try:
            self._send_sentences.send_nowait(sentence)
        except (trio.WouldBlock, trio.ClosedResourceError, trio.BrokenResourceError):
            return False
        return True

    def game_left_nowait(self) -> None:
        self.game_left.set()
        self._send_sentences.close()

    def release_nowait(self) -> None:
        self._send_sentences.close()
        if self._seat.caller is self:
            self._seat.caller = None

    def close_nowait(self) -> None:
        if self.closed.is_set():
            return
        self.release_nowait()
        self.sentences.close()
        self.closed.set()
        if self._joined:
            self._seat.emit_nowait(CallLeft(self._call_id))
