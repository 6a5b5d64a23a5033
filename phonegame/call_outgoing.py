"""A call's part in an outgoing call: from its stream's beginning to the game that has placed it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
import trio

from phonegame.call_speech import CallSpeech
from phonegame.dialling.desk import Dialled
from phonegame.ended import UNWANTED, Ended
from phonegame.front_desk import FrontDesk
from phonegame.stream_tokens import Facts

NO_PERSON = frozenset({"machine_start", "fax"})
"""And whatever takes a message."""
TONE_SECONDS = 60
"""How long an answering machine may greet: then nobody will tell any more who has answered."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class OutgoingSide:
    """One task calls `patch`."""

    def __init__(
        self,
        claim: Callable[[str], Awaitable[Dialled | None]],
        desk: FrontDesk,
        speech: CallSpeech,
        end: Callable[[Ended], None],
        meet_machine: Callable[[bool], None],
    ) -> None:
        """`claim`: the id of an outgoing call -> that call; None where there is none that waits for its stream.

        `meet_machine`: no person has answered; whether a message may be left.
        """
        self._claim = claim
        self._desk = desk
        self._speech = speech
        self._end = end
        self._meet_machine = meet_machine
        self._outgoing: Dialled | None = None
        self._answered = trio.Event()
        """`_outgoing` is there, and it is told who has answered."""

    async def claim(self, facts: Facts | None) -> None:
        """The stream is here, and this is known of it."""
        if facts is not None and facts.direction == "outgoing":
            self._outgoing = await self._claim(facts.call_id)

    def start(self) -> bool:
        """True: it is for nobody's game, and goes on as an incoming one does."""
        outgoing = self._outgoing
        if outgoing is None:
            self._end(Ended.REFUSED)
        elif outgoing.unwanted is not None:
            self._end(UNWANTED[outgoing.unwanted])
        elif outgoing.reserved is None:
            if outgoing.detects_machine:
                self._speech.await_tone()
                self._answered.set()
            return True
        else:
            log.info("outgoing call connected", call_id=outgoing.id)
            self._speech.await_tone()
            self._answered.set()
        return False

    async def patch(self) -> None:
        """Its game is known, and so is who has answered, in the end."""
        await self._answered.wait()
        assert self._outgoing is not None
        if self._outgoing.reserved is not None:
            await self._desk.patch(self._outgoing.reserved)
        if self._outgoing.unwanted is not None:
            # since the stream has come; from here on, commands come to this call
            self._end(UNWANTED[self._outgoing.unwanted])
        with trio.move_on_after(TONE_SECONDS):
            await self._outgoing.detected.wait()
        takes_message = self._outgoing.takes_message
        if takes_message or self._outgoing.answered_by in NO_PERSON:
            self._meet_machine(takes_message)
        self._speech.tone_heard(takes_message)

    def finish_nowait(self) -> None:
        if self._outgoing is not None:
            self._outgoing.finish_nowait()
