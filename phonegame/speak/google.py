"""Google Cloud Text-to-Speech through its own SDK, which blocks: in threads. The SDK finds credentials by itself.

Source: Google's reference, "text.synthesize": mu-law comes whole, with a WAV header.
"""

from __future__ import annotations

import importlib.util
import threading
from functools import partial
from typing import Any

import trio

from phonegame.audio import SAMPLE_RATE
from phonegame.speak.in_thread import HandOver, Threads, fill_in_thread
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError, UnknownVoice, VoiceMissing
from phonegame.wav import WavFault, read_wav

SYNTHESIS_SECONDS = 5
MAX_THREADS = 8

_MEANING = {
    "DefaultCredentialsError": "no credentials: set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file",
    "RefreshError": "the credentials are refused: get others",
    "Unauthenticated": "the credentials are refused: get others",
    "PermissionDenied": "the project does not allow it: enable the Text-to-Speech API there",
    "Forbidden": "the project does not allow it: enable the Text-to-Speech API there",
    "ResourceExhausted": "too many sentences at once: raise the quota, or say less",
    "TooManyRequests": "too many sentences at once: raise the quota, or say less",
    "ServiceUnavailable": "it cannot be reached: check the network",
    "DeadlineExceeded": "it took too long: try again, or use another voice",
}
_NO_SUCH_VOICE = frozenset({"InvalidArgument", "BadRequest", "NotFound"})

_threads = Threads(MAX_THREADS)


class GoogleVoice:
    """`voice` is Google's whole name of it, such as en-US-Neural2-F. `client` is the SDK's, made when first needed.

    Raises VoiceMissing where the SDK is not installed.
    """

    def __init__(self, voice: str, client: Any = None) -> None:
        if not _is_installed():
            raise VoiceMissing("Google's voices need its SDK: pip install 'phonegame[google]'")
        self.name = f"google:{voice}"
        self._voice = voice
        self._client = client

    async def speak(self, sound: Sound) -> None:
        try:
            await fill_in_thread(sound, partial(self._synthesise, sound.text), _threads, first_within=SYNTHESIS_SECONDS)
        except trio.TooSlowError:
            raise SpeakError("Google took too long to speak: try again, or use another voice") from None

    def _synthesise(self, text: str, hand_over: HandOver) -> None:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import texttospeech

        request = texttospeech.SynthesizeSpeechRequest(
            input=texttospeech.SynthesisInput(text=text),
            voice=texttospeech.VoiceSelectionParams(language_code=self._language, name=self._voice),
            audio_config=texttospeech.AudioConfig(
                audio_encoding=texttospeech.AudioEncoding.MULAW, sample_rate_hertz=SAMPLE_RATE
            ),
        )
        try:
            client = self._client or _shared_client()
            answer = client.synthesize_speech(request=request, retry=None, timeout=SYNTHESIS_SECONDS)
        except (GoogleAPIError, GoogleAuthError) as error:
            # its text may repeat what was to be said
            raise self._failure(type(error).__name__) from None
        hand_over(_without_header(answer.audio_content), ())

    @property
    def _language(self) -> str:
        """en-US of en-US-Neural2-F"""
        return "-".join(self._voice.split("-")[:2])

    def _failure(self, code: str) -> SpeakError:
        if code in _NO_SUCH_VOICE:
            return UnknownVoice(f"Google has no voice {self._voice!r}, or cannot speak this text ({code})")
        meaning = _MEANING.get(code)
        return SpeakError(f"Google's voices cannot be used ({code})" + (f": {meaning}" if meaning else ""))


def _without_header(audio: bytes) -> bytes:
    if not audio.startswith(b"RIFF"):
        return audio
    try:
        return read_wav(audio).to_telephone()
    except WavFault as error:
        raise SpeakError(f"Google sent audio that {error}") from None


def _is_installed() -> bool:
    try:
        return importlib.util.find_spec("google.cloud.texttospeech") is not None
    except ImportError:  # not even google.cloud
        return False


_making = threading.Lock()
_made: list[Any] = []


def _shared_client() -> Any:
    """Importing and making it takes a third of a second."""
    from google.cloud import texttospeech

    with _making:
        if not _made:
            _made.append(texttospeech.TextToSpeechClient())
        return _made[0]
