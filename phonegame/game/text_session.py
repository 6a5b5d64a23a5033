"""A game that speaks the text protocol: one websocket, one caller at a time, and gone is gone."""

from __future__ import annotations

import secrets

import structlog
import trio

from phonegame.asgi import Batch, RawWebsocket
from phonegame.board.shown import GameShown
from phonegame.game.close_codes import CLOSE_CODES, TRY_AGAIN_LATER
from phonegame.game.live_calls import LiveCalls
from phonegame.speak.saying import Dropped, Receipt, Saying
from phonegame.switchboard import (
    CallStarted,
    FromCall,
    NoCodeFree,
    Say,
    SayFinished,
    Seat,
    SeatClosed,
    Switchboard,
)
from phonegame.wire import text as wire

MAX_MESSAGE_LENGTH = 16 * 1024
"""A sentence for the caller: this much takes a quarter of an hour to speak."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class TextSession:
    """One nursery: one task reads from the game all the time, one writes to it."""

    def __init__(self, socket: RawWebsocket, switchboard: Switchboard, phone_number: str, queue: int) -> None:
        """`queue`: messages that wait for a game which does not read; with more it is closed."""
        self._socket = socket
        self._switchboard = switchboard
        self._phone_number = phone_number
        self._send_messages, self._messages = trio.open_memory_channel[str](queue)
        self._sayings = 0
        self._id = secrets.token_hex(4)
        # messages and events come in the tasks of others, whose own log lines name no game
        self._log: structlog.stdlib.BoundLogger = log.bind(game=self._id)
        self._seat: Seat | None = None
        self._must_leave: SeatClosed | None = None
        self._live = LiveCalls()
        self._is_last = False
        """Whether it is to leave with its last call."""

    @property
    def is_open(self) -> bool:
        return self._seat is not None and self._seat.closed is None

    @property
    def shown(self) -> GameShown:
        assert self._seat is not None
        return GameShown(self._seat.code, "text")

    def leave_nowait(self, why: SeatClosed) -> None:
        self._must_leave = why
        if self._seat is not None:
            self._seat.close_nowait(why)
            self._send_messages.close()

    def drain_nowait(self, seconds: float) -> None:
        self._is_last = True
        if not self._live:
            self.leave_nowait(SeatClosed.RESTART)

    async def run(self) -> None:
        structlog.contextvars.bind_contextvars(game=self._id)
        await self._socket.accept(self._take_messages)
        try:
            async with self._switchboard.open_seat(
                self._take_event, one_after_the_other=True, code_lost=self._lose_code
            ) as seat:
                self._seat = seat
                if self._must_leave is not None:
                    self.leave_nowait(self._must_leave)
                self._log.info("game in", code=seat.code, protocol="text")
                try:
                    await self._play(seat)
                finally:
                    why = seat.closed or SeatClosed.LEFT
                    self._log.info("game out", code=seat.code, why=why.value)
            await self._socket.close(CLOSE_CODES[why], why.value)
        except NoCodeFree as error:
            self._log.warning("game turned away", why=str(error))
            await self._socket.close(TRY_AGAIN_LATER, f"No code is free: {error}. Try again later.")

    async def _play(self, seat: Seat) -> None:
        with self._send_messages, self._messages:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send_to_game, seat, nursery.cancel_scope)
                await self._socket.receive_until_closed()
                # at once, even while the other task waits for a socket that nobody reads
                self.leave_nowait(SeatClosed.LEFT)
                nursery.cancel_scope.cancel()

    async def _send_to_game(self, seat: Seat, session: trio.CancelScope) -> None:
        for line in wire.greeting(self._phone_number, seat.code):
            await self._socket.send_text(line)
        async for message in self._messages:
            await self._socket.send_text(message)
        session.cancel()

    def _lose_code(self, _: str | None) -> None:
        """It could not be told another one: the protocol shows a code once."""
        self.leave_nowait(SeatClosed.CODE_LOST)

    def _take_event(self, event: FromCall) -> None:
        match event.event:
            case CallStarted():
                self._log.info("caller joined", call=event.call_id)
            case SayFinished(receipt=Receipt(dropped=Dropped() as why)):
                self._log.info("sentence from the game not heard to its end", call=event.call_id, why=why.value)
        message = wire.encode(event)
        if message is not None:
            self._send_nowait(message)
        self._live.follow(event)
        if self._is_last and not self._live and self.is_open:
            self.leave_nowait(SeatClosed.RESTART)

    def _send_nowait(self, message: str) -> None:
        try:
            self._send_messages.send_nowait(message)
        except trio.WouldBlock:
            waiting = self._send_messages.statistics().current_buffer_used
            self._log.warning("game does not read; it is closed", waiting=waiting)
            self.leave_nowait(SeatClosed.TOO_SLOW)

    def _take_messages(self, batch: Batch) -> None:
        seat = self._seat
        for text in batch:
            if seat is None or seat.closed:
                return
            if len(text) > MAX_MESSAGE_LENGTH:
                self.leave_nowait(SeatClosed.TOO_LONG)
            elif not text.strip():
                self._log.warning("message from the game ignored: it has no text")
            else:
                self._say(seat, text)

    def _say(self, seat: Seat, text: str) -> None:
        self._sayings += 1
        if not seat.command_nowait(Say(Saying(say_id=str(self._sayings), text=text))):
            self._log.warning("sentence from the game dropped: nobody is on the phone")
