"""The messages of Deepgram's live transcription, as far as phonegame reads them.

Source: Deepgram's API reference, "Listen - Live Audio (websocket)". Times are seconds of audio since the session began.
Unknown types and fields are ignored: they go to the game as they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from phonegame.deepgram.turn_events import TurnEvent

KEEP_ALIVE = '{"type":"KeepAlive"}'
FINALIZE = '{"type":"Finalize"}'
CLOSE_STREAM = '{"type":"CloseStream"}'


def configure(keyterms: Sequence[str]) -> str:
    """The message that puts `keyterms` in the place of the session's (API reference, "Configure")."""
    return msgspec.json.encode({"type": "Configure", "keyterms": list(keyterms)}).decode()


class Word(msgspec.Struct, frozen=True):
    word: str
    start: float
    end: float
    punctuated_word: str | None = None
    confidence: float | None = None
    """From 0 to 1; None where the session gives none."""

    @property
    def text(self) -> str:
        return self.punctuated_word or self.word


class Alternative(msgspec.Struct, frozen=True):
    transcript: str = ""
    confidence: float = 0.0
    """From 0 to 1; 0 where the session gives none, and where nothing was said."""
    words: list[Word] = []


class Channel(msgspec.Struct, frozen=True):
    alternatives: list[Alternative] = []


class Results(msgspec.Struct, frozen=True, tag="Results"):
    """What was said between `start` and `start + duration`. An interim result (`is_final` false) may change yet."""

    start: float
    duration: float
    channel: Channel
    is_final: bool = False
    speech_final: bool = False

    @property
    def best(self) -> Alternative:
        alternatives = self.channel.alternatives
        return alternatives[0] if alternatives else Alternative()

    @property
    def end(self) -> float:
        return self.start + self.duration


class SpeechStarted(msgspec.Struct, frozen=True, tag="SpeechStarted"):
    timestamp: float = 0.0


class UtteranceEnd(msgspec.Struct, frozen=True, tag="UtteranceEnd"):
    """No word for `utterance_end_ms`. `last_word_end` is -1 when the utterance had already been finalized."""

    last_word_end: float = -1.0


class Metadata(msgspec.Struct, frozen=True, tag="Metadata"):
    """The last message of a session, after `CloseStream`."""


class Error(msgspec.Struct, frozen=True, tag="Error"):
    description: str = ""


class ConfigureSuccess(msgspec.Struct, frozen=True, tag="ConfigureSuccess"):
    """One of the two answers to `Configure`: what it asks for holds from here on."""


class ConfigureFailure(msgspec.Struct, frozen=True, tag="ConfigureFailure"):
    """The other one: all is as it was. `code` is one of `CONFIGURE_KEYTERMS_NOT_SUPPORTED` and its like."""

    code: str | None = None
    description: str | None = None


class Other(msgspec.Struct, frozen=True):
    """A JSON object that is none of the above."""

    type: str


Known = Results | SpeechStarted | UtteranceEnd | Metadata | Error | ConfigureSuccess | ConfigureFailure
Message = Known | Other | TurnEvent
"""`TurnEvent`: not as it stands in any message, see flux.py."""

_KNOWN_TYPES = frozenset(known.__name__ for known in get_args(Known))
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Known)
_type_decoder = msgspec.json.Decoder(Other)


LONGEST_SECONDS = 1e7
"""A third of a year: no session is so long. Reckoning with times of any size would overflow."""


def parse(text: str | bytes) -> Message | None:
    """One message from Deepgram; None for what is none (no JSON object, a known type in a wrong shape, a time that no
    session has).
    """
    message = decode(text)
    return message if message is not None and _has_possible_times(message) else None


def decode(text: str | bytes) -> Message | None:
    """As `parse`, whatever the times are."""
    try:
        message: Message = _decoder.decode(text)
    except (msgspec.ValidationError, UnicodeError):
        return _parse_other(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return message


def _parse_other(text: str | bytes) -> Other | None:
    try:
        other = _type_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return None if other.type in _KNOWN_TYPES else other


def _has_possible_times(message: Message) -> bool:
    match message:
        case Results():
            words = [word for alternative in message.channel.alternatives for word in alternative.words]
            times = [message.start, message.duration, *(time for word in words for time in (word.start, word.end))]
        case SpeechStarted(timestamp=time) | UtteranceEnd(last_word_end=time):
            times = [time]
        case _:
            times = []
    return all(-1 <= time <= LONGEST_SECONDS for time in times)  # -1 is the `last_word_end` of no word
