"""The brain that follows a script. It needs nothing but the script's text, which the persona carries."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

from phonegame.characters.brain import BrainError, Piece, Request
from phonegame.characters.brains.script.check import check_script
from phonegame.characters.brains.script.faults import Fault, Faults
from phonegame.characters.brains.script.listen import find_rule
from phonegame.characters.brains.script.match import Heard
from phonegame.characters.brains.script.model import Do, Reaction, Script
from phonegame.characters.brains.script.performance import Performance
from phonegame.characters.brains.script.progress import Progress, from_json
from phonegame.characters.brains.script.read import parse_toml, read_tables
from phonegame.characters.entries import ActionDone, CallBegan, CallerSaid, CallerSilent, Entry
from phonegame.characters.persona import Action

SORRY = ("Sorry?", "I am sorry, I did not understand that.")
"""Where a script has no `else`."""
STILL_THERE = "Are you still there?"
"""Where it has no `silence`."""
_KEPT_SCRIPTS = 64
_SHOWN_FAULTS = 3
_SHORT_SCRIPT = 20_000
"""Characters, which are read in a few milliseconds; a longer one is read in a thread."""
_KEPT_ACTIONS = 100


def read_script(text: str, actions: Iterable[Action] | None = None) -> tuple[Script | None, Faults]:
    """The script, if it can be used, and everything that is wrong with it. Never raises, whatever the text.

    `actions`: those that are declared, for those of the script to be checked against.
    """
    faults = Faults()
    content = parse_toml(text, faults)
    return (None, faults) if content is None else read_parsed(content, actions)


def read_parsed(content: Mapping[str, Any], actions: Iterable[Action] | None = None) -> tuple[Script | None, Faults]:
    """The same for what TOML has been made into."""
    faults = Faults()
    script = read_tables(content, faults)
    check_script(script, actions, faults)
    return (None if faults.errors else script), faults


def _read(text: str) -> Script | tuple[Fault, ...]:
    script, faults = read_script(text)
    return script if script is not None else faults.errors


class _Scripts:
    """Those that were read last: one for all calls that follow it."""

    def __init__(self) -> None:
        self._kept: dict[str, Script | tuple[Fault, ...]] = {}

    def get(self, text: str) -> Script | tuple[Fault, ...] | None:
        return self._kept.get(text)

    def keep(self, text: str, read: Script | tuple[Fault, ...]) -> None:
        self._kept[text] = read
        while len(self._kept) > _KEPT_SCRIPTS:
            del self._kept[next(iter(self._kept))]


_scripts = _Scripts()


def remember(text: str, script: Script) -> None:
    """Has it at hand for the first turn: whoever has checked a file has read it."""
    _scripts.keep(text, script)


class ScriptBrain:
    """Plays every persona that has a script. `seed`: for replies that are the same each time."""

    name = "script"

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed

    @asynccontextmanager
    async def open(self, state: Any = None) -> AsyncGenerator[ScriptMind, None]:
        yield ScriptMind(from_json(state), random.Random(self._seed))


class ScriptMind:
    """How far it has come changes with each thought, and a thought whose request is not among the entries of the next
    one is taken back: the caller went on speaking, and is answered as a whole.
    """

    def __init__(self, progress: Progress, chance: random.Random) -> None:
        self._progress = progress
        self._chance = chance
        self._numbers = itertools.count(1)
        self._asked: dict[str, Do] = {}
        self._text = ""
        self._in_call = False
        self._answered: tuple[Entry, ...] = ()
        self._before = (progress, False)

    @property
    def state(self) -> Any:
        return self._progress.as_json()

    @asynccontextmanager
    async def think(self, request: Request) -> AsyncGenerator[AsyncIterator[Piece], None]:
        script = await self._script(request.persona.script)
        yield _Pieces(self._answer(script, request.entries))

    async def _script(self, text: str) -> Script:
        if not text:
            raise BrainError("this character has no script to follow; give it one, or set PHONEGAME_MODEL")
        found = _scripts.get(text)
        if found is None:
            long = len(text) > _SHORT_SCRIPT
            found = await trio.to_thread.run_sync(_read, text) if long else _read(text)
            _scripts.keep(text, found)
        if isinstance(found, Script):
            return found
        shown = "; ".join(map(str, found[:_SHOWN_FAULTS]))
        more = f"; and {len(found) - _SHOWN_FAULTS} more" if len(found) > _SHOWN_FAULTS else ""
        raise BrainError(f"the script cannot be used: {shown}{more}")

    def _answer(self, script: Script, entries: Sequence[Entry]) -> list[Piece]:
        if self._answered and not _goes_on_from(self._answered, entries):
            self._progress, self._in_call = self._before
        self._before = (self._progress.copy(), self._in_call)
        last = entries[-1] if entries else CallBegan()
        self._answered = tuple(entries)
        reply = Performance(script, self._progress, self._chance, self._next_id)
        self._react(reply, last, entries)
        self._asked |= reply.asked
        while len(self._asked) > _KEPT_ACTIONS:
            del self._asked[next(iter(self._asked))]
        if reply.text and reply.is_worth_repeating:
            self._progress.last = reply.text
        return reply.pieces

    def _next_id(self) -> str:
        """Never used again, not even where a thought is taken back."""
        return f"script-{next(self._numbers)}"

    def _react(self, reply: Performance, last: Entry, entries: Sequence[Entry]) -> None:
        if isinstance(last, CallBegan):
            return self._begin(reply, last.direction)
        if not self._in_call:  # it was greeted by somebody else
            began = next((entry for entry in reversed(entries) if isinstance(entry, CallBegan)), CallBegan())
            self._begin(Performance(reply.script, reply.progress, self._chance, self._next_id), began.direction)
        reply.progress.fit(reply.script)
        match last:
            case CallerSaid(text):
                self._hear(reply, text)
            case CallerSilent():
                self._bear_silence(reply)
            case ActionDone():
                self._go_on(reply, last)
            case _:
                pass
        return None

    def _begin(self, reply: Performance, direction: str) -> None:
        progress, script = reply.progress, reply.script
        self._in_call = True
        resumes = progress.begin_call(script, direction)
        if progress.calls > 1 and script.welcome_back and script.calling_again != "afresh":
            reply.say(script.welcome_back)
        if resumes:
            reply.ask_again()
        else:
            reply.enter(script.start)

    def _hear(self, reply: Performance, text: str) -> None:
        reply.heard = text.strip()
        progress, script = reply.progress, reply.script
        progress.silent = 0
        found = find_rule(script, progress, Heard.of(text))
        if found is not None:
            progress.misunderstood = 0
            progress.variables.update(found.slots)
            reply.do(found.rule.reaction)
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
    """Whether the last entry that was answered has become a part of the conversation.

    An action's result is told by its id; anything else is the newest of its kind, since nothing is answered twice.
    """
    before = entries[:-1]
    if tuple(before) == tuple(answered[:-1]):
        return False
    if isinstance(answered[-1], ActionDone):
        return answered[-1] in before
    kinds = CallBegan | CallerSaid | CallerSilent
    return next((entry for entry in reversed(before) if isinstance(entry, kinds)), None) == answered[-1]


def _result(text: str) -> Any:
    """As JSON, else plain words."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


class _Pieces:
    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._rest = iter(pieces)

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self

    async def __anext__(self) -> Piece:
        await trio.lowlevel.checkpoint()
        for piece in self._rest:
            return piece
        raise StopAsyncIteration
