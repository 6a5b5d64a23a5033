"""Deepgram's messages as its asyncapi document lists them, strict: a field too many or of another type fails."""

from __future__ import annotations

from typing import Literal

import msgspec


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Word(Strict):
    word: str
    start: float
    end: float
    confidence: float
    punctuated_word: str | msgspec.UnsetType = msgspec.UNSET


class Alternative(Strict):
    transcript: str
    confidence: float
    words: list[Word]


class Channel(Strict):
    alternatives: list[Alternative]


class ModelInfo(Strict):
    name: str
    version: str
    arch: str


class ResultsMetadata(Strict):
    request_id: str
    model_uuid: str
    model_info: ModelInfo


class Results(Strict, tag="Results"):
    channel_index: tuple[int, int]
    start: float
    duration: float
    is_final: bool
    speech_final: bool
    from_finalize: bool
    channel: Channel
    metadata: ResultsMetadata


class SpeechStarted(Strict, tag="SpeechStarted"):
    channel: tuple[int, int]
    timestamp: float


class UtteranceEnd(Strict, tag="UtteranceEnd"):
    channel: tuple[int, int]
    last_word_end: float


class Metadata(Strict, tag="Metadata"):
    transaction_key: Literal["deprecated"]
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int


class ConfigureSuccess(Strict, tag="ConfigureSuccess"):
    request_id: str
    keyterms: list[str] | msgspec.UnsetType = msgspec.UNSET


class ConfigureFailure(Strict, tag="ConfigureFailure"):
    request_id: str
    code: Literal[
        "CONFIGURE_KEYTERMS_NOT_SUPPORTED",
        "CONFIGURE_KEYTERM_LIMIT_EXCEEDED",
        "CONFIGURE_ALREADY_PENDING",
        "CONFIGURE_INTERNAL_ERROR",
    ]
    description: str


class Error(Strict, tag="Error"):
    variant: Literal["SchemaError"]
    description: str
    message: str
    code: None


Message = (
    Results | SpeechStarted | UtteranceEnd | Metadata | ConfigureSuccess | ConfigureFailure | Error
)  # fmt: skip


def check(text: str | bytes) -> Message:
    """ValidationError where the message is not as documented."""
    message: Message = msgspec.json.decode(text, type=Message)
    return message
