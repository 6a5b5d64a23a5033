"""The text protocol, which existing games speak.

Server to game: the phone number, the code, `connected` for each caller, then every Deepgram message of the call as it
came, without interim results: those games append every message that has `is_final`, whatever its value.
Game to server: any text is a sentence for the caller.
"""

from __future__ import annotations

from typing import assert_never

from phonegame.switchboard import (
    CallEnded,
    CallEnding,
    CallHeard,
    CallKeyed,
    CallProblem,
    CallStarted,
    CallStatus,
    CharacterAsks,
    CharacterEnded,
    CharacterSaid,
    FromCall,
    RecordingStarted,
    RecordingStopped,
    SayFinished,
    SayStarted,
)


def greeting(phone_number: str, code: str) -> tuple[str, str]:
    """The first two messages, in this order."""
    return phone_number, code


def encode(event: FromCall) -> str | None:
    """The message for an event; None where the protocol has none."""
    match event.event:
        case CallStarted():
            return "connected"
        case CallHeard(heard=heard):
            return None if heard.is_interim else heard.raw
        case CallStatus() | CallKeyed() | SayStarted() | SayFinished() | CallProblem() | CallEnding() | CallEnded():
            return None
        case CharacterSaid() | CharacterAsks() | CharacterEnded() | RecordingStarted() | RecordingStopped():
            return None
        case _:
            assert_never(event.event)
