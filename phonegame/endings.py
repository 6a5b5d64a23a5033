"""How calls have ended, for the moment until Twilio asks what shall happen next."""

from __future__ import annotations

from dataclasses import dataclass

import trio

from phonegame.ended import Ended

ASK_SECONDS = 60
"""Twilio asks at once when the goodbye has been said, and tries for some seconds."""
LINGER_SECONDS = 2
"""How long a server that goes down waits for it: unanswered, Twilio tells the caller of an application error."""


@dataclass(frozen=True, slots=True)
class Ending:
    why: Ended
    said_goodbye: bool
    at: float


class Endings:
    """Of the calls that came by a webhook, and whose TwiML has Twilio ask."""

    def __init__(self) -> None:
        self._expected: set[str] = set()
        self._of_calls: dict[str, Ending] = {}
        self._asked_about: set[str] = set()
        self._asked = trio.Event()

    def expect_nowait(self, call_sid: str) -> None:
        """The call has begun: `record_nowait` will be called."""
        self._expected.add(call_sid)

    def record_nowait(self, call_sid: str, why: Ended, *, said_goodbye: bool) -> None:
        if call_sid in self._expected:
            self._forget_old()
            self._expected.remove(call_sid)
            self._asked_about.discard(call_sid)
            self._of_calls[call_sid] = Ending(why, said_goodbye, trio.current_time())

    def ask_nowait(self, call_sid: str) -> Ending | None:
        """None where the call's stream never came here, or not to this process. Twilio may ask twice."""
        self._forget_old()
        ending = self._of_calls.get(call_sid)
        if ending is not None:
            self._asked_about.add(call_sid)
            self._asked.set()
            self._asked = trio.Event()
        return ending

    async def wait_until_asked(self) -> None:
        """About all of them, for `LINGER_SECONDS` at most."""
        self._forget_old()
        with trio.move_on_after(LINGER_SECONDS):  # noqa: ASYNC912 - there may be nothing to wait for
            while any(self._awaits_question(*call) for call in self._of_calls.items()):
                await self._asked.wait()

    def _awaits_question(self, call_sid: str, ending: Ending) -> bool:
        """Nobody asks what shall happen with a caller who has hung up."""
        return ending.why is not Ended.HUNG_UP and call_sid not in self._asked_about

    def _forget_old(self) -> None:
        oldest = trio.current_time() - ASK_SECONDS
        while self._of_calls and (first := next(iter(self._of_calls.items())))[1].at < oldest:
            del self._of_calls[first[0]]
            self._asked_about.discard(first[0])
