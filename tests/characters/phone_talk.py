"""A conversation on the virtual clock: a character with a brain of the test's, a caller who says what it wants when it
wants, and between them the call's real speech over a Twilio and a voice in memory.

The voice speaks 20 characters a second. Deepgram hears a caller's words at the moment that the test says them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.call_speech import CallSpeech
from phonegame.characters.budget import Budget, CallBudget, Limit, Purse
from phonegame.characters.conversation import Conversation
from phonegame.characters.entries import ActionAsked, CallBegan, CharacterSaid, Entry
from phonegame.characters.persona import Persona
from phonegame.characters.setting import Audience, End, Setting
from phonegame.characters.timing import TurnTimes
from phonegame.interruption import Interruption
from phonegame.listen.transcript import Heard
from phonegame.prompts import Prompts
from phonegame.switchboard import CallEvent
from tests.characters.caller_says import final, interim
from tests.characters.fake_brain import FakeBrain
from tests.speak.fake_twilio import FakeTwilio
from tests.speak.fake_voice import FakeVoice, FakeVoices

WORD_SECONDS = 0.5


class OwnVoice(FakeVoices):
    has_voice = True


class Game(Audience):
    """Remembers what it is told, and when; `answers` says what it does about an action."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []
        self.asked: list[ActionAsked] = []
        self.times: list[TurnTimes] = []
        self.answer: Callable[[ActionAsked], object] = lambda asked: None
        self.ask = self._ask

    def _ask(self, asked: ActionAsked) -> None:
        self.asked.append(asked)
        self._note(f"action {asked.name} {asked.arguments}")
        self.answer(asked)

    def said(self, said: CharacterSaid) -> None:
        self._note(f"said {said.text}{' --' if said.cut_off else ''}")

    def failed(self, code: str, why: str) -> None:
        self._note(f"{code}: {why}")

    def timed(self, times: TurnTimes) -> None:
        self.times.append(times)

    def _note(self, what: str) -> None:
        self.told.append((round(trio.current_time(), 3), what))

    @property
    def notes(self) -> list[str]:
        return [what for _, what in self.told]


@dataclass
class Talk:
    conversation: Conversation
    speech: CallSpeech
    twilio: FakeTwilio
    game: Game
    brain: Any
    began: float
    events: list[CallEvent]
    end: End | None = None
    ended: trio.Event = field(default_factory=trio.Event)

    @property
    def now(self) -> float:
        return round(trio.current_time() - self.began, 3)

    async def until(self, at: float) -> None:
        """Seconds since the call began."""
        assert at >= self.now, "too late"
        await trio.sleep_until(self.began + at)

    def hear(self, heard: Heard) -> None:
        self.speech.hear(heard, self.now)
        self.conversation.hear_nowait(heard)

    def says(self, text: str, *, speech_final: bool = True) -> None:
        """The words have just been said: half a second each, the last one ends now."""
        self.hear(final(text, self.now - WORD_SECONDS * len(text.split()), speech_final=speech_final))

    def begins(self, text: str) -> None:
        """As `says`, as an interim result."""
        self.hear(interim(text, self.now - WORD_SECONDS * len(text.split())))

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.conversation.memory.entries

    @property
    def heard_seconds(self) -> float:
        return round(len(self.twilio.played) / BYTES_PER_SECOND, 3)


FAREWELLS = {limit: f"No more {limit.name.lower()}." for limit in Limit}


@asynccontextmanager
async def talk(
    *thoughts: Any,
    voice: FakeVoice | None = None,
    brain: Any = None,
    budget: CallBudget | None = None,
    also: Purse | None = None,
    interruption: Interruption | None = None,
    with_game: bool = True,
    remembered: Sequence[Entry] = (),
    most_tokens: int | None = None,
    voice_name: str | None = None,
    **persona: Any,
) -> AsyncIterator[Talk]:
    """`persona`: fields of it; it greets with "Hello." unless it says otherwise."""
    events: list[CallEvent] = []

    async def send_text(text: str) -> None:
        await twilio.send_text(text)

    voices = OwnVoice({None: voice or FakeVoice()})
    speech = CallSpeech(
        voices, Prompts(_env_file=None), interruption or Interruption("words"), send_text, events.append
    )
    twilio = FakeTwilio(speech.speaker.mark_returned_nowait)
    game = Game()
    if not with_game:
        game.ask = None
    brain = brain or FakeBrain(thoughts)
    began = trio.current_time()
    setting = Setting(
        stage=speech,
        audience=game,
        purse=Budget(budget or CallBudget(), began, also),
        position=lambda: trio.current_time() - began,
        farewells=FAREWELLS.__getitem__,
        began=CallBegan(),
        remembered=remembered,
    )
    who = Persona(**{"name": "Tester", "greeting": "Hello.", "voice": voice_name, **persona})
    conversation = Conversation(who, brain, setting)
    if most_tokens is not None:
        conversation.memory.most_tokens = most_tokens
    speech.on_finished, speech.on_taken = conversation.note_sound, conversation.yield_nowait
    talking = Talk(conversation, speech, twilio, game, brain, began, events)

    async def converse() -> None:
        talking.end = await conversation.run()
        talking.ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(twilio.run)
        nursery.start_soon(speech.speaker.run)
        nursery.start_soon(converse)
        speech.speaker.begin_nowait("MZ")
        yield talking
        conversation.stop_nowait(End.CALL_ENDED)
        await talking.ended.wait()
        speech.speaker.close_nowait()
        nursery.cancel_scope.cancel()
    assert not isinstance(brain, FakeBrain) or brain.at_work == 0
