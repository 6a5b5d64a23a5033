"""One game that speaks phonegame.v1. It outlives its websockets: one that is lost may be followed by another.

    there --the websocket is closed with 1000 or without a code----------------> over
          --the websocket is lost--> away --nobody has come back in time-------> over
          <--another one resumes---- away
          --another one resumes----> there: the websocket that seemed alive is closed
          --too much waits for it, the server goes down------------------------> over
          --the server is to stop, and there is no call (any more)-------------> over

What happens is posted in the game's mailbox, which the websocket that it has at the time empties.
"""

from __future__ import annotations

import hmac
import math
import secrets
from collections.abc import Callable
from typing import Protocol, assert_never

import structlog
import trio

from phonegame import switchboard
from phonegame.board.shown import GameShown
from phonegame.dialling import DialRefused, Rule
from phonegame.dialling import Order as DialOrder
from phonegame.game.characters import Characters, no_such_call
from phonegame.game.close_codes import CLOSE_CODES, DONE, GOODBYES
from phonegame.game.live_calls import LiveCalls
from phonegame.game.mailbox import Mailbox
from phonegame.game.sayings import Sayings
from phonegame.switchboard import ALL, Command, Expect, FromCall, GameAway, GameBack, SeatClosed, Switchboard, To
from phonegame.wire import v1

TAKEN_OVER = "the game has come back over another connection"


class Placed(Protocol):
    """A call that is being placed. It keeps its id when it is answered."""

    @property
    def id(self) -> str: ...


Dial = Callable[[DialOrder, Callable[[DialRefused], None]], Placed]
"""Places a call, or raises `DialRefused`; what stands against it and is found out later is told to the function."""
Order = (
    v1.Say
    | v1.Play
    | v1.Clear
    | v1.HangUp
    | v1.Vocabulary
    | v1.Accept
    | v1.Dial
    | v1.Record
    | v1.Character
    | v1.CharacterStop
    | v1.ActionResult
    | v1.Ignored
)
"""What a game's message means to the game; the others are its websocket's affair."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Connection(Protocol):
    """The websocket that a game has at the time."""

    def serve_nowait(self, game: V1Game, *, resumed: bool) -> None:
        """From here on it is this game's: says welcome, then sends what is in the mailbox."""

    def wake_nowait(self) -> None:
        """There is something in the mailbox."""

    def finish_nowait(self, code: int, reason: str) -> None:
        """The game is over: closes the websocket when it has sent what is in the mailbox."""

    def drop_nowait(self, code: int, reason: str) -> None:
        """The game has another one: closes the websocket, and sends nothing any more."""


class V1Game:
    def __init__(
        self,
        phone_number: str,
        dial: Dial | None = None,
        *,
        known_as: str,
        memory: str = "",
        away_seconds: float,
        queue: int,
        worker: str = "",
    ) -> None:
        """`dial`: None on a server that places no calls.

        `known_as`: for the limits of its calls. It outlives the game, which would otherwise connect anew to dial more.
        `memory`: see `open_seat`. `worker`: where it is, for who comes back to another one; empty where there is one.
        """
        self._dial = dial
        self._known_as = known_as
        self._memory = memory
        self._phone_number = phone_number
        self._away_seconds = away_seconds
        self._queue = queue
        self._token = f"{worker}." * bool(worker) + secrets.token_urlsafe(32)
        self.id = secrets.token_hex(4)
        self._log: structlog.stdlib.BoundLogger = log.bind(game=self.id)
        self.mailbox = Mailbox(queue)
        self._calls = v1.Calls()
        self._vocabulary: tuple[str, ...] = ()
        self._connection: Connection | None = None
        self._away_until = math.inf
        self._patience = trio.CancelScope()
        self.is_open = False
        """Whether it has a code."""
        self._live = LiveCalls()
        self._is_last = False
        """Whether it is over with its last call."""
        self._over = trio.Event()
        self._why: SeatClosed | None = None

    # from begin to end

    async def run(self, switchboard: Switchboard, connection: Connection) -> None:
        """Returns when the game is over, whichever websocket it has by then. Raises `NoCodeFree`."""
        async with switchboard.open_seat(
            self._take_event, game=self._memory, code_lost=self._change_code
        ) as self._seat:
            self._sayings = Sayings(self._seat, self.post_nowait, self._queue)
            self._characters = Characters(self._seat, self.post_nowait)
            self._log.info("game in", code=self._seat.code, protocol=v1.SUBPROTOCOL)
            self.is_open = True
            self._attach(connection, resumed=False)
            try:
                if self._why is None:
                    await self._wait_until_over()
            finally:
                self.end_nowait(SeatClosed.LEFT)
                self._log.info("game out", code=self._seat.code, why=(self._why or SeatClosed.LEFT).value)

    @property
    def shown(self) -> GameShown:
        return GameShown(self._seat.code, v1.SUBPROTOCOL, is_away=self._connection is None)

    async def _wait_until_over(self) -> None:
        while not self._over.is_set():
            with trio.CancelScope(deadline=self._away_until) as self._patience:
                await self._over.wait()
            # it may have come back in the very moment
            if trio.current_time() >= self._away_until:
                self.end_nowait(SeatClosed.AWAY_TOO_LONG)

    def end_nowait(self, why: SeatClosed) -> None:
        """The code is free at once and the callers are let go; the game may still read what it was sent."""
        self._why = why = self._why or why
        if not self.is_open:
            return
        self.is_open = False
        self._over.set()
        self._seat.close_nowait(why)
        if self._connection is not None:
            self._connection.finish_nowait(CLOSE_CODES[why], why.value)

    def drain_nowait(self, seconds: float) -> None:
        """The server is to stop, in so many seconds at the latest: the game is over as soon as no call is left."""
        self._is_last = True
        self.post_nowait(v1.ServerStopping(seconds=seconds))
        self._end_if_last()

    def _end_if_last(self) -> None:
        if self._is_last and not self._live:
            self.end_nowait(SeatClosed.RESTART)

    def _change_code(self, code: str | None) -> None:
        if code is None:
            self.end_nowait(SeatClosed.CODE_LOST)
        else:
            self._log.info("game has another code", code=code)
            self.post_nowait(v1.CodeChanged(code=code))

    # websockets come and go

    def has_token(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())

    def welcome(self, *, resumed: bool) -> v1.Welcome:
        return v1.Welcome(
            phone_number=self._phone_number,
            code=self._seat.code,
            resume_token=self._token,
            resumed=resumed,
            away_seconds=self._away_seconds,
        )

    def resume_nowait(self, connection: Connection, last_seq: int) -> str | None:
        """Gives the reason, in words, where that is not possible: all stays as it is then."""
        why_not = self.mailbox.rewind(last_seq)
        if why_not is None:
            self._attach(connection, resumed=True)
        return why_not

    def _attach(self, connection: Connection, *, resumed: bool) -> None:
        before, self._connection = self._connection, connection
        was_away = self._away_until < math.inf
        self._away_until = self._patience.deadline = math.inf
        if before is not None:
            before.drop_nowait(DONE, TAKEN_OVER)
        connection.serve_nowait(self, resumed=resumed)
        if resumed:
            self._log.info("game back", code=self._seat.code, was_away=was_away, missed=self.mailbox.waiting)
        if was_away:
            self._seat.command_nowait(GameBack())

    def detach_nowait(self, connection: Connection, close_code: int) -> None:
        """The websocket is closed, or lost. Nothing happens where the game has another one."""
        if self._connection is not connection or not self.is_open:
            return
        if close_code in GOODBYES or self._away_seconds == 0:
            self.end_nowait(SeatClosed.LEFT)
            return
        self._connection = None
        self._away_until = self._patience.deadline = trio.current_time() + self._away_seconds
        self._log.info("game away", code=self._seat.code, close_code=close_code)
        self._seat.command_nowait(GameAway())

    def abandon_nowait(self) -> None:
        """Its websocket has resumed another game."""
        self._connection = None
        self.end_nowait(SeatClosed.LEFT)

    # to the game

    def post_nowait(self, message: v1.Numbered) -> None:
        if not self.is_open:
            return
        self.mailbox.post(message)
        if self.mailbox.overflows(away=self._connection is None):
            self._log.warning("game does not read; it is closed", waiting=self.mailbox.waiting)
            self.end_nowait(SeatClosed.TOO_SLOW)
        elif self._connection is not None:
            self._connection.wake_nowait()

    def _take_event(self, event: FromCall) -> None:
        self._characters.follow(event)
        for each in self._sayings.settle(event):
            for message in self._calls.tell(each):
                self.post_nowait(message)
        if isinstance(event.event, switchboard.CallStarted):
            self._log.info("caller joined", call=event.call_id, player=event.player)
            self._prepare(event.call_id)
        self._live.follow(event)
        self._end_if_last()

    def _prepare(self, call_id: str) -> None:
        """A call that has just begun gets what the others have."""
        if self._vocabulary:
            self._seat.command_nowait(Expect(self._vocabulary), [call_id])
        self._characters.greet(call_id)
        if self._connection is None:
            self._seat.command_nowait(GameAway(), [call_id])

    # from the game

    def obey(self, message: Order) -> None:
        match message:
            case v1.Say() | v1.Play():
                self._sayings.say(message)
            case v1.Clear():
                self._command("clear", switchboard.Clear(), message.to)
            case v1.HangUp():
                self._command("hangup", switchboard.HangUp(message.at_once), message.to)
            case v1.Record():
                self._command("record", switchboard.Record(message.on), message.to)
            case v1.Vocabulary(words=words):
                self._vocabulary = words
                self._seat.command_nowait(Expect(words))
            case v1.Accept(callers=callers):
                self._seat.accept_nowait(callers)
            case v1.Dial():
                self._ring_up(message)
            case v1.Character() | v1.CharacterStop() | v1.ActionResult():
                self._characters.obey(message)
            case v1.Ignored():
                pass
            case _:
                assert_never(message)

    def _ring_up(self, message: v1.Dial) -> None:
        def refuse(refusal: DialRefused) -> None:
            error = v1.Error(
                code="dial_refused",
                message=str(refusal),
                in_reply_to="dial",
                dial_id=message.dial_id,
                rule=refusal.rule.label,
            )
            self.post_nowait(error)

        try:
            if self._dial is None:
                raise DialRefused(Rule.NO_CARRIER, "this server places no calls")
            placed = self._dial(DialOrder(message.to, self._seat.code, self._known_as, message.dial_id), refuse)
            self._characters.await_answer(placed.id, message)
        except DialRefused as refusal:
            refuse(refusal)

    def _command(self, kind: str, command: Command, to: To) -> None:
        if not self._seat.command_nowait(command, to) and to != ALL:
            self.post_nowait(no_such_call(kind, len(self._seat.calls)))
