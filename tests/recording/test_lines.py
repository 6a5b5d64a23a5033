from __future__ import annotations

import json

import pytest

from phonegame.recording.lines import caller_said, line, of_event, said
from phonegame.speak.saying import Dropped, Receipt, Saying
from phonegame.switchboard import CallKeyed, CallProblem, CharacterAsks, CharacterEnded
from tests.test_interruption import said as heard
from tests.test_interruption import said_without_words, speech_started


def test_times_are_exact_to_the_sample() -> None:
    assert json.loads(line(1 / 8000, "key", {"digit": "#"})) == {"at": 0.000125, "event": "key", "digit": "#"}


def test_what_the_caller_has_said_has_the_times_of_its_words() -> None:
    assert caller_said(heard("one two", 11.0, final=True), since=5.0) == (11.0, 12.0, "one two")


def test_what_was_said_before_the_recording_is_not_in_it() -> None:
    assert caller_said(heard("one two", 11.0, final=True), since=11.5) == (11.5, 12.0, "two")
    assert caller_said(heard("one two", 11.0, final=True), since=12.5) is None
    assert caller_said(said_without_words("one two", 11.0, is_final=True), since=12.5) is None


def test_interim_results_and_other_messages_are_not_in_it() -> None:
    assert caller_said(heard("one two", 11.0), since=5.0) is None
    assert caller_said(speech_started(11.0), since=5.0) is None


def test_what_was_said_to_the_caller_is_told_as_it_was_heard() -> None:
    receipt = Receipt(heard="Hel", seconds=0.25, dropped=Dropped.CLEARED)
    assert json.loads(line(2.0, "said", said("game", Saying(say_id="a", text="Hello"), receipt))) == {
        "at": 2.0,
        "event": "said",
        "by": "game",
        "say_id": "a",
        "is_clip": False,
        "heard": "Hel",
        "seconds": 0.25,
        "interrupted": False,
        "dropped": "cleared",
    }


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (CharacterAsks("1", "ring", {"times": 2}), "action"),
        (CharacterEnded("hung_up"), "character_ended"),
        (CallProblem("voice_failed", "out of order"), "problem"),
    ],
)
def test_events_that_tell_something_of_their_own(
    event: CharacterAsks | CharacterEnded | CallProblem, kind: str
) -> None:
    noted = of_event(event)
    assert noted is not None
    assert noted[0] == kind
    assert json.loads(line(0.0, *noted))["event"] == kind


def test_and_others() -> None:
    assert of_event(CallKeyed("1")) is None
