"""All outgoing calls: takes orders from games and the operator, and whatever the carrier tells about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import structlog
import trio

from phonegame.dialling.called_in import CalledIn
from phonegame.dialling.outgoing import Order, OutgoingCall, Places
from phonegame.dialling.quota import DialQuota
from phonegame.dialling.rules import NOT_CALLED_IN, DialRefused, DialRules, Rule
from phonegame.dialling.shared import SharedDialLimits
from phonegame.dialling.stages import Outcome, Unwanted
from phonegame.logs import masked
from phonegame.switchboard import Caller, CallStatus, Switchboard

ORDERS = 64
"""Orders that wait for the next turn of the scheduler: who sends more at a time is refused."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be done with a phone that was answered."""

    connect: bool
    """False: nobody needs the call any more, or there is none. Say so, and hang up."""
    greeting: str = ""
    asks_for_code: bool = False
    """Its game is not known yet."""


class _Anybody:
    def __contains__(self, number: object) -> bool:
        return True


class Dialler:
    """Give `run` a task: each outgoing call is a task of its."""

    def __init__(
        self,
        carrier: Places | None,
        switchboard: Switchboard,
        quota: DialQuota,
        *,
        allow: tuple[str, ...],
        known_as: Callable[[str], str],
        ring_seconds: float,
        why_no_calls: str = "this server places no calls",
        has_character: bool = False,
        why_full: Callable[[], str | None] = lambda: None,
        worker: str = "",
        shared: SharedDialLimits | None = None,
    ) -> None:
        """`why_full`: why there is no room for a call at present, in words; None where there is.

        `has_character`: the server's own, for whoever answers a call that is for no game.

        `carrier`: None where calls cannot be placed; `why_no_calls` is told to whoever wants one.

        `known_as`: a number -> a hash, the same as for incoming calls.
        """
        self._carrier = carrier
        self._why_no_calls = why_no_calls
        self._has_character = has_character
        self._why_full = why_full
        self._worker = worker
        self._switchboard = switchboard
        self._quota = quota
        self._called_in = CalledIn(known_as)
        self._shared = shared
        self._asks_who_called = shared is not None and not allow
        # who has called in at another worker is found out later
        self._rules = DialRules(allow, _Anybody() if self._asks_who_called else self._called_in)
        self._known_as = known_as
        self._ring_seconds = ring_seconds
        self._send_orders, self._orders = trio.open_memory_channel[OutgoingCall](ORDERS)
        self._calls: dict[str, OutgoingCall] = {}
        self._one_is_over = trio.Event()
        self._closing = False
        self.on_over: Callable[[Outcome], None] = lambda outcome: None
        """Told what has become of each call that was to be placed."""
        self.on_status: Callable[[Caller, str | None, CallStatus], None] = lambda callee, code, status: None
        """Told how each call goes on that is placed, and the code of the game that it is for."""

    def __len__(self) -> int:
        return len(self._calls)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Runs until it is cancelled. Phones that ring then are hung up, which may take some seconds."""
        async with trio.open_nursery() as calls:
            task_status.started()
            async for call in self._orders:
                calls.start_soon(self._serve, call)

    async def _serve(self, call: OutgoingCall) -> None:
        try:
            await call.run(self._switchboard, partial(self._taken, call.order.to))
        except Exception:
            # it must not take down the others, nor the server
            log.exception("error of ours; an outgoing call ends", call=call.id)
        finally:
            self.on_over(call.outcome)
            del self._calls[call.id]
            self._one_is_over.set()
            self._one_is_over = trio.Event()

    @asynccontextmanager
    async def _taken(self, to: str, game: str | None, known_as: str) -> AsyncIterator[None]:
        """See `DialQuota.taken`."""
        with self._quota.taken(game, known_as):
            if self._shared is not None:
                if self._asks_who_called and to not in self._called_in and not await self._shared.has_called(known_as):
                    raise DialRefused(Rule.ALLOW, NOT_CALLED_IN)
                await self._shared.count(game, known_as)
            yield

    # orders

    def dial_nowait(self, order: Order, refused: Callable[[DialRefused], object]) -> OutgoingCall:
        """Places a call, whose game learns how it goes on. Raises `DialRefused` where that can be told at once.

        What takes longer to find out (slots, limits) is told to `refused`.
        """
        if self._closing:
            raise DialRefused(Rule.CLOSING, "the server is going down")
        if self._carrier is None:
            raise DialRefused(Rule.NO_CARRIER, self._why_no_calls)
        number = self._rules.check(order.to)
        if (why := self._why_full()) is not None:
            raise DialRefused(Rule.FULL, why)
        for_character = order.code is None and self._has_character
        checked = replace(order, to=number, meets_character=for_character)
        call = OutgoingCall(
            checked, lambda call_id: self._caller(call_id, number), self._carrier, refused, self._worker
        )
        call.on_told = partial(self.on_status, call.caller, order.code)
        call.start_clock_nowait(self._ring_seconds)
        try:
            self._send_orders.send_nowait(call)
        except trio.WouldBlock:
            raise DialRefused(Rule.AT_ONCE, f"{ORDERS} calls are to be placed already") from None
        self._calls[call.id] = call
        return call

    async def dial(self, to: str, code: str | None = None, greeting: str = "") -> str:
        """For the operator: the carrier's id of the call, once it has taken the order.

        Raises `DialRefused`, or `CarrierError`; `CarrierUnclear` where the call may have been placed all the same.
        """
        call = self.dial_nowait(Order(to, code, greeting=greeting), refused=lambda _: None)
        await call.placed.wait()
        if call.error is not None:
            raise call.error
        return call.call_sid

    def _caller(self, call_id: str, number: str) -> Caller:
        return Caller(call_id=call_id, known_as=self._known_as(number), shown=masked(number), direction="outgoing")

    async def remember(self, number: str) -> None:
        """It has called in, beyond doubt: while no prefixes are set, it may be rung back."""
        self._called_in.remember_nowait(number)
        if self._asks_who_called and self._shared is not None:
            await self._shared.remember(self._known_as(number))

    # from the carrier; `call_id` is the id that we have given the call, and may be anything

    def answer_nowait(self, call_id: str, call_sid: str) -> Answer:
        """The carrier asks what to do with it, perhaps twice."""
        call = self._calls.get(call_id)
        if call is None or not call.answer_nowait(call_sid):
            return Answer(connect=False)
        return Answer(connect=True, greeting=call.order.greeting, asks_for_code=not call.order.detects_machine)

    def status_nowait(self, call_id: str, form: Mapping[str, str]) -> None:
        if (call := self._calls.get(call_id)) is not None:
            call.report_nowait(form.get("CallSid", ""), form.get("CallStatus", ""))

    def machine_nowait(self, call_id: str, form: Mapping[str, str]) -> None:
        if (call := self._calls.get(call_id)) is not None:
            call.detect_nowait(form.get("CallSid", ""), form.get("AnsweredBy", ""))

    # from media streams

    def claim_nowait(self, call_id: str) -> OutgoingCall | None:
        """For the call's media stream, once. Whoever gets it calls `finish_nowait` in the end."""
        call = self._calls.get(call_id)
        return call if call is not None and call.claim_nowait() else None

    def finish_nowait(self, call_id: str) -> None:
        """The media stream that has claimed it is over, and was with another worker."""
        if (call := self._calls.get(call_id)) is not None:
            call.finish_nowait()

    # the end

    def hang_up_nowait(self, call_id: str) -> bool:
        """For the operator. False: there is no such call, or it has its media stream, which ends it."""
        call = self._calls.get(call_id)
        if call is None or not call.is_pending:
            return False
        call.cancel_nowait(Unwanted.OPERATOR)
        return True

    def close_nowait(self) -> None:
        """Places no call any more; those that ring go on."""
        self._closing = True

    def end_nowait(self) -> None:
        """Places no call any more, and hangs up whoever has not been connected."""
        self.close_nowait()
        for call in list(self._calls.values()):
            call.cancel_nowait(Unwanted.CLOSING)

    async def wait_until_empty(self) -> None:
        while self._calls:
            await self._one_is_over.wait()
