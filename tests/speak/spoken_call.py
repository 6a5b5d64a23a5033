"""A call that is being spoken to: the real speaker between a voice and a Twilio that are in memory."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from phonegame.speak.saying import Receipt, Saying
from phonegame.speak.sentences import sentences
from phonegame.speak.speaker import Speaker
from tests.speak.fake_twilio import FakeTwilio
from tests.speak.fake_voice import FakeVoice, FakeVoices, audio_of

STREAM = "MZ1"


def whole_audio(saying: Saying) -> bytes:
    """What a caller hears who hears it to the end."""
    return saying.audio or b"".join(audio_of(sentence) for sentence in sentences(saying.text))


class SpokenCall:
    """`log` holds what the game is told: `started` and `finished`, each with a say_id, in order."""

    def __init__(self, voice: FakeVoice | None = None, *, twilio: type[FakeTwilio] = FakeTwilio, **quirks: Any) -> None:
        self.voices = FakeVoices({None: voice or FakeVoice()})
        self.speaker = Speaker(self.voices, self._send_text, self)
        self.twilio = twilio(self.speaker.mark_returned_nowait, **quirks)
        self.log: list[tuple[str, str]] = []
        self.times: dict[tuple[str, str], float] = {}
        self.said: dict[str, Saying] = {}
        self.receipts: dict[str, Receipt] = {}
        self.on_finished: Callable[[Saying, Receipt], object] = lambda saying, receipt: None
        self.on_started: Callable[[Saying], object] = lambda saying: None
        self._ids = map(str, itertools.count(1))

    def say(self, text: str = "", **more: Any) -> str:
        """The id is made up: 1, 2, ..."""
        saying = Saying(say_id=next(self._ids), text=text, **more)
        self.said[saying.say_id] = saying
        self.speaker.say_nowait(saying)
        return saying.say_id

    @property
    def heard_audio(self) -> bytes:
        """What the caller should have heard, by the receipts."""
        finished = (say_id for what, say_id in self.log if what == "finished")
        return b"".join(self._heard_of(say_id) for say_id in finished)

    def _heard_of(self, say_id: str) -> bytes:
        return whole_audio(self.said[say_id])[: round(self.receipts[say_id].seconds * 8000)]

    async def _send_text(self, text: str) -> None:
        await self.twilio.send_text(text)

    def say_started(self, saying: Saying) -> None:
        self._note("started", saying)
        self.on_started(saying)

    def say_finished(self, saying: Saying, receipt: Receipt) -> None:
        assert saying.say_id not in self.receipts, "a second receipt"
        self.receipts[saying.say_id] = receipt
        self._note("finished", saying)
        self.on_finished(saying, receipt)

    def _note(self, what: str, saying: Saying) -> None:
        self.log.append((what, saying.say_id))
        self.times[what, saying.say_id] = trio.current_time()


@asynccontextmanager
async def spoken_call(
    voice: FakeVoice | None = None, *, begun: bool = True, **twilio: Any
) -> AsyncIterator[SpokenCall]:
    call = SpokenCall(voice, **twilio)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call.twilio.run)
        nursery.start_soon(call.speaker.run)
        if begun:
            call.speaker.begin_nowait(STREAM)
        yield call
        call.speaker.close_nowait()
        nursery.cancel_scope.cancel()
    assert call.receipts.keys() == call.said.keys()
    assert all(voice.at_work == [] for voice in call.voices.voices.values())
