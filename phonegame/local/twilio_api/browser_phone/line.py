"""One page that is open: what is done there goes to the carrier, and what happens to its calls to the page.

read      websocket -> what is done at the phone; sound goes straight into the call
outbox    -> websocket; the only task that writes
follow    each call, from its beginning to its end -> outbox
watch     a page that has gone without a word is noticed by its pings
The calls themselves outlive the page by what there is to do at their end.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

import msgspec
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from phonegame.local.twilio_api.answers import Decision
from phonegame.local.twilio_api.browser_phone import messages
from phonegame.local.twilio_api.browser_phone.conversation import Conversation
from phonegame.local.twilio_api.browser_phone.messages import FromPhone
from phonegame.local.twilio_api.browser_phone.outbox import Outbox
from phonegame.local.twilio_api.call import Call, Status
from phonegame.local.twilio_api.handset import Handset
from phonegame.twilio.numbers import known_number

if TYPE_CHECKING:
    from phonegame.local.twilio_api.carrier import LocalCarrier

PING_SECONDS = 10.0
GOODBYE_SECONDS = 2.0
UNUSABLE, MOST_REASON = 1008, 100
"""A close code of RFC 6455's, and how long a reason may be with it."""
MOST_FOLLOWED = 4
"""A call that is just over may still be followed when the next one begins."""


class _Ring:
    """The first decision stands."""

    def __init__(self) -> None:
        self.decided = trio.Event()
        self.decision: Decision = "gone"

    def decide(self, decision: Decision) -> None:
        if not self.decided.is_set():
            self.decision = decision
            self.decided.set()


class Line:
    """A number, and the page that has it. `ring` and `behave` are how it answers."""

    def __init__(self, number: str, carrier: LocalCarrier) -> None:
        self.number = number
        self._carrier = carrier
        self._outbox = Outbox()
        self._call: Call | None = None
        self._conversation: Conversation | None = None
        self._ring: _Ring | None = None
        self._is_gone = False
        self._to_follow, self._followed = trio.open_memory_channel[Call](MOST_FOLLOWED)

    async def serve(self, socket: WebSocketConnection, calls: trio.Nursery) -> None:
        """Until the page goes, which hangs up; its calls end in `calls`. Raises nothing that a page causes."""
        self._outbox.tell(messages.Hello(self.number, self._carrier.number))
        fault = ""
        try:
            with self._to_follow, self._followed:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._outbox.run, socket)
                    nursery.start_soon(self._follow_all)
                    nursery.start_soon(self._watch, socket, nursery.cancel_scope)
                    fault = await self._read(socket, calls)
                    nursery.cancel_scope.cancel()
        except* ConnectionClosed:
            await trio.lowlevel.checkpoint()
        finally:
            self._leave()
        if fault:
            with trio.move_on_after(GOODBYE_SECONDS):
                await socket.aclose(UNUSABLE, fault[:MOST_REASON])

    def _leave(self) -> None:
        self._is_gone = True
        if self._ring is not None:
            self._ring.decide("gone")
        elif self._call is not None:
            self._call.handset.hang_up()

    # --- for the carrier: a call that comes in ---

    async def ring(self, call: Call) -> Decision:
        """Until somebody at the page has decided."""
        await trio.lowlevel.checkpoint()
        if self._is_gone:
            return "gone"
        if self._is_busy:
            return "busy"
        self._begin(call)
        self._ring = ring = _Ring()
        try:
            await ring.decided.wait()
        finally:
            self._ring = None
        return ring.decision

    async def behave(self, handset: Handset) -> None:
        """From the beginning of a call that is placed, or from the answer to one that comes in."""
        self._conversation = Conversation(handset, self._outbox)
        try:
            await self._conversation.run()
        finally:
            self._conversation = None

    # --- what is done at the page ---

    async def _read(self, socket: WebSocketConnection, calls: trio.Nursery) -> str:
        """Gives what is wrong with a message: then no more is read."""
        while True:
            message = await socket.get_message()
            if isinstance(message, bytes):
                if self._conversation is not None:
                    self._conversation.speak_nowait(message)
                continue
            try:
                told = messages.read(message)
            except msgspec.DecodeError as error:
                return str(error)
            await self._do(told, calls)

    async def _do(self, told: FromPhone, calls: trio.Nursery) -> None:
        await trio.lowlevel.checkpoint()
        match told:
            case messages.Call(number):
                await self._place(number, calls)
            case messages.Answer():
                self._decide("answers")
            case messages.Decline():
                self._decide("declines")
            case messages.HangUp():
                self._hang_up()
            case messages.Key(digit) if self._conversation is not None:
                self._conversation.key_nowait(digit)
            case messages.Say(text) if self._conversation is not None:
                self._conversation.say_nowait(text)
            case messages.Key() | messages.Say():
                pass  # the call has ended while this was on its way
            case _:
                assert_never(told)

    async def _place(self, number: str, calls: trio.Nursery) -> None:
        if self._is_busy:
            await trio.lowlevel.checkpoint()
            return  # another call has come in while this was on its way
        called = known_number(number)
        if called not in {number.phone_number for number in self._carrier.numbers}:
            await trio.lowlevel.checkpoint()
            games = f"The games are reached at {self._carrier.number}."
            self._outbox.tell(messages.Notice(f"{number or 'This'} is no number that can be called here. {games}"))
            self._outbox.tell(messages.Ended("failed", "carrier"))
            return
        assert called is not None
        self._begin(await calls.start(self._carrier.serve_caller, self.number, called, self.behave))

    def _decide(self, decision: Decision) -> None:
        if self._ring is not None:
            self._ring.decide(decision)

    def _hang_up(self) -> None:
        if self._ring is not None:
            self._ring.decide("declines")
        elif self._call is not None:
            self._call.handset.hang_up()

    # --- what happens to a call ---

    @property
    def _is_busy(self) -> bool:
        return self._call is not None and not self._call.is_over

    def _begin(self, call: Call) -> None:
        self._call = call
        if not self._is_gone:
            self._to_follow.send_nowait(call)

    async def _follow_all(self) -> None:
        async for call in self._followed:
            await self._follow(call)

    async def _follow(self, call: Call) -> None:
        statuses = alerts = 0
        while statuses < len(call.statuses) or not call.is_over:
            for alert in call.alerts[alerts:]:
                self._outbox.tell(messages.Notice(alert.text))
                alerts += 1
            for status in call.statuses[statuses:]:
                self._tell_of(status, call)
                statuses += 1
            await self._carrier.wait_until(partial(_has_more, call, statuses + alerts))

    def _tell_of(self, status: Status, call: Call) -> None:
        match status:
            case "queued":
                pass
            case "ringing" if call.direction == "inbound":
                self._outbox.tell(messages.Ringing())
            case "ringing":
                self._outbox.tell(messages.Incoming(call.order.from_))
            case "in-progress":
                self._outbox.tell(messages.Connected())
            case _:
                self._outbox.tell(messages.Ended(status, "phone" if call.handset.ended_by == "person" else "carrier"))

    async def _watch(self, socket: WebSocketConnection, scope: trio.CancelScope) -> None:
        """A page that answers no ping, or reads nothing, is gone."""
        answers = True
        while answers and not self._outbox.is_full:
            with trio.move_on_after(PING_SECONDS):
                await self._outbox.wait_full()
            with trio.move_on_after(PING_SECONDS) as patience:
                await socket.ping()
            answers = not patience.cancelled_caught
        scope.cancel()


def _has_more(call: Call, told: int) -> bool:
    return call.is_over or len(call.statuses) + len(call.alerts) > told
