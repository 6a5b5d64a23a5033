"""Where a call waits until it is known for which game it is, and where its line begins."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import partial

import structlog
import trio

from phonegame.keypad import Ignored, Keyed, Keying, Keypad
from phonegame.listen.transcript import Heard
from phonegame.reception import CodeTail, Named, NamedWrong, Reception
from phonegame.spoken import CodeBook, Matched, Wrong
from phonegame.switchboard import Line, Refused, Switchboard

KEYS = 64
"""Key presses that wait. Nobody presses faster than they are read."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class TurnedAway(Enum):
    """Why a call was not patched through, for good."""

    BUSY = "the game has another caller"
    WRONG_CODES = "too many wrong codes"


class FrontDesk:
    """Takes what the caller says and keys, patches the call through, then hands on what is said after the code.

    `turn_away` is called, once, when the call should end. One task runs `receive_keys`, one calls `hear` and `settle`.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        book: CodeBook,
        call_id: str,
        *,
        wrong_codes: int,
        turn_away: Callable[[TurnedAway], None],
    ) -> None:
        self._switchboard = switchboard
        self._call_id = call_id
        self._wrong_codes_left = wrong_codes
        self._turn_away = turn_away
        self._reception = Reception(book)
        self._keypad = Keypad(book)
        self._send_keys, self._keys = trio.open_memory_channel[str](KEYS)
        self._turn = trio.StrictFIFOLock()
        self._joining = trio.CancelScope()
        self._left = False
        self._tail = CodeTail(0)
        self.line: Line | None = None
        self.joined = trio.Event()
        """Set once there is a line."""

    @property
    def deadline(self) -> float:
        """When `settle` should be called, on trio's clock."""
        return math.inf if self.joined.is_set() else self._reception.deadline

    def leave_nowait(self) -> None:
        """The call is over: its line is free for the next one. Last words may still be handed on."""
        self._left = True
        self._joining.cancel()
        if self.line is not None:
            self.line.release_nowait()

    def close_nowait(self) -> None:
        """Nothing more will be handed on."""
        self._send_keys.close()
        if self.line is not None:
            self.line.close_nowait()

    def press_nowait(self, key: str) -> None:
        try:
            self._send_keys.send_nowait(key)
        except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
            log.debug("key press ignored")

    async def receive_keys(self, position: Callable[[], float]) -> None:
        """Serves the keypad until the call is patched. `position` tells how much of the call has been said so far."""
        settle_at = math.inf
        with self._keys, suppress(trio.EndOfChannel):
            while self._waits_for_code:
                outcome = await self._next_keyed(settle_at)
                if isinstance(outcome, Ignored):
                    continue
                settle_at = math.inf
                if isinstance(outcome, Keying) and outcome.settle_after is not None:
                    settle_at = trio.current_time() + outcome.settle_after
                elif isinstance(outcome, Matched):
                    await self._decide(partial(Named, outcome.code, CodeTail(position())))
                elif isinstance(outcome, Wrong):
                    await self._decide(NamedWrong)

    async def _next_keyed(self, settle_at: float) -> Keyed:
        with trio.move_on_at(settle_at):
            key = await self._keys.receive()
            return self._keypad.press(key, self._switchboard.active)
        return self._keypad.settle(self._switchboard.active)

    async def hear(self, heard: Heard) -> None:
        """One message, in order: searched for a code before the call is patched, handed to the game after."""
        await self._decide(lambda: self._reception.hear(heard, self._switchboard.active, trio.current_time()))
        if self.line is not None:
            self._hand_on(heard)

    async def settle(self) -> None:
        """`deadline` has passed."""
        await self._decide(lambda: self._reception.settle(self._switchboard.active, trio.current_time()))

    @property
    def _waits_for_code(self) -> bool:
        return not (self._left or self.joined.is_set())

    async def _decide(self, decision: Callable[[], Named | NamedWrong | None]) -> None:
        """The one way from waiting to joined. What is said and what is keyed take turns, and the first code counts."""
        async with self._turn:
            if not self._waits_for_code:
                return
            match decision():
                case Named(code=code, tail=tail, earlier=earlier):
                    await self._join(code, tail, earlier)
                case NamedWrong():
                    self._count_wrong_code()

    async def _join(self, code: str, tail: CodeTail, earlier: tuple[Heard, ...]) -> None:
        with self._joining:
            match await self._switchboard.join(code, self._call_id):
                case Refused.UNKNOWN:
                    self._count_wrong_code()
                case Refused.BUSY:
                    self._turn_away(TurnedAway.BUSY)
                case line:
                    self.line, self._tail = line, tail
                    self.joined.set()
                    self._hand_on(*earlier)
        self._joining = trio.CancelScope()

    def _hand_on(self, *messages: Heard) -> None:
        assert self.line is not None
        for heard in messages:
            rest = self._tail.strip(heard)
            if rest is not None:
                self.line.deliver_nowait(rest)

    def _count_wrong_code(self) -> None:
        self._wrong_codes_left -= 1
        log.info("wrong code", tries_left=self._wrong_codes_left)
        if self._wrong_codes_left == 0:
            self._turn_away(TurnedAway.WRONG_CODES)
