"""The pool against the speech service that stands in for Deepgram, which keeps Deepgram's limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from phonegame.listen import session
from phonegame.local.speech import SpeechConfig, SpeechService, serve_speech
from phonegame.local.speech.script import Script
from phonegame.local.speech.speaking.commands import SpeakLimits
from phonegame.local.speech.speaking.pace import Pace
from phonegame.local.speech.speaking.record import Outcome
from phonegame.local.speech.speaking.script import SpeakPlan, When
from phonegame.speak.aura import AuraVoice, aura_url
from phonegame.speak.aura_limits import AuraLimits
from phonegame.speak.aura_pool import AuraPool
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError

MODEL = "aura-2-thalia-en"


@pytest.fixture(autouse=True)
def _close_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CLOSE_SECONDS", 0.01)


@asynccontextmanager
async def running(
    config: SpeechConfig, limits: AuraLimits | None = None
) -> AsyncIterator[tuple[SpeechService, AuraVoice]]:
    async with trio.open_nursery() as nursery:
        service: SpeechService = await nursery.start(serve_speech, config)
        pool = AuraPool(partial(aura_url, service.speak_url), "planted-key", limits)
        await nursery.start(pool.run)
        yield service, AuraVoice(MODEL, pool)
        nursery.cancel_scope.cancel()


async def test_the_sound_is_the_audio_that_the_service_sent() -> None:
    config = SpeechConfig(key="planted-key", voice="marker", pace=Pace(most_chunk=999))
    async with running(config) as (service, voice):
        sound = Sound("one pepperoni pizza coming up")
        await voice.speak(sound)
        record = await service.speak_connection(0)
        assert sound.audio == record.audio
        assert record.texts == [sound.text]


async def test_limits_are_never_run_into() -> None:
    limits = SpeakLimits(characters_per_minute=100, flushes_per_minute=3)
    async with running(
        SpeechConfig(voice="marker", marker_word_ms=20, speak_limits=limits), AuraLimits(characters=100, flushes=3)
    ) as (service, voice):
        for number in range(12):
            await voice.speak(Sound(f"sentence number {number} " + "x" * (number * 5)))
        outcomes = [utterance.outcome for record in service.speak_connections for utterance in record.utterances]
    assert outcomes == [Outcome.SAID] * 12


async def test_what_leaks_between_clear_and_cleared_is_not_heard() -> None:
    plan = SpeakPlan(leak_bytes=2000, late_cleared=0.02, pace=Pace(speed=20, most_chunk=160))
    config = SpeechConfig(voice="marker", script=Script(speak=[plan]))
    async with running(config, AuraLimits(sockets=1)) as (service, voice):
        async with trio.open_nursery() as nursery:
            cancelled = Sound("this one is cut off in the middle")
            nursery.start_soon(voice.speak, cancelled)
            await cancelled.wait_beyond(800)
            nursery.cancel_scope.cancel()
        following = Sound("next")
        await voice.speak(following)
        record = await service.speak_connection(0)
        assert record.audio.endswith(following.audio)
        assert len(following.audio) == record.utterances[1].bytes
        assert len(record.clears) == 1


async def test_a_stall_in_the_middle_is_an_error_in_time() -> None:
    config = SpeechConfig(voice="marker", script=Script(speak=[SpeakPlan(stall=When(bytes=1600))]))
    async with running(config, AuraLimits(silence_seconds=0.25)) as (_, voice):
        sound = Sound("this one is cut off in the middle")
        with pytest.raises(SpeakError, match="fell silent"):
            await voice.speak(sound)
        assert len(sound.audio) == 1600
