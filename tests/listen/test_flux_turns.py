"""What Flux says of turns, in the words of `/v1/listen`."""

from __future__ import annotations

import pytest

from phonegame.deepgram.messages import Error, Other, Results, SpeechStarted, UtteranceEnd
from phonegame.deepgram.turn_events import EagerEndOfTurn, TurnResumed
from phonegame.listen.api_flux import ApiFlux
from phonegame.listen.heard import Heard
from tests.listen.flux_says import CONNECTED, turn

URL = "wss://api.deepgram.com/v2/listen?model=flux-general-en"


@pytest.fixture
def api() -> ApiFlux:
    api = ApiFlux(URL, stall_seconds=15)
    api.begin_session(100.0)
    return api


def read(api: ApiFlux, *messages: str) -> list[Heard]:
    heard: list[Heard] = []
    for message in messages:
        said = api.read(message)
        assert said is not None
        heard += said
    return heard


def kinds(heard: list[Heard]) -> list[str]:
    return [_kind(each) for each in heard]


def _kind(heard: Heard) -> str:
    if heard.results is None:
        return type(heard.message).__name__
    return f"{'interim' if heard.is_interim else 'final'} {heard.results.best.transcript}"


def test_a_turn_without_eager_events(api: ApiFlux) -> None:
    heard = read(
        api,
        CONNECTED,
        turn("Update"),
        turn("StartOfTurn", "one"),
        turn("Update", "one"),
        turn("Update", "one two"),
        turn("EndOfTurn", "one two"),
        turn("Update", index=1),
    )
    assert kinds(heard) == ["SpeechStarted", "interim one", "interim one two", "final one two", "UtteranceEnd"]
    final = heard[3].results
    assert final is not None
    assert (final.is_final, final.speech_final) == (True, True)


def test_a_turn_that_resumes(api: ApiFlux) -> None:
    heard = read(
        api,
        turn("StartOfTurn", "one"),
        turn("EagerEndOfTurn", "one"),
        turn("TurnResumed", "one two"),
        turn("EagerEndOfTurn", "one two three"),
        turn("EndOfTurn", "one two three"),
    )
    assert kinds(heard) == [
        *("SpeechStarted", "interim one", "EagerEndOfTurn", "TurnResumed", "interim one two"),
        *("interim one two three", "EagerEndOfTurn", "final one two three", "UtteranceEnd"),
    ]
    assert heard[2].message == EagerEndOfTurn("one", 0.5, 100.5)
    assert heard[3].message == TurnResumed(101.0)
    assert [each.is_for_games for each in heard[1:4]] == [True, False, False]


def test_all_times_are_the_calls(api: ApiFlux) -> None:
    words = [("one", 8.9, 9.3), ("two", 9.4, 9.6)]
    started, interim, final, end = read(
        api, turn("StartOfTurn", words, (3.0, 9.7)), turn("EndOfTurn", words, (3.0, 10.0))
    )
    assert started.message == SpeechStarted(108.9)
    assert isinstance(final.message, Results)
    assert (final.message.start, final.message.end) == (108.4, 110.0)
    assert [(word.start, word.end, word.confidence) for word in final.message.best.words] == [
        (108.9, 109.3, 0.9),
        (109.4, 109.6, 0.9),
    ]
    assert interim.results is not None
    assert interim.results.start == 108.4
    assert end.message == UtteranceEnd(109.6)


def test_a_turn_begins_where_its_first_text_said_so(api: ApiFlux) -> None:
    """Or words that are found to begin later would seem to have been passed over."""
    heard = read(
        api,
        turn("StartOfTurn", [("one", 5.0, 5.3)], (0.0, 5.5)),
        turn("Update", [("one", 5.6, 5.9), ("two", 6.0, 6.2)], (0.0, 6.3)),
    )
    assert [each.results.start for each in heard if each.results] == [104.5, 104.5]


def test_a_turn_that_is_heard_again_begins_no_later(api: ApiFlux) -> None:
    read(api, turn("StartOfTurn", "one", (0.0, 1.5), times=False))
    api.begin_session(100.25)
    heard = read(api, turn("StartOfTurn", "one two", (0.0, 2.25), times=False), turn("EndOfTurn", "one two"))
    heard += read(api, turn("StartOfTurn", "three", (3.0, 9.0), index=1, times=False))
    assert [each.results.start for each in heard if each.results] == [100.5, 100.5, 108.25]


def test_words_without_times(api: ApiFlux) -> None:
    started, interim, final, end = read(
        api,
        turn("StartOfTurn", "one", (8.0, 60.0), times=False),
        turn("EndOfTurn", "one", (8.0, 61.0), times=False),
    )
    assert started.message == SpeechStarted(159.0)
    for each in (interim, final):
        assert each.results is not None
        assert (each.results.best.words, each.results.best.confidence, each.results.start) == ([], 0.9, 159.0)
    assert end.message == UtteranceEnd(161.0)


def test_the_start_of_a_turn_may_be_lost(api: ApiFlux) -> None:
    assert kinds(read(api, turn("EndOfTurn", "one"))) == ["SpeechStarted", "final one", "UtteranceEnd"]


def test_and_its_end(api: ApiFlux) -> None:
    heard = read(api, turn("StartOfTurn", "one"), turn("StartOfTurn", "one", (5.0, 5.5), index=1))
    assert kinds(heard) == ["SpeechStarted", "interim one", "SpeechStarted", "interim one"]


def test_text_that_is_withdrawn_makes_an_empty_final(api: ApiFlux) -> None:
    heard = read(api, turn("StartOfTurn", "one"), turn("EndOfTurn"), turn("EndOfTurn", index=1))
    assert kinds(heard) == ["SpeechStarted", "interim one", "final "]


def test_an_event_that_is_not_known_is_as_good_as_an_update(api: ApiFlux) -> None:
    assert kinds(read(api, turn("Murmured", "one"))) == ["SpeechStarted", "interim one"]


def test_what_is_not_about_turns_leaves_it_as_it_came(api: ApiFlux) -> None:
    messages = [
        '{"type":"Warning","code":"X","description":"y"}',
        '{"type":"Error","code":"X","description":"y"}',
        '{"type":"Later","a":1}',
    ]
    heard = read(api, *messages)
    assert [each.raw for each in heard] == messages
    assert [each.message for each in heard] == [Other("Warning"), Error("y"), Other("Later")]


def test_what_is_no_message_is_none(api: ApiFlux) -> None:
    assert api.read("nonsense") is None


@pytest.mark.parametrize(
    ("query", "stall_seconds", "in_turn"),
    [("", 15, 15), ("", 60, 20), ("&eot_timeout_ms=500", 15, 3), ("&eot_timeout_ms=x", 30, 20)],
)
def test_how_long_it_may_be_stuck(query: str, stall_seconds: float, in_turn: float) -> None:
    api = ApiFlux(URL + query, stall_seconds)
    assert api.stall_seconds == stall_seconds
    read(api, turn("StartOfTurn", "one"))
    assert api.stall_seconds == in_turn
    read(api, turn("EndOfTurn", "one"))
    assert api.stall_seconds == stall_seconds


def test_silence_of_our_own_is_no_part_of_the_call(api: ApiFlux) -> None:
    api.add_silence(101.0, 0.4)
    api.add_silence(101.0, 0.4)
    api.add_silence(102.0, 0.4)
    words = [("one", 0.5, 1.0), ("two", 1.4, 2.0), ("three", 2.9, 3.3)]
    heard = read(api, turn("EndOfTurn", words, (0.0, 4.0)))
    final = heard[1].results
    assert final is not None
    times = [(word.start, word.end) for word in final.best.words]
    assert times == [(100.5, 101.0), (101.0, 101.2), (102.0, 102.1)]
    assert final.end == 102.8
