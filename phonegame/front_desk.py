"""Where a call waits until it is known for which game it is, and where its line begins."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Protocol

import structlog
import trio

from phonegame.keypad import Ignored, Keyed, Keying, Keypad
from phonegame.limits.shared import Guesses
from phonegame.listen.transcript import Heard
from phonegame.reception import CodeTail, Named, NamedWrong, Reception
from phonegame.spoken import CodeBook, Matched, Wrong
from phonegame.switchboard import (
    CallEnding,
    Caller,
    CallEvent,
    CallHeard,
    CallKeyed,
    Command,
    Line,
    Refused,
    Reserved,
    Switchboard,
)

KEYS = 64
"""Key presses that wait. Nobody presses faster than they are read."""
REMIND_SECONDS = 15
"""While no code comes, the caller is asked for it so often."""
END_KEY = "#"
END_KEY_SECONDS = 3
"""A code needs no `#`; who presses it all the same means the code, and not the game, for so long."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class TurnedAway(Enum):
    """Why a call was not patched through, for good."""

    BUSY = "the game has another caller"
    WRONG_CODES = "too many wrong codes"
    AWAY = "the game cannot be reached"


class Host(Protocol):
    """The call, which is told what the desk has found out."""

    def has_joined(self) -> None:
        """There is a line."""

    def has_named_wrong(self, said: str) -> None:
        """No game shows this code; the caller has another try."""

    def turn_away(self, why: TurnedAway) -> None:
        """The call should end. Comes once."""

    def take_command(self, command: Command) -> None:
        """From the game, in a task of the game's; it neither waits nor raises."""


class FrontDesk:
    """Takes what the caller says and keys, patches the call through, then hands on what comes after the code.

    One task runs `receive_keys`, one calls `hear` and `settle`. `caller` may be set until the first of them.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        book: CodeBook,
        caller: Caller,
        host: Host,
        guesses: Guesses,
        *,
        wrong_codes: int,
    ) -> None:
        """`guesses` are those of all calls from the same number, `wrong_codes` those of this one."""
        self.caller = caller
        self._guesses = guesses
        self._switchboard = switchboard
        self._host = host
        self._wrong_codes_left = wrong_codes
        self._reception = Reception(book)
        self._keypad = Keypad(book)
        self._send_keys, self._keys = trio.open_memory_channel[str](KEYS)
        self._turn = trio.StrictFIFOLock()
        self._joining = trio.CancelScope()
        self._left_because: str | None = None
        self._early: list[CallEvent] = []
        """What a command has brought about that came before the line did: a vocabulary that is refused."""
        self._tail = CodeTail(0)
        self._last_key = ""
        self._end_key_until = -math.inf
        self.code: str | None = None
        """Which the caller has named, of the game that the line leads to."""
        self.line: Line | None = None
        self.joined = trio.Event()
        """Set once there is a line, or none is needed."""

    @property
    def deadline(self) -> float:
        """When `settle` should be called, on trio's clock."""
        return math.inf if self.joined.is_set() else self._reception.deadline

    def need_no_code_nowait(self) -> None:
        """The call is for no game: nothing that is said or keyed is a code, and nothing is told to anybody."""
        self.joined.set()

    def leave_nowait(self, reason: str) -> None:
        """The call is over: its line is free for the next one. Last words may still be handed on."""
        self._left_because = reason
        self._joining.cancel()
        if self.line is not None:
            self.line.deliver_nowait(CallEnding(reason))
            self.line.release_nowait()

    def close_nowait(self, reason: str, seconds: float) -> None:
        """Nothing more will be handed on."""
        self._send_keys.close()
        if self.line is not None:
            self.line.close_nowait(reason, seconds)

    def deliver_nowait(self, event: CallEvent) -> None:
        """To the game; what comes while the line is being made waits for it."""
        if self.line is not None:
            self.line.deliver_nowait(event)
        elif not self.joined.is_set():
            self._early.append(event)

    def press_nowait(self, key: str) -> None:
        if self.line is not None:
            self._hand_on_key(key)
            return
        try:
            self._send_keys.send_nowait(key)
        except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
            log.debug("key press ignored")

    async def wait_for_code(self, seconds: float, remind: Callable[[], None]) -> bool:
        """False: none has come in time. `remind` is called while one is waited for."""
        with trio.move_on_after(seconds):
            while True:
                with trio.move_on_after(REMIND_SECONDS):
                    await self.joined.wait()
                    return True
                remind()
        return False

    async def receive_keys(self, position: Callable[[], float]) -> None:
        """Serves the keypad until the call is patched. `position` tells how much of the call has been said so far."""
        settle_at = math.inf
        with self._keys, suppress(trio.EndOfChannel, trio.WouldBlock):
            while self._waits_for_code:
                outcome = await self._next_keyed(settle_at)
                if isinstance(outcome, Ignored):
                    continue
                settle_at = math.inf
                if isinstance(outcome, Keying) and outcome.settle_after is not None:
                    settle_at = trio.current_time() + outcome.settle_after
                elif isinstance(outcome, Matched):
                    if self._last_key != END_KEY:
                        self._end_key_until = trio.current_time() + END_KEY_SECONDS
                    await self._decide(partial(Named, outcome.code, CodeTail(position())))
                elif isinstance(outcome, Wrong):
                    await self._decide(partial(NamedWrong, outcome.said))
            while self.line is not None:
                # pressed while the line was being opened
                self._hand_on_key(self._keys.receive_nowait())

    def _hand_on_key(self, key: str) -> None:
        ends_code = key == END_KEY and trio.current_time() < self._end_key_until
        self._end_key_until = -math.inf
        if not ends_code:
            self.deliver_nowait(CallKeyed(key))

    async def _next_keyed(self, settle_at: float) -> Keyed:
        with trio.move_on_at(settle_at):
            self._last_key = await self._keys.receive()
            return self._keypad.press(self._last_key, self._switchboard.active)
        return self._keypad.settle(self._switchboard.active)

    async def hear(self, heard: Heard) -> None:
        """One message, in order: searched for a code before the call is patched, handed to the game after."""
        await self._decide(lambda: self._reception.hear(heard, self._switchboard.active, trio.current_time()))
        if self.line is not None:
            self._hand_on(heard)

    async def patch(self, reserved: Reserved) -> None:
        """Begins the line of an outgoing call, whose game is known. The host is not told."""
        async with self._turn:
            if self._waits_for_code:
                with self._joining:
                    self._begin(await reserved.begin(self._host.take_command), CodeTail(0))
                self._joining = trio.CancelScope()

    async def settle(self) -> None:
        """`deadline` has passed."""
        await self._decide(lambda: self._reception.settle(self._switchboard.active, trio.current_time()))

    @property
    def _waits_for_code(self) -> bool:
        return self._left_because is None and not self.joined.is_set()

    async def _decide(self, decision: Callable[[], Named | NamedWrong | None]) -> None:
        """The one way from waiting to joined. What is said and what is keyed take turns, and the first code counts."""
        async with self._turn:
            if not self._waits_for_code:
                return
            outcome = decision()
            if outcome is None:
                return
            if not await self._guesses.allow_try(self.caller.known_as):
                # who has guessed too often does not learn either that a code is right
                log.warning("too many wrong codes from one number, over many calls")
                self._host.turn_away(TurnedAway.WRONG_CODES)
                return
            match outcome:
                case Named(code=code, tail=tail, earlier=earlier):
                    await self._join(code, tail, earlier)
                case NamedWrong(said=said):
                    await self._count_wrong_code(said)

    async def _join(self, code: str, tail: CodeTail, earlier: tuple[Heard, ...]) -> None:
        with self._joining:
            match await self._switchboard.join(code, self.caller, self._host.take_command):
                case Refused.UNKNOWN:
                    await self._count_wrong_code(code)
                case Refused.BUSY:
                    self._host.turn_away(TurnedAway.BUSY)
                case Refused.AWAY:
                    self._host.turn_away(TurnedAway.AWAY)
                case line if self._left_because is not None:
                    # the end came while `join` was returning: nobody can cancel it any more
                    line.deliver_nowait(CallEnding(self._left_because))
                    line.close_nowait(self._left_because, 0)
                case line:
                    self.code = code
                    self._begin(line, tail)
                    self._host.has_joined()
                    self._hand_on(*earlier)
        self._joining = trio.CancelScope()

    def _begin(self, line: Line, tail: CodeTail) -> None:
        self.line, self._tail = line, tail
        self.joined.set()
        for event in self._early:
            line.deliver_nowait(event)
        self._early.clear()

    def _hand_on(self, *messages: Heard) -> None:
        assert self.line is not None
        for heard in messages:
            rest = self._tail.strip(heard) if heard.is_for_games else None
            if rest is not None:
                self.line.deliver_nowait(CallHeard(rest))

    async def _count_wrong_code(self, said: str) -> None:
        self._wrong_codes_left -= 1
        await self._guesses.count_wrong(self.caller.known_as)
        log.info("wrong code", tries_left=self._wrong_codes_left)
        if self._wrong_codes_left == 0:
            self._host.turn_away(TurnedAway.WRONG_CODES)
        else:
            self._host.has_named_wrong(said)
