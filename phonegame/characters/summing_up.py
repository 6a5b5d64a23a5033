"""Has the brain sum up what is long ago, while it has nothing else to do: no reply ever waits for that."""

from __future__ import annotations

from typing import assert_never

import msgspec
import structlog
import trio

from phonegame.characters.brain import BrainError, Mind, Request, Text
from phonegame.characters.budget import Limit, Purse
from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
    Entry,
    Summary,
)
from phonegame.characters.memory import Memory, entries_of
from phonegame.characters.persona import Persona
from phonegame.characters.tokens import tokens_of, tokens_of_entries

SECONDS = 30
MAX_TOKENS = 300
MAX_LENGTH = 2000
TASK = (
    "You keep the notes of a conversation on the phone. Sum it up in at most 150 words: who the caller is, what was "
    "asked, promised and decided, names and numbers. Write nothing else."
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class SummingUp:
    """One task calls `run`. It rests until the first `resume`, and while it is paused; a pause throws away what is not
    done. A brain that cannot do it is not asked again: then old exchanges are cut.
    """

    def __init__(self, persona: Persona, memory: Memory, purse: Purse) -> None:
        self._can = not persona.script
        self._memory = memory
        self._purse = purse
        self._resumed = trio.Event()
        self._work = trio.CancelScope()
        self._idle = trio.Event()
        self._idle.set()

    async def pause(self) -> None:
        """Returns when the mind is free, which it is at once."""
        if self._resumed.is_set():
            self._resumed = trio.Event()
        self._work.cancel()
        await self._idle.wait()

    def resume(self) -> None:
        self._resumed.set()

    async def run(self, mind: Mind) -> None:
        while self._can:
            await self._resumed.wait()
            self._resumed = trio.Event()
            if self._memory.to_sum_up:
                self._idle = trio.Event()
                with trio.CancelScope(deadline=trio.current_time() + SECONDS) as self._work:
                    await self._sum_up(mind)
                self._idle.set()

    async def _sum_up(self, mind: Mind) -> None:
        old = list(self._memory.to_sum_up)
        entries = (CallerSaid("\n".join(map(_line, entries_of(old)))),)
        request = Request(Persona(name="notes", persona=TASK), entries, (), MAX_TOKENS)
        text = ""
        try:
            async with mind.think(request) as pieces:
                async for piece in pieces:
                    text += piece.text if isinstance(piece, Text) else ""
                    if len(text) > MAX_LENGTH:
                        break
        except BrainError as error:
            log.warning("the conversation cannot be summed up; its beginning will be cut", why=str(error))
            self._can = False
            return
        self._purse.spend(Limit.TOKENS, tokens_of_entries(entries) + tokens_of(text))
        if text.strip():
            self._memory.sum_up(old, Summary(text.strip()[:MAX_LENGTH]))


def _line(entry: Entry) -> str:
    match entry:
        case CallBegan():
            return "(a call begins)"
        case CallerSaid(text=text):
            return f"Caller: {text}"
        case CallerSilent():
            return "(the caller is silent)"
        case CharacterSaid(text=text, cut_off=cut_off):
            return f"You: {text}{' (interrupted)' if cut_off else ''}"
        case ActionAsked(name=name, arguments=arguments):
            return f"You did: {name} {msgspec.json.encode(arguments).decode()}"
        case ActionDone(result=result):
            return f"Its result: {result}"
        case Summary(text=text):
            return f"(before that: {text})"
        case _:
            assert_never(entry)
