"""Amazon Polly through its own SDK, boto3, which blocks: in threads. Credentials and region are found by the SDK.

Source: Amazon Polly's developer guide, "SynthesizeSpeech" (OutputFormat pcm: 16-bit little-endian mono, no header).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from phonegame.audio import SAMPLE_RATE, encode_mulaw
from phonegame.speak.cloud import run_blocking
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError, VoiceMissing

_ENGINES = ("neural", "standard", "generative", "long-form")
"""Best first, of those that speak at once. Most voices have two of them, some only one."""
PIECE_BYTES = 3200
"""A fifth of a second; one read waits for no more than that."""
READ_SECONDS = 3
CONNECT_SECONDS = 3


class PollyVoice:
    """`voice` is one of Polly's, such as Joanna. Raises VoiceMissing where the SDK is not installed."""

    def __init__(self, voice: str, make_client: Callable[[], Any] | None = None) -> None:
        self.name = f"polly:{voice}"
        self._voice = voice
        self._make_client = make_client or _client
        self._engine = 0
