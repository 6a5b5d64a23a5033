"""Who speaks over something firm has not spoken over what follows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio
from trio.testing import MockClock

from phonegame.call_speech import CallSpeech
from phonegame.interruption import Interruption
from phonegame.prompts import Prompts
from phonegame.speak.saying import Receipt, Saying
from phonegame.switchboard import CallEvent, SayFinished
from tests.speak.fake_twilio import FakeTwilio
from tests.speak.fake_voice import FakeVoice, FakeVoices
from tests.test_interruption import said


class OwnVoice(FakeVoices):
    has_voice = True


@dataclass
class Talk:
    speech: CallSpeech
    events: list[CallEvent]
    began: float

    def hears(self, word: str, at: float, *, final: bool) -> None:
        self.speech.hear(said(word, at, final=final), trio.current_time() - self.began)

    async def receipts(self) -> dict[str, Receipt]:
        await self.speech.speaker.wait_silent()
        return {event.say_id: event.receipt for event in self.events if isinstance(event, SayFinished)}


@asynccontextmanager
async def talk(voice: FakeVoice) -> AsyncIterator[Talk]:
    events: list[CallEvent] = []

    async def send_text(text: str) -> None:
        await twilio.send_text(text)

    interruption = Interruption("words")
    speech = CallSpeech(OwnVoice({None: voice}), Prompts(_env_file=None), interruption, send_text, events.append)
    twilio = FakeTwilio(speech.speaker.mark_returned_nowait)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(twilio.run)
        nursery.start_soon(speech.speaker.run)
        speech.speaker.begin_nowait("MZ")
        yield Talk(speech, events, trio.current_time())
        speech.speaker.close_nowait()
        nursery.cancel_scope.cancel()


async def test_a_late_final_of_what_was_said_over_something_firm(autojump_clock: MockClock) -> None:
    async with talk(FakeVoice()) as call:
        call.speech.say(Saying(say_id="firm", text="You have to listen to this.", interruptible=False))
        call.speech.say(Saying(say_id="behind", text="What would you like to do after that?"))
        await trio.sleep(1.2)
        call.hears("okay", 0.6, final=False)
        await trio.sleep(0.6)
        call.hears("okay", 0.6, final=True)
        assert not (await call.receipts())["behind"].interrupted


async def test_and_where_what_follows_has_yet_to_be_made(autojump_clock: MockClock) -> None:
    async with talk(FakeVoice(first_after=1.0)) as call:
        call.speech.say(Saying(say_id="firm", text="You have to.", interruptible=False))
        call.speech.say(Saying(say_id="behind", text="What would you like to do after that?"))
        await trio.sleep(1.55)
        call.hears("okay", 1.05, final=False)
        await trio.sleep(0.25)
        call.hears("okay", 1.05, final=True)
        assert not (await call.receipts())["behind"].interrupted


async def test_whoever_speaks_before_the_first_sound_stops_it(autojump_clock: MockClock) -> None:
    async with talk(FakeVoice(first_after=1.0)) as call:
        call.speech.say(Saying(say_id="late", text="What would you like to do?"))
        await trio.sleep(0.8)
        call.hears("wait", 0.5, final=False)
        assert (await call.receipts())["late"].interrupted
