"""What a call leaves behind for the worker that it meets next: Twilio's requests about one call may go to any of them.

A worker knows by itself what it has told, and asks the notes for the rest. While these are away, a call whose requests
all come to one worker goes on all the same.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

import msgspec
import structlog
import trio

from phonegame.ended import Ended
from phonegame.endings import ASK_SECONDS, Ending, Endings
from phonegame.notes import Notes, NotesAway
from phonegame.stream_tokens import MAX_TOKENS_A_CALL, TOKEN_SECONDS, Facts, StreamTokens

STREAMED_SECONDS = 7 * 86400
"""So long it is known that a call has had its stream: who repeats its signed webhook meanwhile gets nowhere."""
WAITING = 10_000
"""Endings that wait for a Redis that is away; above it they are not told."""
TOLD_SECONDS = 1
"""Twilio may ask how a call has ended before the other worker's note of it is there."""
LOOK_SECONDS = 0.05

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class _Issued(msgspec.Struct, frozen=True):
    call_sid: str
    facts: Facts


class _Ended(msgspec.Struct, frozen=True):
    why: str
    said_goodbye: bool


class CallTraces:
    """`notes`: None in a single process. Give `run` a task."""

    def __init__(self, notes: Notes | None = None) -> None:
        self._notes = notes
        self.tokens = StreamTokens()
        """Of this worker."""
        self._endings = Endings()
        self._send_endings, self._new_endings = trio.open_memory_channel[tuple[str, _Ended]](WAITING)
        self._untold = 0
        self._told = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until it is cancelled."""
        task_status.started()
        async for call_sid, ended in self._new_endings:
            if self._notes is not None:
                with suppress(NotesAway):
                    await self._notes.put(f"ending:{call_sid}", msgspec.json.encode(ended), ASK_SECONDS)
            self._untold -= 1
            self._told.set()
            self._told = trio.Event()

    # the stream's token

    async def issue(self, call_sid: str, facts: Facts) -> str | None:
        """See `StreamTokens.issue_nowait`: of all workers together."""
        token = self.tokens.issue_nowait(call_sid, facts)
        if token is None or self._notes is None:
            return token
        try:
            issued = await self._notes.count(f"tokens:{call_sid}", TOKEN_SECONDS)
            if issued > MAX_TOKENS_A_CALL or await self._notes.get(f"streamed:{call_sid}") is not None:
                return None
            content = msgspec.json.encode(_Issued(call_sid, facts))
            await self._notes.put(_name(token), content, TOKEN_SECONDS)
        except NotesAway:
            log.warning("a call's token is known to this worker only: Redis is away", call_sid=call_sid)
        return token

    async def redeem(self, token: str, call_sid: str) -> Facts | None:
        """See `StreamTokens.redeem_nowait`: whichever worker has issued it, and only one of all may have it."""
        facts = self.tokens.redeem_nowait(token, call_sid)
        if self._notes is None:
            return facts
        try:
            if facts is None:
                facts = await self._facts_of(token, call_sid)
            if facts is None or not await self._notes.put_first(f"streamed:{call_sid}", b"1", STREAMED_SECONDS):
                return None
        except NotesAway:
            log.warning("whether a call has had its stream elsewhere is not known: Redis is away", call_sid=call_sid)
        return facts

    async def _facts_of(self, token: str, call_sid: str) -> Facts | None:
        assert self._notes is not None
        content = await self._notes.take(_name(token))
        if content is None:
            return None
        issued = msgspec.json.decode(content, type=_Issued)
        return issued.facts if issued.call_sid == call_sid else None

    # its end

    def expect_nowait(self, call_sid: str) -> None:
        """The call has begun: `record_nowait` will be called."""
        self._endings.expect_nowait(call_sid)

    def record_nowait(self, call_sid: str, why: Ended, *, said_goodbye: bool) -> None:
        self._endings.record_nowait(call_sid, why, said_goodbye=said_goodbye)
        if self._notes is not None and call_sid:
            with suppress(trio.WouldBlock):
                self._send_endings.send_nowait((call_sid, _Ended(why.name, said_goodbye)))
                self._untold += 1

    async def ask(self, call_sid: str) -> Ending | None:
        """How the call has ended, on whichever worker. None where nobody knows of its stream."""
        ending = self._endings.ask_nowait(call_sid)
        if ending is not None or self._notes is None:
            return ending
        with suppress(NotesAway), trio.move_on_after(TOLD_SECONDS):
            while (content := await self._notes.get(f"ending:{call_sid}")) is None:  # noqa: ASYNC110 - of another process
                await trio.sleep(LOOK_SECONDS)
            ended = msgspec.json.decode(content, type=_Ended)
            return Ending(Ended[ended.why], ended.said_goodbye, trio.current_time())
        return None

    async def wait_until_asked(self) -> None:
        """Nobody needs this worker any more, to learn how its calls have ended."""
        if self._notes is None:
            await self._endings.wait_until_asked()
            return
        with trio.move_on_after(TOLD_SECONDS):  # noqa: ASYNC912 - there may be nothing to wait for
            while self._untold:
                await self._told.wait()


def _name(token: str) -> str:
    """Who can read Redis' keys cannot use a token."""
    return f"token:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()}"
