from __future__ import annotations

import pytest

from phonegame.deepgram.messages import parse
from phonegame.listen.transcript import Heard
from phonegame.speak.saying import Receipt
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
from phonegame.wire.text import encode, greeting
from tests.listen.deepgram_says import results


def heard(raw: str) -> CallHeard:
    message = parse(raw)
    assert message is not None
    return CallHeard(Heard(raw, message))


def encoded(event: CallEvent) -> str | None:
    return encode(FromCall("c1", 1, event))


def test_the_number_comes_first_then_the_code() -> None:
    assert greeting("+15550100", "42") == ("+15550100", "42")


def test_a_call_that_starts_is_connected() -> None:
    assert encoded(CallStarted(Caller(call_id="c1"))) == "connected"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(results("one pizza", final=True), id="final"),
        pytest.param(results("", final=True), id="final without text"),
        pytest.param('{"type":"SpeechStarted","channel":[0,1],"timestamp":4.48}', id="speech started"),
        pytest.param('{"type": "Later",  "than": "we know"}', id="unknown"),
    ],
)
def test_what_deepgram_says_goes_on_as_it_came(raw: str) -> None:
    assert encoded(heard(raw)) == raw


def test_interim_results_are_kept_back() -> None:
    assert encoded(heard(results("one", final=False))) is None


@pytest.mark.parametrize(
    "event",
    [
        CallKeyed("5"),
        SayStarted("s1"),
        SayFinished("s1", Receipt(heard="", seconds=0.0)),
        CallProblem("vocabulary_refused", "no"),
        CallEnding("the caller hung up"),
        CallEnded("the caller hung up", 3.0),
    ],
)
def test_existing_games_are_told_nothing_that_they_do_not_know(event: CallEvent) -> None:
    assert encoded(event) is None
