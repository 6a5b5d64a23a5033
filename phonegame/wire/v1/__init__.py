"""phonegame.v1: one JSON object a message, `type` first, over a websocket with the subprotocol of this name.

Types and fields that one side does not know are ignored by it. What is malformed is answered by an `error` that names
the field, and loses nothing else.
"""

from __future__ import annotations

from phonegame.wire.v1.calls import Calls, from_call
from phonegame.wire.v1.catalogue import CATALOGUE
from phonegame.wire.v1.from_game import (
    MAX_MESSAGE_LENGTH,
    Accept,
    Clear,
    Dial,
    GameMessage,
    HangUp,
    Ping,
    Play,
    Record,
    Resume,
    Say,
    Vocabulary,
)
from phonegame.wire.v1.parse import Ignored, Malformed, parse
from phonegame.wire.v1.to_game import (
    CallEnded,
    CallEnding,
    CallStarted,
    CallStatus,
    Dtmf,
    Error,
    Numbered,
    Pong,
    RecordingStarted,
    RecordingStopped,
    SayFinished,
    SayStarted,
    ServerMessage,
    SpeechStarted,
    Transcript,
    UtteranceEnd,
    Welcome,
    Word,
    encode,
)

SUBPROTOCOL = "phonegame.v1"

__all__ = [
    "CATALOGUE",
    "MAX_MESSAGE_LENGTH",
    "SUBPROTOCOL",
    "Accept",
    "CallEnded",
    "CallEnding",
    "CallStarted",
    "CallStatus",
    "Calls",
    "Clear",
    "Dial",
    "Dtmf",
    "Error",
    "GameMessage",
    "HangUp",
    "Ignored",
    "Malformed",
    "Numbered",
    "Ping",
    "Play",
    "Pong",
    "Record",
    "RecordingStarted",
    "RecordingStopped",
    "Resume",
    "Say",
    "SayFinished",
    "SayStarted",
    "ServerMessage",
    "SpeechStarted",
    "Transcript",
    "UtteranceEnd",
    "Vocabulary",
    "Welcome",
    "Word",
    "encode",
    "from_call",
    "parse",
]
