"""The messages of Deepgram's `/v1/speak` websocket, as far as phonegame sends and reads them. Audio is binary.

Source: Deepgram's documentation, "Text to speech, websocket": Speak, Flush, Clear, Close.
"""

from __future__ import annotations

from typing import Any

import msgspec

FLUSH = '{"type":"Flush"}'
"""Synthesise what has been sent. `Flushed` comes behind its audio."""
CLEAR = '{"type":"Clear"}'
"""Forget what has been sent. Audio that comes before `Cleared` still belongs to it."""
CLOSE = '{"type":"Close"}'

MAX_TEXT = 2000
"""Characters in one Speak."""


class Flushed(msgspec.Struct, frozen=True, tag="Flushed"):
    """All audio of what was flushed has been sent."""


class Cleared(msgspec.Struct, frozen=True, tag="Cleared"):
    """Nothing of what was sent before is still to come."""


class Warned(msgspec.Struct, frozen=True, tag="Warning"):
    """Something was not done: too many flushes, for example."""

    code: str | None = None
    description: str | None = None


Message = Flushed | Cleared | Warned

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Flushed | Cleared | Warned)


def speak_message(text: str) -> str:
    # a lone surrogate has no place in JSON
    speakable = text.encode(errors="replace").decode()
    return msgspec.json.encode({"type": "Speak", "text": speakable}).decode()


def parse(text: str) -> Message | None:
    """None for all that does not matter here: Metadata, unknown types, what is no JSON object."""
    try:
        message: Message = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return message
