from __future__ import annotations

from dataclasses import replace

import pytest

from phonegame.deepgram.failures import DeepgramFailure
from phonegame.local.speech import (
    CloseAfter,
    Limits,
    Plan,
    Script,
    SpeechConfig,
    encode_silence,
    encode_speech,
    refuse,
)
from phonegame.local.speech.recognise import recognise
from phonegame.local.speech.transcribe import transcribe
from phonegame.speak.espeak import ESpeakVoice
from tests.local.speech.client import listening

KEY = "planted-key"
HURRY = SpeechConfig(recogniser="marker", key=KEY, limits=Limits(max_speed=1e6, burst_seconds=1e6))
TWO_LINES = encode_speech("one pizza", word_ms=100, pause_ms=500) + encode_speech("coming up", word_ms=100)
SAID = "one pepperoni pizza coming up"
DECOYS = ["one mushroom pizza coming up", "no pizza at all", "extra cheese it is", "your order is late"]


async def test_each_utterance_is_a_line() -> None:
    async with listening(HURRY) as service:
        assert await transcribe(service.url, KEY, TWO_LINES, speed=1000) == "one pizza\ncoming up"
        record = await service.connection(0)
    assert bytes(record.audio).startswith(TWO_LINES)
    assert record.control_types == ["CloseStream"]


async def test_keyterms_are_told_and_a_query_is_replaced() -> None:
    async with listening(HURRY) as service:
        await transcribe(f"{service.url}?model=nova-2", KEY, b"", ["extra cheese", "pizza"], speed=1000)
        options = (await service.connection(0)).options
    assert options is not None
    assert (options.model, options.keyterms) == ("nova-3", ("extra cheese", "pizza"))


async def test_silence_says_nothing() -> None:
    async with listening(HURRY) as service:
        assert await transcribe(service.url, KEY, encode_silence(500), speed=1000) == ""


@pytest.mark.parametrize("plan", [refuse(401), Plan(close_after=CloseAfter(0.1)), Plan(drop_after=0.1)])
async def test_a_service_that_fails_is_told_of(plan: Plan) -> None:
    async with listening(replace(HURRY, script=Script([plan]))) as service:
        with pytest.raises(DeepgramFailure):
            await transcribe(service.url, KEY, TWO_LINES, speed=1000)


async def test_the_default_speed_is_one_that_deepgram_takes() -> None:
    strict = SpeechConfig(recogniser="marker", limits=Limits(burst_seconds=0.15))
    async with listening(strict) as service:
        assert await transcribe(service.url, KEY, encode_speech("pizza", word_ms=100)) == "pizza"


@pytest.mark.slow
async def test_a_sentence_of_espeak_is_understood_among_decoys() -> None:
    recording = await ESpeakVoice("en-us").synthesise("One pepperoni pizza coming up.")
    config = SpeechConfig(voices="espeak", limits=Limits(max_speed=1e6, burst_seconds=1e6))
    async with listening(config) as service:
        text = await transcribe(service.url, KEY, encode_silence(500) + recording, [SAID, *DECOYS], speed=1000)
    assert text == SAID
    assert await recognise(recording, [SAID, *DECOYS], voices="espeak") == SAID
