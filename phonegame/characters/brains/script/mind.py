"""A script's mind: what it has been asked, what it answers, and how far the script has come by that."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import trio

from phonegame.characters.brain import ActionCall, Piece, Request
from phonegame.characters.brains.script.library import script_of
from phonegame.characters.brains.script.listen import find_rule
from phonegame.characters.brains.script.match import Heard
from phonegame.characters.brains.script.model import Do, Reaction, Script
from phonegame.characters.brains.script.performance import Performance
from phonegame.characters.brains.script.progress import Progress
from phonegame.characters.entries import ActionDone, CallBegan, CallerSaid, CallerSilent, Entry
from phonegame.characters.persona import HANG_UP

SORRY = ("Sorry?", "I am sorry, I did not understand that.")
"""Where a script has no `else`."""
STILL_THERE = "Are you still there?"
"""Where it has no `silence`."""
_KEPT_ACTIONS = 100
_MOST_BRACKETS = 200


@dataclass(slots=True)
class _Place:
    """Where the conversation is. A thought that has not counted is taken back to the one before it."""

    progress: Progress
    in_call: bool = False
    told: set[str] = field(default_factory=set)
    """Actions whose results have been told."""

    def copy(self) -> _Place:
        return _Place(self.progress.copy(), self.in_call, set(self.told))


class ScriptMind:
    """A thought does not count, and is taken back, where

    - its block is left before its last piece, since an action in it may never have been asked for;
    - what it answered is not among the entries of the next request: the caller went on speaking;
    - the caller speaks again before having heard anything of it: then both turns are answered as one.
    """

    def __init__(self, progress: Progress, chance: random.Random) -> None:
        self._place = _Place(progress)
        self._before = self._place.copy()
        self._chance = chance
        self._answered: tuple[Entry, ...] = ()
        self._was_silent = False
        self._asked: dict[str, Do] = {}
        self._hang_ups: dict[str, str] = {}
        """And the state before."""

    @property
    def state(self) -> Any:
        return self._place.progress.as_json()

    @asynccontextmanager
    async def think(self, request: Request) -> AsyncGenerator[AsyncIterator[Piece], None]:
        script = await script_of(request.persona.script)
        pieces = _Pieces(self._answer(script, tuple(request.entries) or (CallBegan(),)))
        try:
            yield pieces
        finally:
            if pieces.rest:
                self._take_back()

    def _take_back(self) -> None:
        self._place, self._answered = self._before, ()

    def _answer(self, script: Script, entries: tuple[Entry, ...]) -> list[Piece]:
        if self._answered and not _goes_on_from(self._answered, entries):
            self._take_back()
        unanswered = self._unanswered(entries)
        if len(unanswered) > 1 and self._answered:
            self._take_back()
        self._before = self._place.copy()
        self._answered = entries
        reply = self._performance(script)
        self._react(reply, " ".join(said.text for said in unanswered), entries)
        self._remember(reply)
        return reply.pieces

    def _unanswered(self, entries: tuple[Entry, ...]) -> list[CallerSaid]:
        """The turns of the caller at the end. Of several, nothing has been heard of an answer to the first."""
        turns: list[CallerSaid] = []
        for entry in reversed(entries):
            if not isinstance(entry, CallerSaid):
                break
            turns.insert(0, entry)
        answered_by_nothing = self._answered and self._was_silent and self._answered[-1] in turns[:-1]
        return turns[-1:] if answered_by_nothing else turns

    def _performance(self, script: Script) -> Performance:
        return Performance(script, self._place.progress, self._chance, self._new_id)

    def _new_id(self) -> str:
        """Never used again, not even in another call: the results of its actions may still be remembered."""
        return f"script-{self._chance.getrandbits(64):016x}"

    def _remember(self, reply: Performance) -> None:
        self._asked |= reply.asked
        while len(self._asked) > _KEPT_ACTIONS:
            del self._asked[next(iter(self._asked))]
        for piece in reply.pieces:
            if isinstance(piece, ActionCall) and piece.name == HANG_UP:
                self._hang_ups[piece.action_id] = self._before.progress.state
        self._was_silent = not reply.text
        if reply.text and reply.is_worth_repeating:
            reply.progress.last = reply.text

    def _react(self, reply: Performance, said: str, entries: tuple[Entry, ...]) -> None:
        last = entries[-1]
        if isinstance(last, CallBegan):
            self._begin(reply, last.direction)
            return
        if not self._place.in_call:  # it was greeted by somebody else
            began = next((entry for entry in reversed(entries) if isinstance(entry, CallBegan)), CallBegan())
            self._begin(self._performance(reply.script), began.direction)
        reply.progress.fit(reply.script)
        results = self._new_results(entries)
        if isinstance(last, CallerSaid):
            self._hear(reply, said, is_all=not results)
        elif isinstance(last, CallerSilent):
            self._bear_silence(reply)
        for done in results:
            self._go_on(reply, done)

    def _new_results(self, entries: tuple[Entry, ...]) -> list[ActionDone]:
        """Of all actions that have one by now: the caller may have spoken while they were being carried out."""
        place, results = self._place, list[ActionDone]()
        for entry in entries:
            if not isinstance(entry, ActionDone) or entry.action_id in place.told:
                continue
            if entry.action_id in self._hang_ups and entry.failed:
                # the caller has spoken before the goodbye was over: the call goes on where it was
                place.told.add(entry.action_id)
                place.progress.state, place.progress.ended = self._hang_ups[entry.action_id], False
            elif entry.action_id in self._asked:
                place.told.add(entry.action_id)
                results.append(entry)
        return results

    def _begin(self, reply: Performance, direction: str) -> None:
        progress, script = reply.progress, reply.script
        self._place.in_call = True
        resumes = progress.begin_call(script, direction)
        if progress.calls > 1 and script.welcome_back and script.calling_again != "afresh":
            reply.say(script.welcome_back)
        if resumes:
            reply.ask_again()
        else:
            reply.enter(script.start)

    def _hear(self, reply: Performance, text: str, *, is_all: bool) -> None:
        """`is_all`: nothing else is going to be said, so that it has to be said where nothing was understood."""
        # a recogniser's JSON may hold halves of characters, which no game could be sent
        reply.heard = text = text.encode(errors="replace").decode().strip()
        progress, script = reply.progress, reply.script
        progress.silent = 0
        found = find_rule(script, progress, Heard.of(text))
        if found is not None:
            progress.misunderstood = 0
            progress.variables.update(found.slots)
            reply.do(found.rule.reaction)
            return
        if not is_all:
            return
        reply.is_worth_repeating = False
        progress.misunderstood += 1
        own = script.states[progress.state].reactions.misunderstood
        if not self._do_next(reply, own or script.reactions.misunderstood, progress.misunderstood):
            reply.add_text(SORRY[min(progress.misunderstood, len(SORRY)) - 1])
            reply.ask_again()

    def _bear_silence(self, reply: Performance) -> None:
        progress, script = reply.progress, reply.script
        reply.is_worth_repeating = False
        progress.silent += 1
        own = script.states[progress.state].reactions.silence
        if not self._do_next(reply, own or script.reactions.silence, progress.silent):
            reply.ask_again()
            if not reply.pieces:
                reply.add_text(STILL_THERE)

    def _do_next(self, reply: Performance, reactions: Sequence[Reaction], times: int) -> bool:
        """Of those that hold, the one for this time, or the last."""
        possible = [reaction for reaction in reactions if reply.holds(reaction)]
        if possible:
            reply.do(possible[min(times, len(possible)) - 1])
        return bool(possible)

    def _go_on(self, reply: Performance, done: ActionDone) -> None:
        do = self._asked.get(done.action_id)
        reply.result = _result(done.result)
        reaction = (do.failed if done.failed else do.done) if do else None
        if reaction is not None and reply.holds(reaction):
            reply.do(reaction)


def _goes_on_from(answered: Sequence[Entry], entries: Sequence[Entry]) -> bool:
    """Whether what was answered has become a part of the conversation."""
    before = tuple(entries[:-1])
    return before != tuple(answered[:-1]) and answered[-1] in before


def _result(text: str) -> Any:
    """As JSON, else plain words. One that is nested without end stays words: it could not be remembered."""
    if text.count("[") + text.count("{") > _MOST_BRACKETS:
        return text
    try:
        return msgspec.json.decode(text.encode(errors="replace"))
    except msgspec.DecodeError:
        return text


class _Pieces:
    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.rest = list(pieces)

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self

    async def __anext__(self) -> Piece:
        await trio.lowlevel.checkpoint()
        if not self.rest:
            raise StopAsyncIteration
        return self.rest.pop(0)
