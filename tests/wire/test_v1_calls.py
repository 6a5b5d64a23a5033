"""Which of Deepgram's results a game is told of."""

from __future__ import annotations

import json

from phonegame.deepgram.messages import parse
from phonegame.listen.transcript import Heard
from phonegame.switchboard import CallEnded, CallHeard, FromCall
from phonegame.wire import v1


def told(calls: v1.Calls, text: str, *, is_final: bool, speech_final: bool = False, call_id: str = "c1") -> list[str]:
    raw = json.dumps(
        {
            "type": "Results",
            "start": 1.0,
            "duration": 1.0,
            "is_final": is_final,
            "speech_final": speech_final,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": []}]},
        }
    )
    message = parse(raw)
    assert message is not None
    messages = calls.tell(FromCall(call_id, 1, CallHeard(Heard(raw, message))))
    return [f"{each.text}|" if each.is_final else each.text for each in messages if isinstance(each, v1.Transcript)]


def test_silence_is_not_told() -> None:
    calls = v1.Calls()
    assert told(calls, "", is_final=False) == []
    assert told(calls, "", is_final=True) == []
    assert told(calls, "", is_final=True, speech_final=True) == []


def test_an_interim_that_comes_to_nothing_is_withdrawn_once() -> None:
    calls = v1.Calls()
    assert told(calls, "hm", is_final=False) == ["hm"]
    assert told(calls, "", is_final=True) == ["|"]
    assert told(calls, "", is_final=True) == []


def test_the_end_of_what_was_said_is_told_once_where_it_comes_without_text() -> None:
    calls = v1.Calls()
    assert told(calls, "forty", is_final=True) == ["forty|"]
    assert told(calls, "", is_final=True, speech_final=True) == ["|"]
    assert told(calls, "", is_final=True, speech_final=True) == []


def test_a_final_that_ends_it_leaves_nothing_to_tell() -> None:
    calls = v1.Calls()
    assert told(calls, "forty", is_final=False) == ["forty"]
    assert told(calls, "forty two", is_final=True, speech_final=True) == ["forty two|"]
    assert told(calls, "", is_final=True, speech_final=True) == []


def test_calls_do_not_mix() -> None:
    calls = v1.Calls()
    assert told(calls, "hm", is_final=False, call_id="a") == ["hm"]
    assert told(calls, "", is_final=True, call_id="b") == []
    assert told(calls, "", is_final=True, call_id="a") == ["|"]


def test_a_call_that_has_ended_is_forgotten() -> None:
    calls = v1.Calls()
    told(calls, "hm", is_final=False)
    calls.tell(FromCall("c1", 1, CallEnded("hung_up", 1.0)))
    assert told(calls, "", is_final=True) == []
