"""What Deepgram tells of a caller, as short as a test needs it."""

from __future__ import annotations

import json

from phonegame.deepgram.messages import Message, parse
from phonegame.deepgram.turn_events import EagerEndOfTurn, TurnResumed
from phonegame.listen.transcript import Heard
from tests.listen.deepgram_says import results


def heard(raw: str) -> Heard:
    message = parse(raw)
    assert message is not None
    return Heard(raw, message)


def interim(text: str, start: float = 0.0, *, confidence: float = 0.9, word_confidence: float = 0.9) -> Heard:
    """Half a second a word."""
    fields = json.loads(results(text, start))
    [alternative] = fields["channel"]["alternatives"]
    alternative["confidence"] = confidence
    for word in alternative["words"]:
        word["confidence"] = word_confidence
    return heard(json.dumps(fields))


def final(text: str, start: float = 0.0, *, speech_final: bool = True, confidence: float = 0.9) -> Heard:
    fields = json.loads(results(text, start, final=True))
    fields["channel"]["alternatives"][0]["confidence"] = confidence
    return heard(json.dumps({**fields, "speech_final": speech_final}))


def utterance_end(last_word_end: float = -1.0) -> Heard:
    return heard(json.dumps({"type": "UtteranceEnd", "last_word_end": last_word_end}))


def speech_started(at: float = 0.0) -> Heard:
    return heard(json.dumps({"type": "SpeechStarted", "timestamp": at}))


def eager(text: str) -> Heard:
    return _of_flux(EagerEndOfTurn(transcript=text, confidence=0.5, at=1.0))


def resumed() -> Heard:
    return _of_flux(TurnResumed(at=1.0))


def _of_flux(message: Message) -> Heard:
    return Heard("", message)
