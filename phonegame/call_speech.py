"""What one caller is told: the sayings of the game and of a character, the server's own prompts, and the hold tone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from enum import Enum
from typing import Literal, Protocol

import trio

from phonegame.interruption import Interruption
from phonegame.listen.transcript import Heard
from phonegame.prompts import Prompts
from phonegame.speak.hold import hold_tone
from phonegame.speak.running_order import MAX_SAYINGS
from phonegame.speak.saying import Dropped, Priority, Receipt, Saying
from phonegame.speak.speaker import Receipts, Speaker, VoiceSource
from phonegame.switchboard import CallEvent, SayFinished, SayStarted

WORD_TIME_SECONDS = 0.02
"""A frame: in whose time a saying has come, the words of that frame came after it."""
GOODBYE_SECONDS = 12
AWAY_GRACE_SECONDS = 2.0
"""A game that is back by then has not been away, for its callers."""
OWN = ""
"""The id of the server's own sayings, of which the game learns nothing; games' sayings have ids."""


Whose = Literal["game", "character", "server"]


class Tone(Enum):
    """Of an answering machine, behind which it records."""

    AWAITED = "it is not known yet who has answered"
    HEARD = "a machine records"
    NEVER = "a person is there, or a machine that does not record"


class Announcer(Receipts):
    """Who has something said that is neither a game's nor a character's, such as that the call is recorded."""


class OwnVoices(VoiceSource, Protocol):
    @property
    def has_voice(self) -> bool:
        """Whether the server has a voice of its own."""


class CallSpeech:
    """`deliver` takes the receipts of the game's sayings. One task runs `speaker.run`, one `hold_the_line`."""

    def __init__(
        self,
        voices: OwnVoices,
        prompts: Prompts,
        interruption: Interruption,
        send_text: Callable[[str], Awaitable[None]],
        deliver: Callable[[CallEvent], None],
    ) -> None:
        self.speaker = Speaker(voices, send_text, self)
        self._has_voice = voices.has_voice
        self._prompts = prompts
        self._interruption = interruption
        self._deliver = deliver
        self._away = trio.Event()
        self._absence = trio.CancelScope()
        self._is_holding = False
        self._ending = False
        self._tone = Tone.NEVER
        self._tone_known = trio.Event()
        self._tone_known.set()
        self._kept: list[Saying] = []
        """For after the tone."""
        self._prompting: list[Saying] = []
        self._prompted = trio.Event()
        """None of them waits or is being said any more."""
        self._performers: dict[str, Receipts] = {}
        """Who gets the receipt of a saying that is neither the game's nor the server's own."""
        self.on_finished: Callable[[], None] = lambda: None
        """Called whenever the caller has heard something, whosever."""
        self.on_taken: Callable[[], None] = lambda: None
        """Called when the game takes the word from whoever else speaks, or was about to."""
        self.on_started: Callable[[Whose, Saying], None] = lambda by, saying: None
        """Called when the first sound of a saying is on its way."""
        self.on_said: list[Callable[[Whose, Saying, Receipt], None]] = []
        """Each called with every receipt, and with whose saying it was."""
        self.on_voice_failed: Callable[[], None] = lambda: None

    # the server's own

    def welcome(self) -> None:
        self._prompt(self._prompts.prompt_welcome)
        self._prompt(self._prompts.prompt_say_code)

    def remind_of_code(self) -> None:
        if not self.speaker.is_speaking:
            self._prompt(self._prompts.prompt_say_code)

    def name_wrong(self, said: str) -> None:
        self.speaker.clear_nowait()
        self._prompt(self._prompts.wrong_code(said))

    def confirm_joined(self) -> None:
        self.speaker.clear_nowait()
        self._prompt(self._prompts.prompt_joined)

    def game_away(self) -> None:
        if not self._away.is_set():
            self._absence = trio.CancelScope()
            self._away.set()

    def game_back(self) -> None:
        self._away = trio.Event()
        self._absence.cancel()
        if self._is_holding:
            # before anything that the game says next
            self._is_holding = False
            self.speaker.clear_nowait()
            self._prompt(self._prompts.prompt_back)

    async def hold_the_line(self) -> None:
        """While the game is away: what it has said already is said first, and a short absence goes by unnoticed."""
        while not self._ending:
            await self._away.wait()
            with self._absence:
                await trio.sleep(AWAY_GRACE_SECONDS)
                await self.speaker.wait_silent()
                self._is_holding = True
                self._prompt(self._prompts.prompt_away)
                while not self._ending:
                    self.speaker.say_nowait(Saying(say_id=OWN, audio=hold_tone()))
                    await self.speaker.wait_silent()

    @property
    def has_voice(self) -> bool:
        """Whether the server can say anything itself."""
        return self._has_voice

    def can_say(self, goodbye: str) -> bool:
        return bool(goodbye) and self._has_voice and self.speaker.can_be_heard

    async def say_goodbye(self, goodbye: str) -> None:
        """After `stop_nowait`. Returns when the caller has heard it, or should have."""
        with trio.move_on_after(GOODBYE_SECONDS):
            self.speaker.say_nowait(Saying(say_id=OWN, text=goodbye, interruptible=False))
            await self.speaker.wait_silent()

    def _prompt(self, text: str) -> None:
        if text and self._has_voice and not self._ending:
            saying = Saying(say_id=OWN, text=text)
            if not self._prompting:
                self._prompted = trio.Event()
            self._prompting.append(saying)
            self.speaker.say_nowait(saying)

    async def wait_prompted(self) -> None:
        """Until the caller has heard what the server itself had to say."""
        while self._prompting:
            await self._prompted.wait()

    # the game's

    def say(self, saying: Saying, *, after_tone: bool = False) -> None:
        if after_tone and self._tone is Tone.AWAITED:
            self._keep_for_tone(saying)
        elif after_tone and self._tone is Tone.NEVER:
            self._drop(saying, Dropped.NO_MACHINE)
        else:
            self.speaker.say_nowait(saying)
            if saying.priority is Priority.NOW:
                self.on_taken()

    def clear(self) -> None:
        """All that the game wanted to say, and a character."""
        self.speaker.clear_nowait()
        self._drop_kept(Dropped.CLEARED)
        self.on_taken()

    async def wait_said(self) -> None:
        """Until all has been said that the game wants to be said before the end."""
        self.on_taken()
        await self._tone_known.wait()
        await self.speaker.wait_silent()

    # a character's (it is a `Stage`)

    def perform(self, saying: Saying, receipts: Receipts) -> None:
        self._performers[saying.say_id] = receipts
        self.speaker.say_nowait(saying)

    def take_back(self, say_ids: Collection[str]) -> None:
        self.speaker.take_back_nowait(say_ids)

    @property
    def is_speaking(self) -> bool:
        return self.speaker.is_speaking

    @property
    def speaking_since(self) -> float | None:
        return self.speaker.speaking_since

    @property
    def voice_asked_at(self) -> float | None:
        return self.speaker.voice_asked_at

    @property
    def first_audio_at(self) -> float | None:
        return self.speaker.first_audio_at

    # answering machines

    def await_tone(self) -> None:
        """A machine may have answered: what is for it is kept until `tone_heard`, which comes in any case."""
        self._tone, self._tone_known = Tone.AWAITED, trio.Event()

    def tone_heard(self, heard: bool) -> None:
        """A machine records from now on; or there is none, or none that does."""
        self._tone = Tone.HEARD if heard else Tone.NEVER
        if heard:
            kept, self._kept = self._kept, []
            for saying in kept:
                self.speaker.say_nowait(saying)
        else:
            self._drop_kept(Dropped.NO_MACHINE)
        self._tone_known.set()

    def _keep_for_tone(self, saying: Saying) -> None:
        if len(self._kept) < MAX_SAYINGS:
            self._kept.append(saying)
        else:
            self._drop(saying, Dropped.QUEUE_FULL, f"{MAX_SAYINGS} sayings wait for the tone already")

    def _drop_kept(self, why: Dropped) -> None:
        kept, self._kept = self._kept, []
        for saying in kept:
            self._drop(saying, why)

    def _drop(self, saying: Saying, why: Dropped, error: str | None = None) -> None:
        self.say_finished(saying, Receipt(heard="", seconds=0, dropped=why, error=error))

    async def leave_message(self, text: str, voice: str | None) -> None:
        """On an answering machine, behind what the game has for it. Returns when all of it has been said."""
        await self._tone_known.wait()
        if text:
            self.speaker.say_nowait(Saying(say_id=OWN, text=text, voice=voice, interruptible=False))
        await self.speaker.wait_silent()

    # the end

    def stop_nowait(self) -> None:
        """The call is ending: what the game wanted to say does not matter any more."""
        self._ending = True
        self._absence.cancel()
        self.speaker.clear_nowait()
        self._drop_kept(Dropped.CALL_ENDED)

    def hear(self, heard: Heard, position: float) -> None:
        """Stops what is played where the caller speaks over it. `position`: `Listener.live_position`."""
        since = self.speaker.speaking_since
        if since is None:
            return
        playing_from = position - (trio.current_time() - since) - WORD_TIME_SECONDS
        if self._interruption.is_meant(heard, playing_from):
            self.speaker.interrupt_nowait()

    # receipts

    def say_started(self, saying: Saying) -> None:
        performer = self._performers.get(saying.say_id)
        self.on_started(_whose(saying, performer), saying)
        if performer is not None:
            performer.say_started(saying)
        elif saying.say_id != OWN:
            self._deliver(SayStarted(saying.say_id))

    def say_finished(self, saying: Saying, receipt: Receipt) -> None:
        receipt = self._true_reason(receipt)
        if receipt.dropped is Dropped.VOICE_FAILED:
            self.on_voice_failed()
        performer = self._performers.pop(saying.say_id, None)
        by = _whose(saying, performer)
        for told in self.on_said:
            told(by, saying, receipt)
        if performer is not None:
            performer.say_finished(saying, receipt)
        elif saying.say_id != OWN:
            self._deliver(SayFinished(saying.say_id, receipt))
        elif saying in self._prompting:
            self._prompting.remove(saying)
            if not self._prompting:
                self._prompted.set()
        self.on_finished()

    def _true_reason(self, receipt: Receipt) -> Receipt:
        if self._ending and receipt.dropped is Dropped.CLEARED:
            return Receipt(heard=receipt.heard, seconds=receipt.seconds, dropped=Dropped.CALL_ENDED)
        return receipt


def _whose(saying: Saying, performer: Receipts | None) -> Whose:
    if performer is not None:
        return "server" if isinstance(performer, Announcer) else "character"
    return "game" if saying.say_id != OWN else "server"
