from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.deepgram.flux import Connected, FatalError, FluxWord, TurnInfo, Warned, is_flux, parse
from phonegame.deepgram.messages import ConfigureFailure, ConfigureSuccess, Other

TURN: dict[str, Any] = {
    "type": "TurnInfo",
    "request_id": "r",
    "sequence_id": 7,
    "event": "EndOfTurn",
    "turn_index": 2,
    "audio_window_start": 8.0,
    "audio_window_end": 9.76,
    "transcript": "42",
    "words": [{"word": "42", "confidence": 0.95, "start": 8.9, "end": 9.3}],
    "end_of_turn_confidence": 0.83,
    "trigger": "model",
}


def test_a_turn() -> None:
    turn = parse(json.dumps(TURN))
    assert turn == TurnInfo("EndOfTurn", 2, 8.0, 9.76, "42", [FluxWord("42", 0.95, 8.9, 9.3)], 0.83, "model", "r")
    assert turn.is_timed


def test_words_need_no_times() -> None:
    turn = parse(json.dumps({**TURN, "words": [{"word": "42", "confidence": 0.95}]}))
    assert isinstance(turn, TurnInfo)
    assert not turn.is_timed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"Connected","request_id":"r","sequence_id":0}', Connected()),
        ('{"type":"ConfigureSuccess","thresholds":{}}', ConfigureSuccess()),
        ('{"type":"ConfigureFailure","code":"X","description":"y"}', ConfigureFailure("X", "y")),
        ('{"type":"Warning","code":"X","description":"y"}', Warned("X", "y")),
        ('{"type":"Error","code":"X","description":"y"}', FatalError("X", "y")),
        ('{"type":"Later","x":1}', Other("Later")),
    ],
)
def test_other_messages(text: str, message: object) -> None:
    assert parse(text) == message


@pytest.mark.parametrize(
    "change",
    [{"turn_index": "2"}, {"audio_window_end": -1}, {"audio_window_end": 1e12}, {"words": [{}]}, {"transcript": None}],
)
def test_a_turn_of_a_wrong_shape_is_no_message(change: dict[str, Any]) -> None:
    assert parse(json.dumps({**TURN, **change})) is None


@given(
    st.text()
    | st.recursive(st.none() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)).map(
        json.dumps
    )
)
def test_anything_may_come(text: str) -> None:
    parse(text)


@pytest.mark.parametrize(
    ("url", "flux"),
    [
        ("wss://api.deepgram.com/v2/listen?model=flux-general-en", True),
        ("ws://host/proxy/v2/listen/", True),
        ("wss://api.deepgram.com/v1/listen?x=/v2/listen", False),
    ],
)
def test_the_path_tells(url: str, flux: bool) -> None:
    assert is_flux(url) is flux
