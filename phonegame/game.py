"""One game: a websocket at `/game`, a code, and the calls of those who say it."""

from __future__ import annotations

import contextvars
import secrets

import structlog
import trio

from phonegame.asgi import Batch, RawWebsocket
from phonegame.switchboard import CallJoined, NoCodeFree, Seat, SeatClosed, Switchboard
from phonegame.wire import text as wire

MAX_MESSAGE_LENGTH = 16 * 1024
"""A sentence for the caller: this much takes a quarter of an hour to speak."""
TRY_AGAIN_LATER = 1013
CLOSE_CODES = {
    SeatClosed.LEFT: 1000,
    SeatClosed.TOO_LONG: 1009,
    SeatClosed.TOO_SLOW: TRY_AGAIN_LATER,
    SeatClosed.SHUTDOWN: 1001,
}

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Game:
    """The session is one nursery: one task reads from the game all the time, one writes to it."""

    def __init__(self, socket: RawWebsocket, switchboard: Switchboard, phone_number: str) -> None:
        self._socket = socket
        self._switchboard = switchboard
        self._phone_number = phone_number
        self._seat: Seat | None = None
        self._must_leave: SeatClosed | None = None

    def leave_nowait(self, why: SeatClosed) -> None:
        """Ends the game: its code is free at once and its caller let go; it may still read what it was sent."""
        self._must_leave = why
        if self._seat is not None:
            self._seat.close_nowait(why)

    async def run(self) -> None:
        structlog.contextvars.bind_contextvars(game=secrets.token_hex(4))
        # messages come from the task that reads the socket, whose log lines would not name the game
        context = contextvars.copy_context()
        await self._socket.accept(lambda batch: context.run(self._take, batch))
        try:
            async with self._switchboard.open_seat() as seat:
                self._seat = seat
                if self._must_leave is not None:
                    seat.close_nowait(self._must_leave)
                log.info("game in", code=seat.code)
                try:
                    await self._play(seat)
                finally:
                    why = seat.closed or SeatClosed.LEFT
                    log.info("game out", code=seat.code, why=why.value)
            await self._socket.close(CLOSE_CODES[why], why.value)
        except NoCodeFree as error:
            log.warning("game turned away", why=str(error))
            await self._socket.close(TRY_AGAIN_LATER, f"No code is free: {error}. Try again later.")

    async def _play(self, seat: Seat) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._send_to_game, seat, nursery.cancel_scope)
            await self._socket.receive_until_closed()
            # at once, even while the other task waits for a socket that nobody reads
            seat.close_nowait(SeatClosed.LEFT)
            nursery.cancel_scope.cancel()

    async def _send_to_game(self, seat: Seat, session: trio.CancelScope) -> None:
        for line in wire.greeting(self._phone_number, seat.code):
            await self._socket.send_text(line)
        async for event in seat.events:
            if isinstance(event, CallJoined):
                log.info("caller joined", call=event.call_id)
            message = wire.encode(event)
            if message is not None:
                await self._socket.send_text(message)
        session.cancel()

    def _take(self, batch: Batch) -> None:
        seat = self._seat
        for text in batch:
            if seat is None or seat.closed:
                return
            if len(text) > MAX_MESSAGE_LENGTH:
                self.leave_nowait(SeatClosed.TOO_LONG)
            elif not text.strip():
                log.warning("message from the game ignored: it has no text")
            elif seat.say_nowait(text) == 0:
                log.warning("sentence from the game dropped: nobody is on the phone, or too many are waiting")
