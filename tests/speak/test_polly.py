from __future__ import annotations

import audioop
import io
import math
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import botocore.exceptions
import pytest
import trio
from botocore.response import StreamingBody
from botocore.stub import Stubber

from phonegame.audio import decode_mulaw, encode_mulaw
from phonegame.speak import polly
from phonegame.speak.polly import PIECE_BYTES, PollyVoice
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError, UnknownVoice

PCM = b"".join(struct.pack("<h", round(8000 * math.sin(n / 5))) for n in range(12_345))
EXPECTED = {"Text": "hello", "OutputFormat": "pcm", "SampleRate": "8000", "VoiceId": "Joanna"}


@contextmanager
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client(
        "polly", region_name="us-east-1", aws_access_key_id="planted", aws_secret_access_key="planted"
    )
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def answer(stubber: Stubber, stream: Any, engine: str = "neural") -> None:
    stubber.add_response("synthesize_speech", {"AudioStream": stream}, {**EXPECTED, "Engine": engine})


def body(pcm: bytes = PCM) -> StreamingBody:
    return StreamingBody(io.BytesIO(pcm), len(pcm))


async def say(client: Any, text: str = "hello") -> Sound:
    sound = Sound(text)
    await PollyVoice("Joanna", client).speak(sound)
    return sound


async def test_the_sound_is_what_polly_sent() -> None:
    with stubbed() as (client, stubber):
        answer(stubber, body())
        sound = await say(client)
    assert sound.audio == encode_mulaw(PCM)


async def test_samples_that_are_cut_in_two_are_put_together() -> None:
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 777))

    with stubbed() as (client, stubber):
        answer(stubber, StreamingBody(Dribble(PCM), len(PCM)))
        sound = await say(client)
    assert sound.audio == encode_mulaw(PCM)


async def test_full_scale_does_not_wrap() -> None:
    with stubbed() as (client, stubber):
        answer(stubber, body(struct.pack("<h", -32768) * 1000))
        sound = await say(client)
    assert audioop.minmax(decode_mulaw(bytes(sound.audio)), 2)[1] < -32000


async def test_sound_comes_while_it_is_made() -> None:
    heard = threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= PIECE_BYTES:
                assert heard.wait(10)
            return super().read(size)

    with stubbed() as (client, stubber):
        answer(stubber, StreamingBody(Slow(PCM), len(PCM)))
        sound = Sound("hello", on_change=heard.set)
        await PollyVoice("Joanna", client).speak(sound)
    assert len(sound.audio) == len(PCM) // 2


async def test_a_voice_without_the_best_engine_speaks_with_another_and_stays_with_it() -> None:
    with stubbed() as (client, stubber):
        voice = PollyVoice("Joanna", client)
        stubber.add_client_error("synthesize_speech", "EngineNotSupportedException", "planted")
        answer(stubber, body(), "standard")
        answer(stubber, body(), "standard")
        for _ in range(2):
            sound = Sound("hello")
            await voice.speak(sound)
            assert sound.audio == encode_mulaw(PCM)


async def test_a_voice_without_any_engine_is_unknown() -> None:
    with stubbed() as (client, stubber):
        for _ in polly.ENGINES:
            stubber.add_client_error(
                "synthesize_speech", "ValidationException", "This voice does not support the selected engine: x"
            )
        with pytest.raises(UnknownVoice, match="'Joanna'"):
            await say(client)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("ValidationException", "no voice 'Joanna'"),
        ("UnrecognizedClientException", "AWS_ACCESS_KEY_ID"),
        ("ThrottlingException", "raise the quota"),
        ("SomethingElse", r"\(SomethingElse\)"),
    ],
)
async def test_a_refusal_tells_what_to_do_and_not_what_was_to_be_said(code: str, meaning: str) -> None:
    with stubbed() as (client, stubber):
        stubber.add_client_error("synthesize_speech", code, "Value 'hello' at 'text' is wrong")
        with pytest.raises(SpeakError, match=meaning) as caught:
            await say(client)
    assert "hello" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (botocore.exceptions.NoCredentialsError(), "set AWS_ACCESS_KEY_ID"),
        (botocore.exceptions.NoRegionError(), "set AWS_DEFAULT_REGION"),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="planted"), "cannot be reached"),
    ],
)
async def test_what_the_sdk_lacks_is_told(error: Exception, meaning: str) -> None:
    class Client:
        def synthesize_speech(self, **_: object) -> None:
            raise error

    with pytest.raises(SpeakError, match=meaning):
        await say(Client())


async def test_a_stream_that_breaks_is_an_error() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise botocore.exceptions.ReadTimeoutError(endpoint_url="planted")

    with stubbed() as (client, stubber):
        answer(stubber, StreamingBody(Broken(), 10))
        with pytest.raises(SpeakError, match="ReadTimeoutError"):
            await say(client)


async def test_a_client_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polly, "FIRST_SOUND_SECONDS", 0.02)
    release = threading.Event()

    class Client:
        def synthesize_speech(self, **_: object) -> None:
            release.wait(10)

    try:
        with pytest.raises(SpeakError, match="too long"):
            await say(Client())
    finally:
        release.set()


async def test_cancelled_it_stops_at_once_and_closes_the_stream() -> None:
    closed, release = trio.Event(), threading.Event()
    token = trio.lowlevel.current_trio_token()

    class Hanging(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                release.wait(10)
            return super().read(size)

        def close(self) -> None:
            super().close()
            token.run_sync_soon(closed.set)

    with stubbed() as (client, stubber):
        answer(stubber, StreamingBody(Hanging(PCM), len(PCM)))
        with trio.CancelScope() as scope:
            sound = Sound("hello", on_change=scope.cancel)
            await PollyVoice("Joanna", client).speak(sound)
        length = len(sound.audio)
        release.set()
        await closed.wait()
    assert scope.cancelled_caught
    assert len(sound.audio) == length == PIECE_BYTES // 2
