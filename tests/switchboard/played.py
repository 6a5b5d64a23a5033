"""The two ends of a switchboard, as a test plays them."""

from __future__ import annotations

from dataclasses import dataclass, field

from phonegame.deepgram.messages import parse
from phonegame.listen.transcript import Heard
from phonegame.switchboard import (
    Caller,
    CallEvent,
    CallHeard,
    CallStarted,
    Command,
    FromCall,
    Line,
    Refused,
    Seat,
    Switchboard,
)
from tests.listen.deepgram_says import results
from tests.switchboard.workers import TwoWorkers


def heard(text: str) -> CallHeard:
    raw = results(text, final=True)
    message = parse(raw)
    assert message is not None
    return CallHeard(Heard(raw, message))


async def settled(switchboard: Switchboard) -> None:
    """Waits until both ends of every line know all that they are to know: at once, where they are in one process."""
    if isinstance(switchboard, TwoWorkers):
        await switchboard.settle()


def ignore(_: object) -> None:
    pass


@dataclass
class Phone:
    """One call: what its game has told it. `call_id` says who it is, `number` as whom it is known."""

    switchboard: Switchboard
    call_id: str = "call"
    number: str | None = None
    commands: list[Command] = field(default_factory=list)

    async def join(self, code: str) -> Line:
        outcome = await self.try_to_join(code)
        assert not isinstance(outcome, Refused)
        return outcome

    async def try_to_join(self, code: str) -> Line | Refused:
        caller = Caller(call_id=self.call_id, known_as=self.number)
        return await self.switchboard.join(code, caller, self.commands.append)


async def join(switchboard: Switchboard, seat: Seat, call_id: str = "call", number: str | None = None) -> Line:
    return await Phone(switchboard, call_id, number).join(seat.code)


async def is_refused(switchboard: Switchboard, code: str, call_id: str = "refused") -> Refused:
    outcome = await Phone(switchboard, call_id).try_to_join(code)
    assert isinstance(outcome, Refused)
    return outcome


@dataclass
class Events:
    """All that a game has been told."""

    all: list[FromCall] = field(default_factory=list)

    def take(self, event: FromCall) -> None:
        self.all.append(event)

    def of(self, call_id: str) -> list[CallEvent]:
        """Without the first, which is the same for every call."""
        events = [event.event for event in self.all if event.call_id == call_id]
        assert isinstance(events[0], CallStarted)
        assert events[0].caller.call_id == call_id
        return events[1:]

    @property
    def started(self) -> list[tuple[str, int]]:
        return [(event.call_id, event.player) for event in self.all if isinstance(event.event, CallStarted)]

    @property
    def order(self) -> list[tuple[str, str]]:
        return [(event.call_id, type(event.event).__name__) for event in self.all]
