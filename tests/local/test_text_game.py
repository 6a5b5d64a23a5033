from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.local.text_game import Closed, Code, Connected, Heard, PhoneNumber, TextGame, Unread
from tests.local.text_server import final


def greeted() -> TextGame:
    game = TextGame()
    game.receive("+15550100")
    game.receive("42")
    return game


def test_the_first_message_is_the_number_and_the_second_the_code() -> None:
    game = TextGame()
    assert game.receive("connected") == PhoneNumber("connected")
    assert game.receive("connected") == Code("connected")
    assert game.receive("connected") == Connected()


def test_a_final_result_is_heard() -> None:
    assert greeted().receive(final("hello there")) == Heard("hello there", 4.2, 1.62)


@pytest.mark.parametrize(
    "message",
    [
        final(""),
        final("not yet", is_final=False),
        '{"type":"SpeechStarted","channel":[0,1],"timestamp":4.48}',
        '{"type":"UtteranceEnd","channel":[0,1],"last_word_end":5.4}',
        '{"type":"Results","is_final":true}',
        '{"type":"Results","is_final":true,"channel":{"alternatives":[]}}',
        '{"type":"Results","is_final":"yes"}',
        "[]",
        "",
    ],
    ids=[
        "silence",
        "interim",
        "speech started",
        "utterance end",
        "no channel",
        "no alternative",
        "wrong type",
        "array",
        "empty",
    ],
)
def test_what_says_nothing_is_unread(message: str) -> None:
    assert greeted().receive(message) == Unread(message)


@given(st.text())
def test_no_message_raises(message: str) -> None:
    greeted().receive(message)


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1009, 1011, 1013, 4999])
def test_a_close_is_explained_with_code_and_reason(code: int) -> None:
    assert Closed(code, "because").explain().endswith(f". ({code}: because)")
    assert Closed(code, None).explain().endswith(f". ({code})")
