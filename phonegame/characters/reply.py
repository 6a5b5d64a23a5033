"""One reply of a character, from the first thought to the last word: each stage begins before the one before is done.

    brain --pieces--> phrases --`PHRASES` wait at most--> mouth --`LOOK_AHEAD` at most--> the caller
      ^       |
      |       +--actions--> errands --their results, or their time is up--+
      +-------------------------- the next round -------------------------+

It may be thought before it is certain that it will be needed (`commit` says so); until then nothing is said or done.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import structlog
import trio

from phonegame.characters.actions import Actions
from phonegame.characters.brain import ActionCall, BrainError, Mind, Piece, Request, Text, Usage
from phonegame.characters.budget import Limit, Purse
from phonegame.characters.entries import CallerSaid, Entry
from phonegame.characters.errands import Errands
from phonegame.characters.memory import Memory, Spoken
from phonegame.characters.mouth import Mouth
from phonegame.characters.persona import HANG_UP, Persona
from phonegame.characters.phrases import Phrases
from phonegame.characters.timing import TurnTimes
from phonegame.characters.tokens import tokens_of, tokens_of_entries
from phonegame.characters.unsaid import AFRESH, Unsaid, rest_of

MAX_CHARACTERS = 1600
"""Of what is said in one round: a minute and a half. A model that does not keep to its tokens has failed there."""
MAX_WRITTEN = 4 * MAX_CHARACTERS
"""And of what it may write, said or not."""
MAX_CALLS = 8
"""Actions in one round."""
MAX_ROUNDS = 4
"""How often a brain is asked in one turn, behind actions."""
PHRASES = 4
"""That wait to be said: a model that is quicker than its voice has to wait."""
FILLER_SECONDS = 1.5
FIRST_PIECE_SECONDS = 10.0
"""A model that has said nothing by then has failed: the caller has heard the filler, and then silence."""
NEXT_PIECE_SECONDS = 5.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Cast(Protocol):
    """The conversation, which has what all its replies need."""

    persona: Persona
    mind: Mind
    memory: Memory
    actions: Actions
    errands: Errands
    mouth: Mouth
    purse: Purse
    max_tokens: int
    """Of a reply."""

    async def about_to_think(self) -> None:
        """Whoever else uses the mind is to leave it; the character may be another one then, if its file has changed."""

    def has_thought(self) -> None:
        """The mind is free; the reply may still be on its way."""


class Reply:
    """`said`: of a turn that is only probably over. Without it, to what stands last in the memory.

    `unsaid`: of a reply that was cut off, which is gone on with.
    """

    def __init__(self, cast: Cast, times: TurnTimes, said: str | None = None, unsaid: Unsaid = AFRESH) -> None:
        self._cast = cast
        self.begins_with = unsaid
        self.said = said
        self.times = times
        self.failure: str | None = None
        """Why it came to no good end; for the operator and the game."""
        self.is_cut = False
        self._scope = trio.CancelScope()
        self._committed = trio.Event()
        self._first_phrase = trio.Event()
        self._spoken = Spoken()
        self._all_spoken = [self._spoken]
        self._phrases: list[str] = []
        """All that was to be said, in the order in which the mouth gets it."""
        self._thought_before = 0
        """How many of them came before the round that goes on."""
        self._thinks_on = unsaid.thinks_on
        self._hang_up_id = ""
        self._rounds = 0
        if said is None:
            self.commit()

    # what the conversation tells

    @property
    def is_committed(self) -> bool:
        return self._committed.is_set()

    @property
    def is_audible(self) -> bool:
        """Whether something of it is being said, or has been."""
        return not self._cast.mouth.is_silent or bool(self._spoken.phrases)

    @property
    def was_audible(self) -> bool:
        """Whether something of it has been on its way to the caller, in any round."""
        return any(each.phrases for each in self._all_spoken)

    @property
    def hangs_up(self) -> bool:
        return bool(self._hang_up_id) and not self.is_cut

    @property
    def unsaid(self) -> Unsaid:
        """Once it is cut. Phrases of a thought that was not complete are left out: it is thought anew."""
        phrases = self._phrases[: self._thought_before] if self._thinks_on else self._phrases
        rest = rest_of(phrases, self._all_spoken)
        return Unsaid(rest, self._thinks_on, bool(self._hang_up_id), self.begins_with.ends)

    def commit(self) -> None:
        """It will be needed: what it answers stands in the memory."""
        if self.times.turn_ended is None:
            self.times.turn_ended = trio.current_time()
        self._committed.set()
        self._open_mouth()

    def cut(self) -> None:
        """Stops thinking and speaking, at once. Actions that were asked for will still have their result."""
        if self.is_cut:
            return
        self.is_cut = True
        self._scope.cancel()
        cast = self._cast
        cast.mouth.take_back()
        cast.mouth.close(self._spoken, cut_off=True)
        if self._hang_up_id:
            cast.errands.settle(self._hang_up_id, "the caller spoke: the call goes on", failed=True)

    # the task

    async def run(self) -> None:
        """Returns when the caller has heard all of it, or it was cut."""
        with self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._fill)
                await self._talk()
                nursery.cancel_scope.cancel()
        await trio.lowlevel.checkpoint()

    async def _talk(self) -> None:
        cast = self._cast
        await self._go_on()
        if self._thinks_on:
            await self._think()
        if self._hang_up_id and not self._first_phrase.is_set() and cast.persona.goodbye:
            self._phrases.append(cast.persona.goodbye)
            cast.mouth.say(cast.persona.goodbye, self._spoken)
        cast.mouth.close(self._spoken)
        await cast.mouth.wait_silent()
        if self._hang_up_id:
            cast.errands.settle(self._hang_up_id, "done")

    async def _go_on(self) -> None:
        """With what has been thought before, if that is so."""
        rest = self.begins_with
        if rest.hangs_up:
            self._hang_up_id = self._cast.errands.begin(ActionCall("", HANG_UP, "{}")).action_id
        self._phrases += rest.phrases
        self._thought_before = len(self._phrases)
        if rest.phrases:
            self._first_phrase.set()
        for phrase in rest.phrases:
            await self._cast.mouth.wait_room()
            self._cast.mouth.say(phrase, self._spoken)
        if rest.phrases and rest.thinks_on:
            self._end_saying()
            self._begin_saying()

    async def _think(self) -> None:
        cast = self._cast
        for number in range(1, MAX_ROUNDS + 1):
            self._rounds = number
            await cast.errands.wait_done()
            await self._round()
            if not self._thinks_on or self.failure is not None:
                break
            # what comes behind the actions is another saying: the game need not wait for it to be told of this one
            self._end_saying()
            await cast.errands.wait_done()
            if cast.purse.used_up(trio.current_time()) is not None:
                break
            if number == MAX_ROUNDS:
                log.warning("the brain asks for one action after the other; the turn ends", rounds=number)
                self._thinks_on = False
            else:
                self._begin_saying()

    def _end_saying(self) -> None:
        self._cast.mouth.close(self._spoken)

    def _begin_saying(self) -> None:
        self._spoken = Spoken()
        self._all_spoken.append(self._spoken)
        self._open_mouth()

    def _open_mouth(self) -> None:
        self._cast.memory.add(self._spoken)
        self._cast.mouth.open(self._spoken)

    async def _fill(self) -> None:
        await self._committed.wait()
        with trio.move_on_after(FILLER_SECONDS):
            await self._first_phrase.wait()
            return
        if self._cast.persona.filler:
            self._cast.mouth.say(self._cast.persona.filler)

    # one round

    async def _round(self) -> None:
        thinking = _Thinking(self, self._cast)
        # a script has its whole answer ready, which is lost where it is not taken
        room = PHRASES if self._cast.mind.state is None else math.inf
        send, receive = trio.open_memory_channel[str](room)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._say_all, receive, thinking)
            with send:
                self.failure = await thinking.run(send)
            if self.failure is None:
                self._thought_before = len(self._phrases)
                self._thinks_on = thinking.calls > 0 and not self._hang_up_id
            self._cast.has_thought()

    async def _say_all(self, phrases: trio.MemoryReceiveChannel[str], thinking: _Thinking) -> None:
        cast = self._cast
        with phrases:
            await self._committed.wait()
            async for phrase in phrases:
                if cast.purse.used_up(trio.current_time()) in (Limit.CHARACTERS, Limit.DAY_CHARACTERS):
                    thinking.scope.cancel()
                    break
                await cast.mouth.wait_room()
                is_first = not self.times.first_frame and not self._spoken.phrases
                cast.mouth.say(phrase, self._spoken, times=self.times if is_first else None)

    def note_asked(self) -> None:
        """What comes of actions that the first answer has asked for is not ours to wait for."""
        if self._rounds == 1 and self.times.first_token is None:
            self.times.brain_asked = trio.current_time()

    def note_phrase(self, phrase: str) -> None:
        self._phrases.append(phrase)
        if not self._first_phrase.is_set():
            self.times.first_phrase = trio.current_time()
            self._first_phrase.set()

    async def act(self, call: ActionCall) -> None:
        await self._committed.wait()
        asked = self._cast.errands.begin(call)
        if call.name == HANG_UP:
            self._hang_up_id = asked.action_id


class _Thinking:
    """One answer of the brain, cut into phrases."""

    def __init__(self, reply: Reply, cast: Cast) -> None:
        self._reply = reply
        self._cast = cast
        self._phrases = Phrases()
        self._written = self._said = 0
        self._usage: Usage | None = None
        self.calls = 0
        self.scope = trio.CancelScope()
        self._request: Request | None = None

    def _ask(self) -> Request:
        reply, cast = self._reply, self._cast
        said: list[Entry] = [CallerSaid(reply.said)] if reply.said is not None and not reply.is_committed else []
        cast.memory.shorten()
        self._request = Request(
            persona=cast.persona,
            entries=(*cast.memory.entries, *said),
            actions=cast.actions.all,
            max_tokens=cast.max_tokens,
            sent=reply.note_asked,
        )
        return self._request

    async def run(self, send: trio.MemorySendChannel[str]) -> str | None:
        """Gives the reason where it has failed. What is complete by then is said all the same."""
        await self._cast.about_to_think()
        try:
            with self.scope:
                await self._think(send)
        except BrainError as error:
            log.warning("the brain failed", why=str(error))
            return str(error)
        except Exception:
            log.exception("error in a brain")
            return "the brain failed; the server's log tells why"
        finally:
            self._pay()
        return None

    async def _think(self, send: trio.MemorySendChannel[str]) -> None:
        self._reply.note_asked()
        with trio.move_on_after(FIRST_PIECE_SECONDS) as patience:
            async with self._cast.mind.think(self._ask()) as pieces:
                async for piece in pieces:
                    # from here to the next piece, the brain waits for us
                    patience.deadline = math.inf
                    await self._take(piece, send)
                    if self._goes_on_and_on:
                        log.warning("the brain goes on and on; the reply ends here", written=self._written)
                        break
                    patience.deadline = trio.current_time() + NEXT_PIECE_SECONDS
                patience.deadline = trio.current_time() + NEXT_PIECE_SECONDS
        if patience.cancelled_caught:
            raise BrainError("the model has stopped in the midst of its answer, or has not begun it in time")
        if self._talks_forever:
            raise BrainError(f"the model goes on and on; its answer was left behind {self._said} spoken characters")
        if not self._goes_on_and_on:
            await self._send(self._phrases.finish(), send)

    async def _take(self, piece: Piece, send: trio.MemorySendChannel[str]) -> None:
        match piece:
            case Text(text=text):
                if self._reply.times.first_token is None:
                    self._reply.times.first_token = trio.current_time()
                self._written += len(text)
                await self._send(self._phrases.feed(text), send)
            case ActionCall():
                self.calls += 1
                # what stands before it is said before it
                await self._send(self._phrases.finish(), send)
                self._phrases = Phrases()
                await self._reply.act(piece)
            case Usage():
                self._usage = piece

    async def _send(self, phrases: Sequence[str], send: trio.MemorySendChannel[str]) -> None:
        for phrase in phrases:
            self._said += len(phrase)
            self._reply.note_phrase(phrase)
            await send.send(phrase)

    @property
    def _goes_on_and_on(self) -> bool:
        return self._talks_forever or self.calls >= MAX_CALLS

    @property
    def _talks_forever(self) -> bool:
        """A script does not: its author has written every word."""
        is_script = bool(self._cast.persona.script)
        return not is_script and (self._said >= MAX_CHARACTERS or self._written >= MAX_WRITTEN)

    def _pay(self) -> None:
        """As the brain tells, or else as may be; a script costs nothing."""
        if self._usage is not None:
            tokens = self._usage.input_tokens + self._usage.output_tokens
        elif self._cast.persona.script or self._request is None:
            tokens = 0
        else:
            read = tokens_of_entries(self._request.entries) + tokens_of(self._cast.persona.persona)
            tokens = read + self._written // 4
        self._cast.purse.spend(Limit.TOKENS, tokens)
