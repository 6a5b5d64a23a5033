"""A character on the phone: who has the word, what is to be answered, when it is over.

    converse            one thing after the other: the greeting, replies, a word to a caller who is silent, the end
    watch_turns         the caller's turn is over because nothing more comes

What the call tells comes in between, at any time (`hear_nowait`, receipts, results): it changes the state, cuts the
reply that is under way where the caller has the word, and wakes `converse`.

    ProbablyOver   the next reply begins to be thought; nothing of it is said
    Speaking       of what is being thought and has not begun to be heard, nothing is needed any more
    Over           it is needed: it is said from here on
    a saying is interrupted, cleared away, replaced: the whole reply is cut
    Over(""): what has interrupted it was nothing; it goes on with what is unsaid
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
import trio

from phonegame.characters.actions import ActionInvalid, Actions
from phonegame.characters.brain import Brain, BrainError, Mind
from phonegame.characters.budget import Limit
from phonegame.characters.entries import CallerSaid, CallerSilent, Entry
from phonegame.characters.errands import Errands
from phonegame.characters.memory import Memory, Spoken
from phonegame.characters.mouth import Mouth
from phonegame.characters.persona import Persona
from phonegame.characters.reply import Reply
from phonegame.characters.setting import End, Setting
from phonegame.characters.summing_up import SummingUp
from phonegame.characters.timing import TurnTimes
from phonegame.characters.turns import SILENCE, Over, ProbablyOver, Span, Speaking, Turn, Turns
from phonegame.characters.unsaid import AFRESH, Line
from phonegame.listen.transcript import Heard

MAX_FAILURES = 2
"""In a row; then the character gives up."""
MAX_SILENCES = 5
"""In a row, where the brain is asked each time: a script has something to say to the first, the second, ..."""
MAX_RESUMED = 3
"""How often, in a row, the character goes on by itself where noise has stopped it: then it waits for the caller."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Conversation:
    """Raises `ActionInvalid` for a persona whose actions cannot be used. One task calls `run`."""

    mind: Mind

    def __init__(self, persona: Persona, brain: Brain, setting: Setting) -> None:
        self.persona = persona
        self.actions = Actions(persona.actions)
        self.purse = setting.purse
        self.max_tokens = setting.max_tokens
        self.memory = Memory([*setting.remembered, setting.began])
        self.errands = Errands(self.actions, self.memory, setting.audience.ask)
        self.mouth = Mouth(setting.stage, persona.voice, self._spend, self._cut_all, self._has_said, self._voice_failed)
        self._brain = brain
        self._setting = setting
        self._turns = Turns(persona.patience)
        self._summing_up = SummingUp(persona, self.memory, setting.purse)
        self._reply: Reply | None = None
        """Under way."""
        self._next: Reply | None = None
        self._line: Line | None = None
        """Is being said, while there is no reply under way."""
        self._stopped: Reply | Line | None = None
        """By something that sounded like the caller, and is yet to become a turn."""
        self._resumed = 0
        self._has_yielded = False
        """The caller's last words have had their answer, though the game may have taken it away."""
        self.turns = 0
        """How many of the caller's have been answered, or will be."""
        self._owes_turn = False
        """The newest has not had its answer to the end."""
        self._failures = self._silences = 0
        self._quiet_since = trio.current_time()
        self._playing: Span = SILENCE
        self._heard_last = TurnTimes()
        self._waiting = self._turn_waiting = trio.Event()
        self._is_open = self._voice_has_failed = False
        self._end: End | None = None

    # what the call tells

    def hear_nowait(self, heard: Heard) -> None:
        """All that Deepgram tells, in order, after the speaker has been stopped where that was called for."""
        now = trio.current_time()
        position = self._setting.position()
        if (since := self._setting.stage.speaking_since) is not None:
            self._playing = Span(position - (now - since), position)
        turns = self._turns.hear(heard, now, self._playing)
        if heard.results is not None and heard.results.is_final and heard.results.best.transcript:
            spoken_at = now - (position - self._turns.last_word_end)
            self._heard_last = TurnTimes(speech_ended=spoken_at, final_result=now)
        self._take_turns(turns, now)
        self._turn_waiting.set()

    def key_nowait(self) -> None:
        """The caller has pressed a key, and so is there."""
        self._silences = 0
        self._begin_quiet()

    def note_sound(self) -> None:
        """Something has been said to the caller, by whomever."""
        self._begin_quiet()
        self._playing = Span(self._playing.begin, self._setting.position())

    def result_nowait(self, action_id: str, result: str, *, failed: bool) -> str | None:
        """Of an action. Gives the reason, in words, where it changes nothing."""
        return self.errands.take_result(action_id, result, failed=failed)

    def yield_nowait(self) -> None:
        """The game has taken the word: what noise has stopped is not gone on with."""
        if self._stopped is not None and self._stopped.was_audible:
            self._stopped, self._has_yielded = None, True
            if self._next is not None and self._next.begins_with is not AFRESH:
                self._next = None

    def stop_nowait(self, why: End) -> None:
        """Nothing more is said; `run` returns. The first reason counts."""
        self._finish(why)
        self._cut_all(False)
        self._waiting.set()

    @property
    def state(self) -> Any:
        """What the brain needs to go on in another call."""
        return self.mind.state if self._is_open else self._setting.state

    def recall(self, entries: Sequence[Entry], state: Any) -> None:
        """Of earlier calls; before `run`."""
        self.memory.recall(entries)
        self._setting = replace(self._setting, state=state)

    def look_again_nowait(self) -> None:
        """The purse may be empty earlier than it has told."""
        self._waiting.set()

    # the tasks

    async def run(self) -> End:
        """Returns when the character is not there any more."""
        try:
            async with self._brain.open(self._setting.state) as self.mind, trio.open_nursery() as nursery:
                self._is_open = True
                nursery.start_soon(self._watch_turns)
                nursery.start_soon(self._summing_up.run, self.mind)
                await self._converse()
                nursery.cancel_scope.cancel()
        except BrainError as error:
            self._setting.audience.failed("character_failed", str(error))
            self._finish(End.FAILED)
        finally:
            self.stop_nowait(End.CALL_ENDED)
            self._pay_turn()
            self.errands.end("the conversation has ended")
        assert self._end is not None
        return self._end

    def _finish(self, why: End) -> None:
        if self._end is None:
            self._end = why

    async def _watch_turns(self) -> None:
        while True:
            self._turn_waiting = trio.Event()
            with trio.move_on_at(self._turns.deadline):
                await self._turn_waiting.wait()
            now = trio.current_time()
            due = min(self._turns.deadline, now)
            self._take_turns(self._turns.settle(now), due)

    async def _converse(self) -> None:
        await self._renew()
        if self._end is None and self.purse.used_up(trio.current_time()) is None:
            await self._greet()
        while self._end is None:
            if (limit := self.purse.used_up(trio.current_time())) is not None:
                await self._say(self._setting.farewells(limit), interruptible=False)
                self._finish(End(limit.value))
            elif self._next is not None:
                await self._perform_next(self._next)
            else:
                await self._wait()

    async def _greet(self) -> None:
        if self.persona.greeting:
            await self._say(self.persona.greeting)
        elif self._next is None:
            self._next = Reply(self, TurnTimes())

    async def _perform_next(self, reply: Reply) -> None:
        self._next = None
        if reply.is_committed:
            self._stopped = None
            if self.memory.is_answered and reply.begins_with is AFRESH:
                # by the reply before it, behind an action
                return
        self._reply, self._has_yielded = reply, False
        await self._perform(reply)

    async def _perform(self, reply: Reply) -> None:
        self._voice_has_failed = False
        try:
            await reply.run()
        finally:
            self._reply = None
            self._begin_quiet()
            if reply.times.first_frame is not None:
                self._setting.audience.timed(reply.times)
        if not reply.is_cut and self._next is None:
            self._pay_turn()
        if reply.failure is not None and not reply.is_cut:
            await self._fail(reply.failure)
        elif reply.is_cut and self._voice_has_failed:
            self._failures += 1
            if self._failures >= MAX_FAILURES:
                self._finish(End.FAILED)
        elif reply.hangs_up:
            self._finish(End.HUNG_UP)
        elif not reply.is_cut:
            self._resumed = 0
            if reply.begins_with.thinks_on:
                self._failures = 0
            if reply.begins_with.ends is not None:
                self._finish(reply.begins_with.ends)

    def _pay_turn(self) -> None:
        if self._owes_turn:
            self.purse.spend(Limit.TURNS, 1)
        self._owes_turn = False

    async def _fail(self, why: str) -> None:
        self._failures += 1
        self._setting.audience.failed("character_failed", why)
        if self._failures < MAX_FAILURES:
            await self._say(self.persona.excuse)
        else:
            await self._say(self.persona.goodbye, interruptible=False)
            self._finish(End.FAILED)

    async def _say(self, text: str, *, interruptible: bool = True, ends: End | None = None) -> None:
        """Something that no brain has to think of. `ends`: so does the conversation, when the caller has heard it."""
        self._line = line = Line(text, ends)
        self.memory.add(line.spoken)
        if text:
            self.mouth.open(line.spoken)
            self.mouth.say(text, line.spoken, interruptible=interruptible)
            self.mouth.close(line.spoken)
        await self.mouth.wait_silent()
        self._line = None
        self._begin_quiet()
        if not line.spoken.cut_off and ends is not None:
            self._finish(ends)

    async def _wait(self) -> None:
        """For the caller, or the end of their silence."""
        self._waiting = trio.Event()
        seconds = self.persona.silence_seconds or math.inf
        with trio.move_on_at(min(self._quiet_since + seconds, self.purse.ends_at)):
            await self._waiting.wait()
            return
        if trio.current_time() < self._quiet_since + seconds:
            return
        if self._setting.stage.is_speaking or not self._turns.is_silent:
            self._begin_quiet()
        else:
            await self._break_silence()

    def _begin_quiet(self) -> None:
        self._quiet_since = trio.current_time()

    async def _break_silence(self) -> None:
        self.memory.add(CallerSilent(self.persona.silence_seconds))
        self._silences += 1
        if self._silences > (1 if self.persona.silence_prompt else MAX_SILENCES):
            await self._say(self.persona.goodbye, ends=End.CALLER_SILENT)
        elif self.persona.silence_prompt:
            await self._say(self.persona.silence_prompt)
        else:
            self._next = Reply(self, TurnTimes())

    # whose turn it is

    def _take_turns(self, turns: Sequence[Turn], due: float) -> None:
        """`due`: when they could be known."""
        for turn in turns:
            self._begin_quiet()
            match turn:
                case Speaking():
                    self._give_way()
                case ProbablyOver(text=text):
                    self._think_ahead(text)
                case Over(text=text):
                    self._end_turn(text, due)
        if turns:
            self._waiting.set()

    def _give_way(self) -> None:
        self._next = None
        if self._reply is not None and not self._reply.is_audible:
            if self._reply.is_committed and not self._reply.is_cut:
                self._stopped = self._reply
            self._reply.cut()

    def _think_ahead(self, text: str) -> None:
        # what a mind that keeps a state has thought, it may not be able to forget
        if self._is_open and self.mind.state is None:
            if self._reply is not None and not self._reply.is_committed:
                # to other words, which nothing will make certain any more
                self._reply.cut()
            self._next = Reply(self, replace(self._heard_last), text)

    def _end_turn(self, text: str, due: float) -> None:
        prepared = next((each for each in (self._next, self._reply) if each and not each.is_committed), None)
        if text:
            self.memory.add(CallerSaid(text))
            self._pay_turn()
            self._owes_turn = True
            self.turns += 1
            self._silences = self._resumed = 0
            self._stopped, self._has_yielded = None, False
        if prepared is not None and text and prepared.said == text and not prepared.is_cut:
            prepared.times.speech_ended = self._heard_last.speech_ended
            prepared.times.final_result = self._heard_last.final_result
            prepared.times.turn_ended = due
            prepared.commit()
            return
        if prepared is not None:
            prepared.cut()
            self._next = None
        if self._stopped is not None:
            self._resume(self._stopped)
        elif not (self.memory.is_answered or self._has_yielded):
            self._next = Reply(self, replace(self._heard_last, turn_ended=due))

    def _resume(self, stopped: Reply | Line) -> None:
        """What has stopped it was nothing."""
        unsaid = stopped.unsaid
        if unsaid and (self._resumed < MAX_RESUMED or not self.memory.is_answered):
            self._resumed += 1
            self._next = Reply(self, TurnTimes(), unsaid=unsaid)
        else:
            self._stopped = None

    async def about_to_think(self) -> None:
        await self._summing_up.pause()
        await self._renew()

    async def _renew(self) -> None:
        """The character as its file has it by now. One whose actions cannot be used stays as it was."""
        persona = await self._setting.newest(self.persona)
        if persona is self.persona:
            return
        try:
            self.actions = Actions(persona.actions)
        except ActionInvalid as error:
            log.error("a changed character file is not used", name=persona.name, why=str(error))
            return
        self.persona = persona
        self.errands.actions = self.actions
        self.mouth.voice = persona.voice
        self._turns.patience = persona.patience
        self._setting.audience.renewed(persona)

    def has_thought(self) -> None:
        if self._setting.sum_up:
            self._summing_up.resume()

    # what has become of what was said

    def _spend(self, characters: int) -> None:
        self.purse.spend(Limit.CHARACTERS, characters)

    def _voice_failed(self, why: str) -> None:
        self._voice_has_failed = True
        self._setting.audience.failed("voice_failed", why)

    def _cut_all(self, by_caller: bool) -> None:
        speaks = self._reply or self._line
        if speaks is self._line or not (self._reply and self._reply.is_cut):
            self._stopped, self._has_yielded = (speaks, False) if by_caller else (None, True)
            if by_caller:
                self._turns.promise(trio.current_time())
        if self._reply is not None:
            self._reply.cut()
        else:
            self.mouth.take_back()

    def _has_said(self, spoken: Spoken) -> None:
        if spoken.entry is not None:
            self._setting.audience.said(spoken.entry)
