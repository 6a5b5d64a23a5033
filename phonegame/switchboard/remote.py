"""The call's end of a line whose game is with another worker."""

from __future__ import annotations

from collections.abc import Callable

import trio

from phonegame.switchboard import Caller, CallEvent, Command, GameLeft, Refused
from phonegame.switchboard.letters import (
    Begin,
    Begun,
    Claim,
    Claimed,
    Closed,
    Commanded,
    Denied,
    GivenBack,
    Letter,
    Released,
    delivered,
)
from phonegame.switchboard.memory import hand_over


class RemoteLine:
    """A `Line`, and a `Reserved` before.

    asked --Claimed--> there --Begun--> begun --> closed
          --Denied, no answer, the other worker is lost--> refused
    """

    def __init__(
        self,
        line: str,
        caller: Caller,
        take: Callable[[Command], None],
        write: Callable[[Letter], None],
        forget: Callable[[str], object],
    ) -> None:
        """`write`: to the game's worker. `forget`: no letter is for this line any more."""
        self.id = line
        self.player = 0
        self._caller = caller
        self._take = take
        self._write = write
        self._forget = forget
        self.refused: Refused | None = None
        self._claimed = trio.Event()
        self._begun = trio.Event()
        self._released = False
        self._over = False

    @property
    def begun(self) -> bool:
        return self._begun.is_set() and not self._over

    def ask_nowait(self, code: str, *, is_reserved: bool) -> None:
        self._write(Claim(self.id, code, self._caller, is_reserved))

    async def wait_until_claimed(self) -> None:
        """Or refused."""
        await self._claimed.wait()

    async def wait_until_begun(self) -> None:
        """Or refused, or lost."""
        await self._begun.wait()

    def take_letter(self, letter: Claimed | Denied | Begun | Commanded) -> None:
        match letter:
            case Claimed(player=player):
                self.player = player
                self._claimed.set()
            case Denied(why=why):
                self.refuse_nowait(why)
            case Begun():
                self._begun.set()
            case Commanded(command=command):
                if not self._released and not self._over:
                    hand_over(self._take, command)

    def refuse_nowait(self, why: Refused) -> None:
        self.refused = why
        self._end()

    def lose_nowait(self) -> None:
        """The game's worker is gone, or the way to it."""
        if not self._claimed.is_set():
            self.refuse_nowait(Refused.AWAY)
            return
        tells = not self._released and not self._over
        self._end()
        if tells:
            hand_over(self._take, GameLeft())

    def _end(self) -> None:
        self._over = True
        self._forget(self.id)
        self._claimed.set()
        self._begun.set()

    # as a call has it

    async def begin(self, take: Callable[[Command], None]) -> RemoteLine:
        self._take = take
        if not self._over:
            self._write(Begin(self.id))
        try:
            await self._begun.wait()
        except trio.Cancelled:
            self.drop_nowait()
            raise
        return self

    def deliver_nowait(self, event: CallEvent) -> None:
        if not self._over:
            self._write(delivered(self.id, event))

    def release_nowait(self) -> None:
        if not self._released and not self._over:
            self._released = True
            self._write(Released(self.id))

    def close_nowait(self, reason: str, seconds: float) -> None:
        self._released = True
        if not self._over:
            self._write(Closed(self.id, reason, seconds))
            self._end()

    def give_back_nowait(self) -> None:
        if not self._begun.is_set():
            self.drop_nowait()

    def drop_nowait(self) -> None:
        """Whoever has asked for it is gone. It may have begun in the very moment: the game's worker ends it then."""
        if not self._over:
            self._released = True
            self._write(GivenBack(self.id))
            self._end()
