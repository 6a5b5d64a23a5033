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
    ActionResult,
    Character,
    CharacterMessage,
    CharacterStop,
    Clear,
    Dial,
    DialMessage,
    GameMessage,
    HangUp,
    Ping,
    Play,
    Resume,
    Say,
    Vocabulary,
)
from phonegame.wire.v1.parse import Ignored, Malformed, bad_character, parse
from phonegame.wire.v1.to_game import (
    ActionAsked,
    CallEnded,
    CallEnding,
    CallStarted,
    CallStatus,
    CharacterEnded,
    CharacterSaid,
    Dtmf,
    Error,
    Numbered,
    Pong,
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
    "ActionAsked",
    "ActionResult",
    "CallEnded",
    "CallEnding",
    "CallStarted",
    "CallStatus",
    "Calls",
    "Character",
    "CharacterEnded",
    "CharacterMessage",
    "CharacterSaid",
    "CharacterStop",
    "Clear",
    "Dial",
    "DialMessage",
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
    "bad_character",
    "encode",
    "from_call",
    "parse",
]
