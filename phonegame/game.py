"""One game: a websocket at `/game`, a code, and the calls of those who say it."""

from __future__ import annotations

import secrets

import structlog
import trio
from quart.wrappers import Websocket
from quart.wrappers.base import ClientDisconnectedError

from phonegame.switchboard import CallJoined, NoCodeFree, Seat, SeatClosed, Switchboard
from phonegame.wire import text as wire

MAX_MESSAGE_BYTES = 16 * 1024
"""A sentence for the caller: this much takes a quarter of an hour to speak."""
TRY_AGAIN_LATER = 1013
GOING_AWAY = 1001
MESSAGE_TOO_BIG = 1009

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Game:
    """The session is one nursery: one task reads from the game all the time, one writes to it."""

    def __init__(self, websocket: Websocket, switchboard: Switchboard, phone_number: str) -> None:
        self._websocket = websocket
        self._switchboard = switchboard
        self._phone_number = phone_number
        self._seat: Seat | None = None

    def leave_nowait(self, why: SeatClosed) -> None:
        """Ends the game from the server's side: its code is free at once, its caller let go, its socket closed."""
        if self._seat is not None:
            self._seat.close_nowait(why)

    async def run(self) -> None:
        structlog.contextvars.bind_contextvars(game=secrets.token_hex(4))
        await self._websocket.accept()
        try:
            async with self._switchboard.open_seat() as seat:
                self._seat = seat
                log.info("game in", code=seat.code)
                try:
                    await self._play(seat)
                finally:
                    log.info("game out", code=seat.code, why=seat.closed.value if seat.closed else "the game left")
        except NoCodeFree as error:
            log.warning("game turned away", why=str(error))
            await self._websocket.close(TRY_AGAIN_LATER, f"No code is free: {error}. Try again later.")

    async def _play(self, seat: Seat) -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send_to_game, seat, nursery.cancel_scope)
                await self._receive_from_game(seat)
                nursery.cancel_scope.cancel()
        except* ClientDisconnectedError:
            # Quart raises it where the game leaves while it is sent something, just before it cancels the handler
            pass

    async def _send_to_game(self, seat: Seat, session: trio.CancelScope) -> None:
        for line in wire.greeting(self._phone_number, seat.code):
            await self._websocket.send(line)
        async for event in seat.events:
            if isinstance(event, CallJoined):
                log.info("caller joined", call=event.call_id)
            message = wire.encode(event)
            if message is not None:
                await self._websocket.send(message)
        if seat.closed is not None:
            code = GOING_AWAY if seat.closed is SeatClosed.SHUTDOWN else TRY_AGAIN_LATER
            await self._websocket.close(code, seat.closed.value)
        session.cancel()

    async def _receive_from_game(self, seat: Seat) -> None:
        """Ends only when a message is too long: a game that leaves cancels the whole handler."""
        while True:
            message = await self._websocket.receive()
            if len(message) > MAX_MESSAGE_BYTES:
                log.warning("message from the game is too long", size=len(message))
                await self._websocket.close(MESSAGE_TOO_BIG, f"A message may have {MAX_MESSAGE_BYTES} bytes at most.")
                return
            if isinstance(message, bytes):
                log.warning("binary message from the game ignored: the text protocol has text messages only")
            elif message.strip() and seat.say_nowait(message) == 0:
                log.warning("sentence from the game dropped: nobody is on the phone, or too many are waiting")
