"""Amazon Polly through its own SDK, boto3, which blocks: in threads. The SDK finds credentials and region by itself.

Source: Amazon Polly's API reference, "SynthesizeSpeech" (OutputFormat pcm: 16-bit little-endian mono, no header).
"""

from __future__ import annotations

import contextlib
import importlib.util
import threading
from functools import partial
from typing import Any

import trio

from phonegame.audio import SAMPLE_RATE, encode_mulaw
from phonegame.speak.in_thread import HandOver, Threads, fill_in_thread
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError, UnknownVoice, VoiceMissing

ENGINES = ("neural", "standard", "generative", "long-form")
"""Best first, of those that speak at once. Most voices have two of them, some only one."""
PIECE_BYTES = 3200
"""A fifth of a second."""
FIRST_SOUND_SECONDS = 5
SILENCE_SECONDS = 3
MAX_THREADS = 8

_MEANING = {
    "AccessDeniedException": "the credentials do not allow polly:SynthesizeSpeech: add it to their policy",
    "InvalidSignatureException": "the credentials are refused: check AWS_SECRET_ACCESS_KEY",
    "UnrecognizedClientException": "the credentials are refused: check AWS_ACCESS_KEY_ID",
    "ExpiredTokenException": "the credentials have expired: get others",
    "ThrottlingException": "too many sentences at once: raise the quota, or say less",
    "NoCredentialsError": "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile",
    "PartialCredentialsError": "the credentials are incomplete: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "NoRegionError": "no region: set AWS_DEFAULT_REGION, for example to eu-central-1",
    "EndpointConnectionError": "it cannot be reached: check the network and AWS_DEFAULT_REGION",
}

_threads = Threads(MAX_THREADS)


class PollyVoice:
    """`voice` is one of Polly's, such as Joanna. `client` is boto3's, made at the first sentence where none is given.

    Raises VoiceMissing where the SDK is not installed.
    """

    def __init__(self, voice: str, client: Any = None) -> None:
        if importlib.util.find_spec("boto3") is None:
            raise VoiceMissing("Amazon Polly needs its SDK: pip install 'phonegame[polly]'")
        self.name = f"polly:{voice}"
        self._voice = voice
        self._client = client
        self._engines: tuple[str, ...] = ENGINES

    async def speak(self, sound: Sound) -> None:
        try:
            await fill_in_thread(
                sound,
                partial(self._synthesise, sound.text),
                _threads,
                first_within=FIRST_SOUND_SECONDS,
                next_within=SILENCE_SECONDS,
            )
        except trio.TooSlowError:
            raise SpeakError("Amazon Polly took too long: try again, or use another voice") from None

    def _synthesise(self, text: str, hand_over: HandOver) -> None:
        import botocore.exceptions

        try:
            client = self._client or _shared_client()
            with contextlib.closing(self._start(client, text)) as stream:
                _read(stream, hand_over)
        # their texts may repeat what was to be said
        except botocore.exceptions.ClientError as error:
            raise self._failure(_code(error)) from None
        except botocore.exceptions.BotoCoreError as error:
            raise self._failure(type(error).__name__) from None

    def _start(self, client: Any, text: str) -> Any:
        """The stream of audio. Tries engine after engine until one has the voice, and stays with that."""
        import botocore.exceptions

        for engine in self._engines:
            try:
                answer = client.synthesize_speech(
                    Text=text, OutputFormat="pcm", SampleRate=str(SAMPLE_RATE), VoiceId=self._voice, Engine=engine
                )
            except botocore.exceptions.ClientError as error:
                if not _is_of_engine(error):
                    raise
                continue
            self._engines = (engine,)
            return answer["AudioStream"]
        raise UnknownVoice(f"Amazon Polly has no voice {self._voice!r} in this region")

    def _failure(self, code: str) -> SpeakError:
        if code == "ValidationException":
            return UnknownVoice(f"Amazon Polly has no voice {self._voice!r}, or cannot speak this text")
        meaning = _MEANING.get(code)
        return SpeakError(f"Amazon Polly cannot be used ({code})" + (f": {meaning}" if meaning else ""))


def _read(stream: Any, hand_over: HandOver) -> None:
    rest = b""
    while piece := stream.read(PIECE_BYTES):
        piece = rest + piece
        even = len(piece) & ~1
        rest = piece[even:]
        if not hand_over(encode_mulaw(piece[:even]), ()):
            return


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _is_of_engine(error: Any) -> bool:
    """Polly has two ways to say that a voice is not there in an engine."""
    message = str(error.response.get("Error", {}).get("Message", ""))
    return _code(error) == "EngineNotSupportedException" or (
        _code(error) == "ValidationException" and "does not support the selected engine" in message
    )


_making = threading.Lock()
_made: list[Any] = []


def _shared_client() -> Any:
    """Importing and making it takes a third of a second. boto3's clients may be shared by threads, not made by them."""
    import boto3
    from botocore.config import Config

    with _making:
        if not _made:
            config = Config(
                connect_timeout=FIRST_SOUND_SECONDS / 2,
                read_timeout=SILENCE_SECONDS,
                retries={"total_max_attempts": 2},
                max_pool_connections=MAX_THREADS,
            )
            _made.append(boto3.client("polly", config=config))
        return _made[0]
