from __future__ import annotations

import json
from typing import Any

import pytest

from phonegame.deepgram.messages import parse
from phonegame.listen.transcript import Heard
from phonegame.speak.saying import Dropped, Receipt
from phonegame.switchboard import (
    CallEnded,
    CallEnding,
    Caller,
    CallEvent,
    CallHeard,
    CallKeyed,
    CallProblem,
    CallStarted,
    FromCall,
    SayFinished,
    SayStarted,
)
from phonegame.wire import v1
from phonegame.wire.v1.to_game import Unnumbered
from tests.listen.deepgram_says import results
from tests.wire.messages import TO_GAME


def sent(event: CallEvent) -> list[dict[str, Any]]:
    """As the game reads it, without the fields that all of them have."""
    messages = [json.loads(v1.encode(message, 5)) for message in v1.from_call(FromCall("c1", 2, event))]
    for message in messages:
        assert (message.pop("seq"), message.pop("call_id"), message.pop("player")) == (5, "c1", 2)
    return messages


def heard(raw: str | dict[str, Any]) -> CallHeard:
    text = raw if isinstance(raw, str) else json.dumps(raw)
    message = parse(text)
    assert message is not None
    return CallHeard(Heard(text, message))


def test_a_call_that_starts() -> None:
    caller = Caller(call_id="c1", known_as="hash", shown="+1•••0123", direction="outgoing")
    assert sent(CallStarted(caller)) == [{"type": "call_started", "direction": "outgoing", "caller": "+1•••0123"}]


def test_the_callers_hash_stays_here() -> None:
    (message,) = v1.from_call(FromCall("c1", 1, CallStarted(Caller(call_id="c1", known_as="hash"))))
    assert "hash" not in v1.encode(message, 1)


def test_a_transcript_has_the_best_alternative_and_its_words_as_written() -> None:
    said = {
        "type": "Results",
        "start": 4.2,
        "duration": 1.62,
        "is_final": True,
        "speech_final": True,
        "channel": {
            "alternatives": [
                {
                    "transcript": "Yes, 42.",
                    "confidence": 0.97,
                    "words": [
                        {"word": "yes", "start": 4.61, "end": 4.93, "confidence": 0.98, "punctuated_word": "Yes,"},
                        {"word": "42", "start": 5.02, "end": 5.4, "confidence": 0.96, "punctuated_word": "42."},
                    ],
                },
                {"transcript": "Guess 42", "confidence": 0.5, "words": []},
            ]
        },
    }
    assert sent(heard(said)) == [
        {
            "type": "transcript",
            "text": "Yes, 42.",
            "is_final": True,
            "speech_final": True,
            "confidence": 0.97,
            "start": 4.2,
            "duration": 1.62,
            "words": [
                {"word": "Yes,", "start": 4.61, "end": 4.93, "confidence": 0.98},
                {"word": "42.", "start": 5.02, "end": 5.4, "confidence": 0.96},
            ],
        }
    ]


def test_interim_transcripts_are_marked_as_such() -> None:
    (message,) = sent(heard(results("one", final=False)))
    assert (message["text"], message["is_final"], message["speech_final"]) == ("one", False, False)


def test_words_without_punctuation_are_as_they_were_heard() -> None:
    (message,) = sent(heard(results("one pizza", final=True)))
    assert message["words"] == [
        {"word": "one", "start": 0.0, "end": 0.5, "confidence": 0.9},
        {"word": "pizza", "start": 0.5, "end": 1.0, "confidence": 0.9},
    ]


def test_a_word_whose_confidence_is_not_known_has_none() -> None:
    said = json.loads(results("one", final=True))
    said["channel"]["alternatives"][0]["words"][0].pop("confidence")
    assert sent(heard(said))[0]["words"] == [{"word": "one", "start": 0.0, "end": 0.5, "confidence": 0.0}]


def empty(*, is_final: bool, speech_final: bool) -> CallHeard:
    return heard(json.loads(results("", final=is_final)) | {"speech_final": speech_final})


def test_silence_is_no_transcript() -> None:
    assert sent(empty(is_final=False, speech_final=False)) == []
    assert sent(empty(is_final=True, speech_final=False)) == []


def test_the_end_of_speech_is_told_even_without_text() -> None:
    (message,) = sent(empty(is_final=True, speech_final=True))
    assert (message["text"], message["words"], message["speech_final"]) == ("", [], True)


def test_results_without_any_alternative_are_no_transcript() -> None:
    assert sent(heard({"type": "Results", "start": 0.0, "duration": 1.0, "is_final": True, "channel": {}})) == []


def test_speech_that_starts() -> None:
    assert sent(heard('{"type":"SpeechStarted","channel":[0,1],"timestamp":4.48}')) == [
        {"type": "speech_started", "at": 4.48}
    ]


def test_an_utterance_that_ends() -> None:
    assert sent(heard('{"type":"UtteranceEnd","channel":[0,1],"last_word_end":5.4}')) == [
        {"type": "utterance_end", "at": 5.4}
    ]


def test_the_end_of_an_utterance_that_had_been_finalized_is_no_news() -> None:
    assert sent(heard('{"type":"UtteranceEnd","channel":[0,1],"last_word_end":-1}')) == []


@pytest.mark.parametrize("type", ["Metadata", "Error", "ConfigureSuccess", "Later"])
def test_what_deepgram_says_about_itself_is_not_for_games(type: str) -> None:  # noqa: A002
    assert sent(heard({"type": type, "description": "no"})) == []


def test_a_key() -> None:
    assert sent(CallKeyed("#")) == [{"type": "dtmf", "digit": "#"}]


def test_a_saying_that_starts() -> None:
    assert sent(SayStarted("s1")) == [{"type": "say_started", "say_id": "s1"}]


def test_a_saying_that_was_interrupted() -> None:
    assert sent(SayFinished("s1", Receipt(heard="One pepper", seconds=0.61249, interrupted=True))) == [
        {
            "type": "say_finished",
            "say_id": "s1",
            "heard": "One pepper",
            "seconds": 0.612,
            "interrupted": True,
            "dropped": None,
        }
    ]


@pytest.mark.parametrize("dropped", Dropped)
def test_a_saying_that_was_dropped(dropped: Dropped) -> None:
    (message,) = sent(SayFinished("s1", Receipt(heard="", seconds=0.0, dropped=dropped)))
    assert message["dropped"] == dropped.value


@pytest.mark.parametrize(
    ("dropped", "code"), [(Dropped.VOICE_FAILED, "voice_failed"), (Dropped.QUEUE_FULL, "queue_full")]
)
def test_a_saying_that_failed_is_an_error_as_well(dropped: Dropped, code: str) -> None:
    finished, error = sent(SayFinished("s1", Receipt(heard="", seconds=0.0, dropped=dropped, error="Wait a minute.")))
    assert finished["dropped"] == dropped.value
    assert error == {"type": "error", "code": code, "message": "Wait a minute.", "say_id": "s1"}


def test_a_problem_is_an_error() -> None:
    assert sent(CallProblem("vocabulary_refused", "too many words")) == [
        {"type": "error", "code": "vocabulary_refused", "message": "too many words"}
    ]


def test_a_call_that_is_ending() -> None:
    assert sent(CallEnding("the caller hung up")) == [{"type": "call_ending", "reason": "the caller hung up"}]


def test_a_call_that_has_ended() -> None:
    assert sent(CallEnded("the caller hung up", 61.50049)) == [
        {"type": "call_ended", "reason": "the caller hung up", "seconds": 61.5}
    ]


NUMBERED = [message for message in TO_GAME if not isinstance(message, Unnumbered)]


@pytest.mark.parametrize("message", NUMBERED, ids=lambda message: message.__class__.__name__)
def test_type_comes_first_then_the_number_then_the_rest(message: v1.Numbered) -> None:
    plain, numbered = (list(json.loads(v1.encode(message, seq)).items()) for seq in (None, 17))
    assert plain[0][0] == "type"
    assert numbered == [plain[0], ("seq", 17), *plain[1:]]


@pytest.mark.parametrize("id", ["a", 7, 0.5, None])
def test_what_belongs_to_a_connection_has_no_number(id: object) -> None:  # noqa: A002
    assert json.loads(v1.encode(v1.Pong(id=id), None)) == {"type": "pong", "id": id}  # type: ignore[arg-type]
