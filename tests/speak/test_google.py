from __future__ import annotations

import struct
import threading
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import texttospeech

from phonegame.speak import google
from phonegame.speak.google import GoogleVoice
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError, UnknownVoice

MULAW = bytes(range(256)) * 10


class FakeClient:
    """Takes what the SDK's client takes, and answers with the SDK's types."""

    def __init__(self, audio: bytes = MULAW, error: Exception | None = None) -> None:
        self.requests: list[texttospeech.SynthesizeSpeechRequest] = []
        self._audio = audio
        self._error = error

    def synthesize_speech(
        self, *, request: texttospeech.SynthesizeSpeechRequest, retry: None, timeout: float
    ) -> texttospeech.SynthesizeSpeechResponse:
        self.requests.append(request)
        assert 0 < timeout <= google.SYNTHESIS_SECONDS
        if self._error is not None:
            raise self._error
        return texttospeech.SynthesizeSpeechResponse(audio_content=self._audio)


async def say(client: Any) -> Sound:
    sound = Sound("hello")
    await GoogleVoice("en-US-Neural2-F", client).speak(sound)
    return sound


def wav(mulaw: bytes) -> bytes:
    """As Google sends it."""
    fmt = struct.pack("<HHIIHHH", 7, 1, 8000, 8000, 1, 8, 0)
    chunks = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(mulaw)) + mulaw
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


async def test_what_is_asked_for_is_telephone_audio_in_this_voice() -> None:
    client = FakeClient()
    await say(client)
    (request,) = client.requests
    assert request.input.text == "hello"
    assert (request.voice.language_code, request.voice.name) == ("en-US", "en-US-Neural2-F")
    assert request.audio_config.audio_encoding == texttospeech.AudioEncoding.MULAW
    assert request.audio_config.sample_rate_hertz == 8000


@pytest.mark.parametrize("audio", [MULAW, wav(MULAW)], ids=["raw", "with a header"])
async def test_the_sound_is_what_was_sent_without_its_header(audio: bytes) -> None:
    assert (await say(FakeClient(audio))).audio == MULAW


async def test_a_broken_header_is_an_error() -> None:
    with pytest.raises(SpeakError, match="Google sent audio that"):
        await say(FakeClient(b"RIFFxxxx"))


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (DefaultCredentialsError("hello"), "GOOGLE_APPLICATION_CREDENTIALS"),
        (exceptions.PermissionDenied("hello"), "enable the Text-to-Speech API"),
        (exceptions.ResourceExhausted("hello"), "raise the quota"),
        (exceptions.InternalServerError("hello"), "InternalServerError"),
    ],
)
async def test_a_refusal_tells_what_to_do_and_not_what_was_to_be_said(error: Exception, meaning: str) -> None:
    with pytest.raises(SpeakError, match=meaning) as caught:
        await say(FakeClient(error=error))
    assert "hello" not in str(caught.value)


async def test_a_voice_that_google_does_not_have_is_unknown() -> None:
    with pytest.raises(UnknownVoice, match="'en-US-Neural2-F'"):
        await say(FakeClient(error=exceptions.InvalidArgument("hello")))


async def test_a_client_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "SYNTHESIS_SECONDS", 0.02)
    release = threading.Event()

    class Client:
        def synthesize_speech(self, **_: object) -> None:
            release.wait(10)
            raise exceptions.Cancelled("hello")

    try:
        with pytest.raises(SpeakError, match="too long"):
            await say(Client())
    finally:
        release.set()
