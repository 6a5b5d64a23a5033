"""One outgoing call, from the order to its end.

    DIALLING --ringing--> RINGING --the phone is answered--> ANSWERED --the media stream is here--> CONNECTED
        |                    |                                  |                                       |
        +--------------------+----------------------------------+---------------------------------------+--> OVER

It only goes forward, and may skip: what the carrier tells comes late, twice, in any order, or never. The webhook of a
phone that was answered may be here before the carrier has said that it places the call. So whatever tells of a later
stage leads there, and what tells of an earlier one is ignored (Twilio's SequenceNumber would say the same, but webhook
and media stream have none). Each stage has a deadline, behind which the call is hung up and has failed.

`run` places the call and hangs it up; all else are functions that change the state and wake it. A request that the
carrier has not answered is never made again: nobody knows whether a phone rings because of it.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import structlog
import trio

from phonegame.carrier import CarrierError, CarrierUnclear
from phonegame.dialling.rules import DialRefused, Rule
from phonegame.dialling.stages import ANSWERERS, ENDS, STAGES, End, Outcome, Stage, Unwanted, takes_message
from phonegame.switchboard import (
    Caller,
    CallStatus,
    Command,
    DialStatus,
    GameLeft,
    HangUp,
    Refused,
    Reserved,
    Switchboard,
)

PLACE_SECONDS = 12
"""For the carrier's answer; its own time limit is a little shorter."""
RING_MARGIN_SECONDS = 30
"""The carrier may ring 5 s longer, and has calls wait in line that come too fast (Twilio: one a second)."""
STREAM_SECONDS = 60
"""From the answer to the media stream: the greeting is spoken between them."""
HANG_UP_SECONDS = 12
HANG_UP_PAUSES = (1.0, 4.0)
"""Hanging up is tried once more after each of these; it does no harm to do it twice."""
LAST_HANG_UP_SECONDS = 5
"""When the server ends."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Places(Protocol):
    """What a carrier must be able to do. Both raise `CarrierError`."""

    async def place(self, to: str, call_id: str, *, detect_machine: bool) -> str:
        """Gives the carrier's id of the call. Raises `CarrierUnclear` where nobody knows whether it was placed."""

    async def hang_up(self, call_sid: str) -> None:
        """A call that is over already counts as hung up."""


@dataclass(frozen=True, slots=True)
class Order:
    """A call that somebody wants. `to` is checked, and E.164."""

    to: str
    code: str | None = None
    """The game; None: who answers is asked for a code, as a caller would be."""
    game: str | None = None
    """Who asks, for the limits of one game; None for the operator."""
    dial_id: str | None = None
    greeting: str = ""
    meets_character: bool = False
    """The server's own talks to whoever answers, who is asked for no code."""

    @property
    def detects_machine(self) -> bool:
        """Whether the carrier is to find out who has answered, which costs something."""
        return self.code is not None or self.meets_character


class OutgoingCall:
    def __init__(
        self,
        order: Order,
        caller: Callable[[str], Caller],
        carrier: Places,
        refused: Callable[[DialRefused], object],
        worker: str = "",
    ) -> None:
        """`caller`: call id -> whom the game is told of. `refused` is called where the call is not even placed.

        `worker`: this one, where there are several; the call's id tells it to the others.
        """
        self.order = order
        self.id = f"{worker}.{secrets.token_hex(8)}" if worker else secrets.token_hex(8)
        self.caller = caller(self.id)
        self._carrier = carrier
        self._refused = refused
        self.on_told: Callable[[CallStatus], None] = lambda status: None
        """Told how it goes on, as its game is."""
        self.reserved: Reserved | None = None
        """The game's slot; None where there is no game."""
        self._stage = Stage.DIALLING
        self._deadline = math.inf
        self._changed = trio.Event()
        self.call_sid = ""
        self.unwanted: Unwanted | None = None
        self.outcome: Outcome = "failed"
        self.answered_by: str | None = None
        self.detected = trio.Event()
        """`answered_by` is known, or the call is over."""
        self.placed = trio.Event()
        """It is known whether the carrier has taken the order: see `call_sid` and `error`."""
        self.error: DialRefused | CarrierError | None = None
        self.on_news: Callable[[], object] = lambda: None
        """Called when nobody needs it any more, and when it is known who has answered."""
        self._log: structlog.stdlib.BoundLogger = log.bind(call=self.id)

    @property
    def is_pending(self) -> bool:
        """Whether nobody has been connected yet."""
        return self._stage < Stage.CONNECTED

    @property
    def is_over(self) -> bool:
        return self._stage is Stage.OVER

    # the task

    async def run(
        self, switchboard: Switchboard, taken: Callable[[str | None, str], AbstractAsyncContextManager[None]]
    ) -> None:
        """Returns when the call is over. `taken`: see `DialQuota.taken`."""
        try:
            await self._reserve(switchboard)
            async with taken(self.order.game, self.caller.known_as or ""):
                await self._ring_up()
        except DialRefused as refusal:
            self._log.warning("call not placed", rule=refusal.rule.label)
            self.error = refusal
            self.outcome = "refused"
            self._refused(refusal)
        finally:
            self._be_over()

    async def _reserve(self, switchboard: Switchboard) -> None:
        if self.order.code is None:
            return
        match await switchboard.reserve(self.order.code, self.caller, self._take_command):
            case Refused.UNKNOWN:
                raise DialRefused(Rule.UNKNOWN_CODE, "code: no game shows it")
            case Refused.BUSY:
                raise DialRefused(Rule.NO_ROOM, "the game has as many callers, and phones that ring, as it accepts")
            case Refused.AWAY:
                raise DialRefused(Rule.UNREACHABLE, "the server that has the game cannot be reached; try again")
            case reserved:
                self.reserved = reserved

    async def _ring_up(self) -> None:
        if self.unwanted is not None:
            return
        self._tell("dialling")
        self._log.info("dialling", number=self.caller.shown)
        # until it is known whether there is a call that would have to be hung up
        with trio.CancelScope(shield=True):
            await self._place()
        self.placed.set()
        try:
            while not self.is_over:
                await self._follow()
        finally:
            if self._stage < Stage.CONNECTED and self.call_sid:
                with trio.move_on_after(LAST_HANG_UP_SECONDS, shield=True):
                    await self._hang_up_once()

    async def _place(self) -> None:
        try:
            with trio.fail_after(PLACE_SECONDS):
                call_sid = await self._carrier.place(self.order.to, self.id, detect_machine=self.order.detects_machine)
            self._is_ours(call_sid)
        except (CarrierUnclear, trio.TooSlowError) as error:
            if self.call_sid:
                # a callback has told that it was
                return
            # should the phone ring, callbacks will tell
            self._log.warning("the carrier has not answered; the call may have been placed", why=str(error))
            self.error = error if isinstance(error, CarrierUnclear) else CarrierUnclear("the carrier has not answered")
        except CarrierError as error:
            self._log.warning("the carrier does not place the call", why=str(error))
            self.error = error
            self._end("failed", str(error))

    async def _follow(self) -> None:
        self._changed = trio.Event()
        if self._must_be_hung_up:
            await self._hang_up()
            self._end("cancelled")
            return
        with trio.move_on_at(self._deadline):
            await self._changed.wait()
            return
        self._log.warning("nothing has been heard of the call in time; it is hung up", stage=self._stage.name.lower())
        if self.call_sid:
            await self._hang_up()
        self._end("failed", "the carrier has not told in time what became of the call")

    @property
    def _must_be_hung_up(self) -> bool:
        """Who has answered already is told that the game has left, and not simply cut off."""
        if not self.call_sid or self._stage >= Stage.CONNECTED:
            return False
        left = self.unwanted is Unwanted.GAME_LEFT and self._stage < Stage.ANSWERED
        return left or self.unwanted in (Unwanted.HUNG_UP, Unwanted.OPERATOR, Unwanted.CLOSING)

    async def _hang_up(self) -> None:
        for pause in (*HANG_UP_PAUSES, 0):
            if await self._hang_up_once():
                return
            await trio.sleep(pause)
            if self.is_over:
                return

    async def _hang_up_once(self) -> bool:
        try:
            with trio.fail_after(HANG_UP_SECONDS):
                await self._carrier.hang_up(self.call_sid)
        except (CarrierError, trio.TooSlowError) as error:
            self._log.warning("the call cannot be hung up", why=str(error) or "the carrier has not answered")
            return False
        return True

    # from the game

    def _take_command(self, command: Command) -> None:
        match command:
            case GameLeft():
                self.cancel_nowait(Unwanted.GAME_LEFT)
            case HangUp():
                self.cancel_nowait(Unwanted.HUNG_UP)
            case _:
                pass

    def cancel_nowait(self, why: Unwanted) -> None:
        """Nobody needs the call, and its slot is free at once. One that is connected is ended by its media stream."""
        if self.unwanted is not None:
            return
        self.unwanted = why
        self.on_news()
        if self._stage >= Stage.CONNECTED:
            return
        self.outcome = "cancelled"
        self._tell("cancelled")
        self._give_back()
        self._wake()

    # from the carrier

    def start_clock_nowait(self, ring_seconds: float) -> None:
        self._deadline = trio.current_time() + PLACE_SECONDS + ring_seconds + RING_MARGIN_SECONDS

    def report_nowait(self, call_sid: str, status: str) -> None:
        """`status`: in Twilio's words. Whatever is not known is ignored."""
        if not self._is_ours(call_sid):
            return
        if status in STAGES:
            self._advance(STAGES[status])
        elif status in ENDS:
            self._end(*ENDS[status])

    def answer_nowait(self, call_sid: str) -> bool:
        """The phone was answered, and the carrier asks what to do. False: nobody needs the call any more."""
        if not self._is_ours(call_sid) or self.is_over:
            return False
        self._advance(Stage.ANSWERED)
        return self.unwanted is None

    def detect_nowait(self, call_sid: str, answered_by: str) -> None:
        """Who has answered. The first word counts."""
        if not self._is_ours(call_sid) or self.answered_by is not None or self.is_over:
            return
        self._advance(Stage.ANSWERED)
        self.answered_by = answered_by if answered_by in ANSWERERS else "unknown"
        self._log.info("answered", by=self.answered_by)
        self._tell("answered" if self.answered_by in ("human", "unknown") else "machine")
        self.detected.set()
        self.on_news()

    @property
    def detects_machine(self) -> bool:
        return self.order.detects_machine

    @property
    def takes_message(self) -> bool:
        return takes_message(self.answered_by)

    # from the media stream

    def claim_nowait(self) -> bool:
        """The call's media stream is here. False: it was here before, or the call is over."""
        if self._stage >= Stage.CONNECTED:
            return False
        self._advance(Stage.ANSWERED)
        self._stage, self._deadline = Stage.CONNECTED, math.inf
        self.outcome = "connected"
        self._wake()
        return True

    def finish_nowait(self) -> None:
        """The media stream that has claimed it is over."""
        self._be_over()

    # the state

    def _is_ours(self, call_sid: str) -> bool:
        if not self.call_sid and call_sid:
            self.call_sid = call_sid
            self._wake()
        elif call_sid != self.call_sid:
            self._log.warning("ignored: it names another call than the one that was placed")
            return False
        return bool(call_sid)

    def _advance(self, stage: Stage) -> None:
        if stage <= self._stage:
            return
        self._stage = stage
        if stage is Stage.ANSWERED:
            self._deadline = trio.current_time() + STREAM_SECONDS
        self._tell("ringing" if stage is Stage.RINGING else "answered")
        self._wake()

    def _end(self, status: End, reason: str | None = None) -> None:
        """One that is connected is ended by its media stream, and its game learns that from the line."""
        if self._stage >= Stage.CONNECTED:
            return
        self.outcome = status
        self._tell(status, reason)
        self._log.info("call not connected", status=status, reason=reason)
        self._be_over()

    def _be_over(self) -> None:
        self._stage = Stage.OVER
        self._give_back()
        self.placed.set()
        self.detected.set()
        self._wake()

    def _give_back(self) -> None:
        if self.reserved is not None:
            self.reserved.give_back_nowait()

    def _wake(self) -> None:
        self._changed.set()

    def _tell(self, status: DialStatus, reason: str | None = None) -> None:
        event = CallStatus(status, self.order.dial_id, self.answered_by, reason)
        self.on_told(event)
        if self.reserved is not None:
            self.reserved.deliver_nowait(event)
