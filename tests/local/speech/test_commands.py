from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.local.speech.intake import Close, parse_control
from phonegame.local.speech.marked import decode_speech
from phonegame.local.speech.speaking.commands import (
    Clear,
    CommandIntake,
    Flush,
    Goodbye,
    Speak,
    SpeakLimits,
    TooManyFlushes,
    parse_command,
)
from phonegame.local.speech.speaking.voice import Marker

DEEP = "[" * 60_000


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ({"type": "Speak", "text": "hello"}, Speak("hello")),
        ({"type": "Speak", "text": " "}, Speak(" ")),
        ({"type": "Flush", "novelty": 1}, Flush()),
        ({"type": "Clear"}, Clear()),
        ({"type": "Close"}, Goodbye()),
    ],
)
def test_a_command_is_understood(message: dict[str, object], command: object) -> None:
    assert parse_command(json.dumps(message)) == command


@pytest.mark.parametrize(
    "text", ["", "null", DEEP, '{"type":[]}', '{"type":"Speak","text":1}', '{"type":"Speak","text":"\\ud800"}']
)
def test_what_is_no_command_closes(text: str) -> None:
    command = parse_command(text)
    assert isinstance(command, Close)
    assert command.reason.startswith("DATA-0000")


@given(st.text() | st.recursive(st.none() | st.text(), lambda part: st.dictionaries(st.text(), part)).map(json.dumps))
def test_no_text_raises(text: str) -> None:
    parse_command(text)
    parse_control(text)


def test_no_depth_of_nesting_raises_on_listen() -> None:
    parse_control(DEEP)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 100)), max_size=40))
def test_more_than_the_limit_in_any_minute_closes(spoken: list[tuple[float, int]]) -> None:
    intake = CommandIntake(SpeakLimits(characters_per_minute=300), now=0.0)
    said: list[tuple[float, int]] = []
    now = 0.0
    for pause, length in spoken:
        now += pause
        said.append((now, length))
        outcome = intake.receive(json.dumps({"type": "Speak", "text": "a" * length}), now)
        in_last_minute = sum(length for at, length in said if at > now - 60)
        assert isinstance(outcome, Close) == (in_last_minute > 300)
        if isinstance(outcome, Close):
            return


def test_a_refused_flush_does_not_count() -> None:
    intake = CommandIntake(SpeakLimits(flushes_per_minute=1), now=0.0)
    flush = json.dumps({"type": "Flush"})
    outcomes = [intake.receive(flush, now) for now in (0.0, 59.9, 60.0)]
    assert outcomes == [Flush(), TooManyFlushes(), Flush()]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
async def test_the_marker_says_any_text(text: str) -> None:
    said = await Marker(word_ms=5).synthesise(text)
    heard = decode_speech(said)
    assert [word.text for word in heard] == text.split()
    assert all(word.is_whole for word in heard)
