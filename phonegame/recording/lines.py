"""What happens in a recorded call, one JSON object a line: `at`, in seconds of the WAV, then `event`."""

from __future__ import annotations

from typing import Any

import msgspec

from phonegame.listen.transcript import Heard, without_words_before
from phonegame.speak.saying import Receipt, Saying
from phonegame.switchboard import CallEvent, CallProblem, CharacterAsks, CharacterEnded

Fields = dict[str, Any]
DIGITS = 6
"""Of seconds: a sample is 0.000125 s."""


def line(at: float, event: str, fields: Fields) -> bytes:
    return msgspec.json.encode({"at": round(at, DIGITS), "event": event, **fields}) + b"\n"


def caller_said(heard: Heard, since: float) -> tuple[float, float, str] | None:
    """When it began and ended, in seconds of the call, and the words: final ones, without those said before `since`."""
    if heard.results is None or not heard.results.is_final:
        return None
    if heard.results.start < since:
        rest = without_words_before(heard, since)
        if rest is None or rest.results is None:
            return None
        heard = rest
    results = heard.results
    assert results is not None
    words = results.best.words
    if not results.best.transcript or (not words and results.start < since):
        return None
    begin = words[0].start if words else results.start
    end = words[-1].end if words else results.start + results.duration
    return begin, end, results.best.transcript


def said(by: str, saying: Saying, receipt: Receipt) -> Fields:
    """As far as the caller has heard it."""
    return {
        "by": by,
        "say_id": saying.say_id,
        "is_clip": bool(saying.audio),
        "heard": receipt.heard,
        "seconds": round(receipt.seconds, DIGITS),
        "interrupted": receipt.interrupted,
        "dropped": receipt.dropped,
    }


def of_event(event: CallEvent) -> tuple[str, Fields] | None:
    """For those that tell something that is told nowhere else."""
    match event:
        case CharacterAsks(action_id=action_id, name=name, arguments=arguments):
            return "action", {"action_id": action_id, "name": name, "arguments": arguments}
        case CharacterEnded(reason=reason):
            return "character_ended", {"reason": reason}
        case CallProblem(code=code, message=message):
            return "problem", {"code": code, "message": message}
        case _:
            return None
