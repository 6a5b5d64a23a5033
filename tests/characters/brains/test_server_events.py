from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.characters.brains.server_events import EventDecoder

STREAM = (
    'data: {"a": 1}\n\n: comment\r\nevent: x\r\ndata:two\r\ndata: lines\r\n\r\ndata: grüß\r\rid: 1\n\ndata: rest'
).encode()
EVENTS = ['{"a": 1}', "two\nlines", "grüß"]


@given(st.lists(st.integers(0, len(STREAM))))
def test_events_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    decoder = EventDecoder()
    places = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[start:end] for start, end in itertools.pairwise(places)]
    assert [event for chunk in chunks for event in decoder.receive(chunk)] == EVENTS


@pytest.mark.parametrize("endless", [b"x" * 10_000, b"data: " + b"x" * 10_000 + b"\n"])
def test_an_endless_event_is_refused(endless: bytes) -> None:
    with pytest.raises(ValueError, match="too long"):
        _feed(EventDecoder(), endless)


def _feed(decoder: EventDecoder, endless: bytes) -> None:
    for _ in range(1000):
        assert decoder.receive(endless) == []


@given(st.binary())
def test_bytes_of_any_kind_raise_nothing_but_value_errors(data: bytes) -> None:
    decoder = EventDecoder()
    try:
        events = decoder.receive(data + b"\n\n")
    except ValueError:
        return
    assert all(isinstance(event, str) for event in events)
