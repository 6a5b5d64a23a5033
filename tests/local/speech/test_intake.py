from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.local.speech.intake import (
    Audio,
    BadText,
    Close,
    CloseStream,
    Configure,
    Finalize,
    Intake,
    KeepAlive,
    Limits,
    parse_control,
)

FRAME = b"\xff" * 160


def intake() -> Intake:
    return Intake(Limits(), 8000, now=100.0)


def test_nothing_at_all_for_ten_seconds_ends_it() -> None:
    rules = intake()
    assert rules.deadline == 110.0
    assert rules.expired(109.9) is None
    assert rules.expired(110.0) == Close(
        1011, "NET-0001: Deepgram did not receive audio data or a text message within the timeout window."
    )


def test_keep_alive_does_not_replace_the_first_audio() -> None:
    rules = intake()
    rules.receive('{"type":"KeepAlive"}', 105.0)
    closing = rules.expired(rules.deadline)
    assert rules.deadline == 110.0
    assert closing is not None
    assert closing.code == 1011


def test_keep_alive_after_audio_gives_ten_more_seconds() -> None:
    rules = intake()
    rules.receive(FRAME, 101.0)
    rules.receive('{"type":"KeepAlive"}', 109.0)
    assert rules.deadline == 119.0


def test_a_keep_alive_in_a_binary_frame_is_audio() -> None:
    assert intake().receive(b'{"type":"KeepAlive"}', 101.0) == Audio(b'{"type":"KeepAlive"}')


def test_an_empty_binary_frame_ends_the_audio() -> None:
    assert intake().receive(b"", 101.0) == CloseStream()


def test_real_time_and_a_quarter_is_fast_enough_for_ever() -> None:
    rules = intake()
    for number in range(5000):
        assert isinstance(rules.receive(FRAME, 100.0 + number * 0.02 / 1.25), Audio)


def test_faster_than_that_is_closed_once_the_burst_is_used_up() -> None:
    rules = intake()
    for _ in range(50):
        assert isinstance(rules.receive(FRAME, 100.0), Audio)
    closing = rules.receive(FRAME, 100.0)
    assert isinstance(closing, Close)
    assert closing.code == 1008
    assert "1.25 times real time" in closing.reason


def test_after_a_pause_twice_the_burst_is_taken_and_no_more() -> None:
    rules = intake()
    rules.receive(FRAME, 100.0)
    for _ in range(100):
        assert isinstance(rules.receive(FRAME, 160.0), Audio)
    assert isinstance(rules.receive(FRAME, 160.0), Close)


def test_what_was_sent_while_nobody_read_was_not_too_fast() -> None:
    rules = intake()
    rules.receive(FRAME, 100.0)
    rules.forgive(6.0)
    for _ in range(300):
        assert isinstance(rules.receive(FRAME, 106.0), Audio)
    for number in range(1000):
        assert isinstance(rules.receive(FRAME, 106.0 + number * 0.02), Audio)
    # and is forgiven once
    closing = [rules.receive(FRAME, 126.0) for _ in range(300)][-1]
    assert isinstance(closing, Close)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"KeepAlive"}', KeepAlive()),
        ('{"type":"Finalize","channel":0}', Finalize()),
        ('{"type":"CloseStream"}', CloseStream()),
        ('{"type":"Configure"}', Configure()),
        ('{"type":"Configure","features":{"numerals":true}}', Configure(None, numerals=True)),
        ('{"type":"Configure","keyterms":["a","b c"]}', Configure(("a", "b c"))),
        ('{"type":"Configure","keyterms":[]}', Configure(())),
    ],
)
def test_control_messages(text: str, expected: object) -> None:
    assert parse_control(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"type":"Speak"}',
        '{"type":["KeepAlive"]}',
        '{"type":"Configure","features":{"numerals":"true"}}',
        '{"type":"Configure","features":true}',
        '{"type":"Configure","keyterms":"pizza"}',
        '{"type":"Configure","keyterms":[1]}',
    ],
)
def test_a_bad_text_is_an_answerable_fault(text: str) -> None:
    bad = parse_control(text)
    assert isinstance(bad, BadText)
    assert bad.received == text
    assert bad.description.startswith("Could not deserialize last text message: ")


@given(st.text() | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(str))
def test_no_text_raises(text: str) -> None:
    parse_control(text)
