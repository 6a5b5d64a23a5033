"""Messages of phonegame.v1 as a game sends and gets them, each field there at least once."""

from __future__ import annotations

import base64
from typing import Any

from phonegame.speak.saying import Dropped
from phonegame.wire.v1 import (
    ActionAsked,
    CallEnded,
    CallEnding,
    CallStarted,
    CallStatus,
    CharacterEnded,
    CharacterSaid,
    Dtmf,
    Error,
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
)

SCRIPT = '[states.hello]\nsay = "Yes?"\nlisten = [{ hear = "goodbye", say = "Bye.", hang_up = true }]\n'
CLIP = b"\x10\x20\xff"

FROM_GAME: list[dict[str, Any]] = [
    {"type": "say", "text": "Hello"},
    {
        "type": "say",
        "text": "Héllo 🍕",
        "say_id": "s-1",
        "players": [1, 2, 16],
        "voice": "espeak:en-gb",
        "priority": "now",
        "interruptible": False,
        "start_within": 2.5,
    },
    {"type": "play", "audio": base64.b64encode(CLIP).decode(), "format": "mulaw", "call_id": "c1", "say_id": "p"},
    {"type": "clear"},
    {"type": "clear", "players": [3]},
    {"type": "hangup", "call_id": "c1", "at_once": True},
    {"type": "vocabulary", "words": ["pepperoni", "extra cheese"]},
    {"type": "vocabulary", "words": []},
    {"type": "say", "text": "Call us back.", "after_tone": True},
    {"type": "accept", "callers": 4},
    {"type": "dial", "to": "+12025550123"},
    {"type": "dial", "to": "+1 (202) 555-0123", "dial_id": "d-1"},
    {"type": "record"},
    {"type": "record", "on": False, "players": [2]},
    {"type": "dial", "to": "+12025550123", "character": "pizzeria"},
    {"type": "dial", "to": "+12025550123", "character": {"name": "Guido", "persona": "A cook.", "message": "Call me."}},
    {"type": "character", "use": "pizzeria", "players": [1]},
    {
        "type": "character",
        "name": "Guido",
        "persona": "A cook.",
        "greeting": "Pronto!",
        "voice": "espeak:it",
        "actions": [{"name": "bake", "description": "Bakes.", "parameters": {"type": "object"}, "seconds": 2.5}],
        "patience": 0.5,
        "silence_seconds": 20.0,
        "silence_prompt": "Hello?",
        "goodbye": "Ciao.",
        "filler": "Hm.",
        "excuse": "Sorry.",
        "vocabulary": ["pizza"],
        "call_id": "c1",
    },
    {"type": "character", "name": "Witness", "script": SCRIPT},
    {"type": "character_stop"},
    {"type": "character_stop", "players": [2]},
    {"type": "action_result", "action_id": "a1"},
    {"type": "action_result", "action_id": "a1", "result": {"minutes": [20, None]}, "failed": True, "call_id": "c1"},
    {"type": "resume", "resume_token": "token", "last_seq": 17},
    {"type": "ping"},
    {"type": "ping", "id": "a"},
    {"type": "ping", "id": 7},
    {"type": "ping", "id": 0.5},
]

CALL: dict[str, Any] = {"call_id": "c1", "player": 2}
TO_GAME: list[ServerMessage] = [
    Welcome(phone_number="+15550100", code="42", resume_token="t", resumed=False, away_seconds=60.0),
    CallStarted(**CALL, direction="incoming", caller="+1•••••0123"),
    CallStarted(**CALL, direction="outgoing", caller=None),
    CallStatus(**CALL, status="dialling", dial_id="d-1", answered_by=None, reason=None),
    CallStatus(**CALL, status="machine", dial_id=None, answered_by="machine_end_beep", reason=None),
    CallStatus(**CALL, status="failed", dial_id=None, answered_by=None, reason="the carrier refuses"),
    SpeechStarted(**CALL, at=1.25),
    Transcript(
        **CALL,
        text="One pizza.",
        is_final=True,
        speech_final=True,
        confidence=0.9,
        start=1.0,
        duration=1.5,
        words=[Word(word="One", start=1.0, end=1.5, confidence=0.8)],
    ),
    UtteranceEnd(**CALL, at=2.5),
    Dtmf(**CALL, digit="#"),
    SayStarted(**CALL, say_id="s-1"),
    SayFinished(**CALL, say_id="s-1", heard="Hel", seconds=0.4, interrupted=True, dropped=None),
    SayFinished(
        call_id=None, player=None, say_id="s-1", heard="", seconds=0.0, interrupted=False, dropped=Dropped.NO_CALL
    ),
    RecordingStarted(**CALL, recording_id="20261125-234813-c1"),
    RecordingStopped(**CALL, recording_id="20261125-234813-c1", reason="asked"),
    CharacterSaid(**CALL, text="Pronto!", cut_off=False),
    ActionAsked(**CALL, action_id="a1", name="bake", arguments={"pizza": "margherita"}),
    CharacterEnded(**CALL, reason="hung_up"),
    CallEnding(**CALL, reason="the caller hung up"),
    CallEnded(**CALL, reason="the caller hung up", seconds=61.5),
    Error(code="malformed", message="text: is missing", in_reply_to="say", field="text", say_id="s-1"),
    Error(code="vocabulary_refused", message="too many words", **CALL),
    Error(code="dial_refused", message="to: is premium", in_reply_to="dial", dial_id="d-1", rule="premium"),
    Pong(id=7),
    Pong(id=None),
]
