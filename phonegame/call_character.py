"""The character in a call: the game's, which plays and stops by command, or the server's own, from the beginning.

One plays at a time; another takes its place. A call whose character is the server's own outlives its game, and ends
with the character. Of a game's character the end is told to the game, which has the call for itself again; where it has
hung up, or the caller was silent, the call ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import structlog
import trio

from phonegame.call_speech import CallSpeech
from phonegame.characters.actions import ActionInvalid
from phonegame.characters.brain import Brain, BrainError, BrainMissing
from phonegame.characters.budget import Budget, CallBudget, Limit
from phonegame.characters.conversation import Conversation
from phonegame.characters.day import DayPurse
from phonegame.characters.entries import ActionAsked, CallBegan
from phonegame.characters.entries import CharacterSaid as Said
from phonegame.characters.keeping.keeper import Keeper, Recollection
from phonegame.characters.persona import Persona
from phonegame.characters.setting import Audience, End, Setting, unchanged
from phonegame.characters.timing import CallTurns, TurnTimes
from phonegame.ended import Ended
from phonegame.listen.listener import Listener
from phonegame.listen.transcript import Heard
from phonegame.prompts import Prompts
from phonegame.switchboard import (
    ActionResult,
    Caller,
    CallEvent,
    CallProblem,
    CharacterAsks,
    CharacterEnded,
    CharacterSaid,
    PlayCharacter,
)
from phonegame.wall_clock import local_minute

FindBrain = Callable[[Persona], Brain]
"""Raises `BrainError` where there is none for it."""

MESSAGE_SECONDS = 90
"""How long what is left on an answering machine may take: more than its thousand characters need."""
ENDS_CALL = {
    End.HUNG_UP: Ended.CHARACTER_HUNG_UP,
    End.CALLER_SILENT: Ended.CALLER_SILENT,
    End.MACHINE: Ended.MACHINE,
}
"""Whosever character it is."""
SERVER = "server"
"""In the place of a game, for memories of a character that callers talk to where there is none."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def no_brain(persona: Persona) -> Brain:
    raise BrainMissing("this server has no brains for characters")


@dataclass(frozen=True, slots=True)
class Casting:
    """What all calls have in common."""

    find_brain: FindBrain = no_brain
    budget: CallBudget = CallBudget()  # noqa: RUF009 - it is frozen
    max_tokens: int = 300
    """Of one reply."""
    own: Persona | None = None
    """Whom callers talk to where there is no game: none of them is asked for a code."""
    newest: Callable[[Persona, str], Awaitable[Persona]] = unchanged
    """What the file of one of the server's own, of this name, says by now."""
    on_turn: Callable[[TurnTimes], None] = lambda times: None
    on_failed: Callable[[str], None] = lambda code: None
    """Of a problem that the game is told of, by its code."""
    on_spent: Callable[[Limit, float], None] = lambda what, amount: None
    on_voice_failed: Callable[[], None] = lambda: None
    """Whatever was to be said, and whose."""
    day: DayPurse | None = None
    """What all calls may cost together."""
    keeper: Keeper | None = None
    """Of memories; None: nobody is remembered."""


class CallCharacter(Audience):
    """One for each call. One task calls `run`; `end_call` ends the call."""

    def __init__(
        self,
        casting: Casting,
        prompts: Prompts,
        speech: CallSpeech,
        listener: Listener,
        deliver: Callable[[CallEvent], None],
        end_call: Callable[[Ended], None],
    ) -> None:
        self.caller = Caller(call_id="")
        self._casting = casting
        self._prompts = prompts
        self._speech = speech
        self._listener = listener
        self._words: Sequence[str] = ()
        """What the game expects the caller to say."""
        self._named: Sequence[str] = ()
        """And what it has its character expect."""
        self._deliver = deliver
        self._end_call = end_call
        self._budget: Budget | None = None
        self._conversation: Conversation | None = None
        self._is_servers_own = False
        self._next: Conversation | None = None
        self._recollection: Recollection | None = None
        """Of the newest conversation."""
        self._keep: Callable[[], None] = lambda: None
        """What has been said so far in the conversation that goes on."""
        self._wanted = trio.Event()
        self._is_over = False
        self._turns = CallTurns()
        self._message = ""
        """Left on an answering machine."""
        self.on_playing: Callable[[str | None], None] = lambda name: None
        """Told who is on the phone from now on; None: nobody any more."""
        self.on_timed: Callable[[TurnTimes], None] = lambda times: None
        speech.on_finished = self._note_sound
        speech.on_taken = self.yield_nowait
        speech.on_voice_failed = casting.on_voice_failed

    # what the call tells

    @property
    def is_playing(self) -> bool:
        return self._conversation is not None

    def play_nowait(self, play: PlayCharacter, *, has_game: bool) -> None:
        """In the place of the one that plays. One that cannot be played is told to be so, and changes nothing."""
        if self._is_over:
            return
        self.ask = self._ask if has_game else None
        try:
            conversation = Conversation(play.persona, self._casting.find_brain(play.persona), self._setting(play))
        except (BrainError, ActionInvalid) as error:
            self.failed("character_refused", str(error))
            if not has_game:
                self._end_call(Ended.CHARACTER_FAILED)
            return
        if self._conversation is not None:
            self._conversation.stop_nowait(End.REPLACED)
        if self._next is not None:
            # it has not even begun
            self._deliver(CharacterEnded(End.REPLACED.value))
        # where no game hears of it, the call's recording does
        conversation.errands.on_noted = self._ask
        self._is_servers_own = play.is_servers_own
        self._named = play.words
        self._conversation = self._next = conversation
        if (keeper := self._casting.keeper) is not None:
            game = play.game if has_game else SERVER
            self._recollection = keeper.recollection(self.caller.known_as, game, play.persona.name)
        if play.persona.vocabulary:
            self.expect_nowait(self._words)
        self._wanted.set()

    def stop_nowait(self, why: End = End.STOPPED) -> None:
        self._is_over |= why is End.CALL_ENDED
        if self._conversation is not None:
            self._conversation.stop_nowait(why)

    def yield_nowait(self) -> None:
        """The game has taken the word."""
        if self._conversation is not None:
            self._conversation.yield_nowait()

    def meet_machine_nowait(self, takes_message: bool) -> None:
        """A machine has answered, and no character talks to one. `takes_message`: it records from now on."""
        if self._conversation is not None:
            self._message = self._conversation.persona.message if takes_message else ""
            self._conversation.stop_nowait(End.MACHINE)

    def expect_nowait(self, words: Sequence[str]) -> None:
        """What the game expects to be said, in the place of what it did before; the character's own come on top, while
        there is room for them: a script has found most of them by itself.
        """
        self._words = words
        own = self._conversation.persona.vocabulary if self._conversation is not None else ()
        self._listener.expect_nowait(words, own, self._named)

    def game_left_nowait(self) -> bool:
        """Whether the call goes on all the same."""
        if not (self.is_playing and self._is_servers_own):
            return False
        self.ask = None
        assert self._conversation is not None
        self._conversation.errands.ask = None
        return True

    def take_result_nowait(self, result: ActionResult) -> None:
        why = f"action_id: no action {result.action_id!r} waits for a result; there is no character"
        if self._conversation is not None:
            why_not = self._conversation.result_nowait(result.action_id, result.result, failed=result.failed)
            if why_not is None:
                return
            why = why_not
        self._deliver(CallProblem("no_such_action", why))

    def hear(self, heard: Heard) -> None:
        if self._conversation is not None:
            self._conversation.hear_nowait(heard)

    def press(self) -> None:
        if self._conversation is not None:
            self._conversation.key_nowait()

    def _note_sound(self) -> None:
        if self._conversation is not None:
            self._conversation.note_sound()

    # the task

    async def run(self) -> None:
        try:
            while True:
                await self._wanted.wait()
                self._wanted = trio.Event()
                conversation, self._next = self._next, None
                if conversation is not None:
                    await self._play(conversation)
        finally:
            if self._turns:
                log.info("how long the caller waited", **self._turns.as_milliseconds())

    async def _play(self, conversation: Conversation) -> None:
        log.info("character in", name=conversation.persona.name)
        self.on_playing(conversation.persona.name)
        end = End.CALL_ENDED
        try:
            with ExitStack() as stack:
                if self._casting.day is not None:
                    stack.enter_context(self._casting.day.talking(conversation.look_again_nowait))
                # its greeting would go before them
                await self._speech.wait_prompted()
                end = await self._converse(conversation, self._recollection)
        finally:
            log.info("character out", why=end.value, turns=conversation.turns)
            self.on_playing(None)
            if self._conversation is conversation:
                self._conversation = None
                if conversation.persona.vocabulary:
                    self.expect_nowait(self._words)
            if end is not End.CALL_ENDED:
                self._deliver(CharacterEnded(end.value))
        if end is End.MACHINE:
            await self._leave_message(conversation.persona.voice)
        if end in ENDS_CALL:
            self._end_call(ENDS_CALL[end])
        elif self.ask is None and not self.is_playing:
            self._end_call(Ended.CHARACTER_FAILED if end is End.FAILED else Ended.CHARACTER_OVER)

    async def _leave_message(self, voice: str | None) -> None:
        """Behind what the game leaves there."""
        with trio.move_on_after(MESSAGE_SECONDS):
            await self._speech.leave_message(self._message, voice)

    async def _converse(self, conversation: Conversation, recollection: Recollection | None) -> End:
        """With what is remembered of the caller; all that is said is kept, whatever the end is."""
        if recollection is None:
            return await conversation.run()
        await recollection.recall(conversation)
        self._keep = partial(recollection.keep_nowait, conversation)
        try:
            return await conversation.run()
        finally:
            self._keep()
            self._keep = lambda: None

    def _setting(self, play: PlayCharacter) -> Setting:
        if self._budget is None:
            began, on_spent = trio.current_time(), self._casting.on_spent
            self._budget = Budget(self._casting.budget, began, self._casting.day, on_spent)
        newest = self._casting.newest if play.is_servers_own else unchanged
        return Setting(
            stage=self._speech,
            audience=self,
            purse=self._budget,
            position=lambda: self._listener.live_position,
            farewells=self._farewell,
            max_tokens=self._casting.max_tokens,
            began=CallBegan(self.caller.direction, local_minute()),
            newest=lambda persona: newest(persona, play.file),
        )

    def _farewell(self, limit: Limit) -> str:
        match limit:
            case Limit.TURNS:
                return self._prompts.prompt_limit_turns
            case Limit.TOKENS:
                return self._prompts.prompt_limit_tokens
            case Limit.MINUTES:
                return self._prompts.prompt_limit_minutes
            case Limit.CHARACTERS:
                return self._prompts.prompt_limit_characters
            case Limit.DAY_TURNS:
                return self._prompts.prompt_day_turns
            case Limit.DAY_TOKENS:
                return self._prompts.prompt_day_tokens
            case Limit.DAY_MINUTES:
                return self._prompts.prompt_day_minutes
            case Limit.DAY_CHARACTERS:
                return self._prompts.prompt_day_characters

    # the audience

    def _ask(self, asked: ActionAsked) -> None:
        self._deliver(CharacterAsks(asked.action_id, asked.name, asked.arguments))

    def said(self, said: Said) -> None:
        self._deliver(CharacterSaid(said.text, said.cut_off))
        self._keep()

    def renewed(self, persona: Persona) -> None:
        self.expect_nowait(self._words)

    def failed(self, code: str, why: str) -> None:
        log.warning("trouble with a character", code=code, why=why)
        self._casting.on_failed(code)
        self._deliver(CallProblem(code, why))

    def timed(self, times: TurnTimes) -> None:
        log.debug("turn", **times.as_milliseconds())
        self._turns.add(times)
        self._casting.on_turn(times)
        self.on_timed(times)
