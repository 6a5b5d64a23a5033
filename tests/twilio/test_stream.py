from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from phonegame.audio import FRAME_BYTES
from phonegame.twilio.messages import Dtmf, Mark, Start, Stop, media_message
from phonegame.twilio.stream import MAX_MALFORMED, MAX_MESSAGE_LENGTH, StreamReader

START = '{"event":"start","start":{"streamSid":"MZ1","callSid":"CA1"}}'


def media(payload: bytes, timestamp: int, track: str | None = "inbound") -> str:
    message = json.loads(media_message("MZ1", payload))
    message["media"] |= {"timestamp": str(timestamp), "track": track}
    return json.dumps(message)


def test_a_batch_gives_its_audio_in_one_piece_and_the_rest_in_order() -> None:
    reader = StreamReader()
    audio, happenings = reader.read(
        [
            '{"event":"connected"}',
            START,
            media(b"a" * FRAME_BYTES, 100),
            '{"event":"dtmf","dtmf":{"digit":"4"}}',
            media(b"b" * FRAME_BYTES, 120),
            '{"event":"mark","mark":{"name":"m"}}',
            '{"event":"stop"}',
        ]
    )
    assert audio == b"a" * FRAME_BYTES + b"b" * FRAME_BYTES
    assert happenings == [Start(stream_sid="MZ1", call_sid="CA1"), Dtmf("4"), Mark("m"), Stop()]
    assert reader.malformed == 0


def test_other_tracks_are_not_heard() -> None:
    assert StreamReader().read([media(b"a" * FRAME_BYTES, 100, "outbound")]) == (b"", [])


@pytest.mark.parametrize("track", [None, "inbound_track"])
def test_the_caller_s_track_may_have_another_name_or_none(track: str | None) -> None:
    assert StreamReader().read([media(b"a" * FRAME_BYTES, 100, track)]) == (b"a" * FRAME_BYTES, [])


def test_a_second_start_is_ignored_and_told_of_once() -> None:
    reader = StreamReader()
    with capture_logs() as logs:
        assert len(reader.read([START])[1]) == 1
        assert reader.read([START] * 5) == (b"", [])
    assert [entry["log_level"] for entry in logs] == ["warning"]


@pytest.mark.parametrize(
    "form",
    [
        {"encoding": "audio/x-l16"},
        {"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1},
        {"encoding": "audio/x-mulaw", "sampleRate": "8000", "channels": "2"},
    ],
)
def test_another_media_format_makes_the_stream_unusable(form: dict[str, object]) -> None:
    reader = StreamReader()
    start = json.dumps({"event": "start", "start": {"streamSid": "MZ1", "mediaFormat": form}})
    assert reader.read([start, media(b"a" * FRAME_BYTES, 100), START]) == (b"", [])
    assert reader.unusable == "start.mediaFormat is not audio/x-mulaw, 8000, 1"
    assert reader.malformed == 0


@pytest.mark.parametrize("form", [None, 7, [], {}, {"encoding": None, "sampleRate": "fast"}])
def test_a_media_format_that_cannot_be_read_does_no_harm(form: object) -> None:
    reader = StreamReader()
    start = json.dumps({"event": "start", "start": {"streamSid": "MZ1", "mediaFormat": form}})
    assert reader.read([start]) == (b"", [Start(stream_sid="MZ1")])
    assert reader.unusable is None


def test_what_was_filled_and_what_was_dropped_is_counted() -> None:
    reader = StreamReader()
    reader.read([media(b"a" * FRAME_BYTES, timestamp) for timestamp in (100, 160, 160)])
    assert (reader.filled, reader.dropped) == (2 * FRAME_BYTES, FRAME_BYTES)


def test_malformed_messages_are_counted_and_cost_nothing_else() -> None:
    reader = StreamReader()
    audio, _ = reader.read(["nonsense", media(b"a" * FRAME_BYTES, 100), "", "x" * (MAX_MESSAGE_LENGTH + 1)])
    assert audio == b"a" * FRAME_BYTES
    assert reader.malformed == 3
    assert not reader.flooded


def test_a_flood_of_malformed_messages_is_noticed() -> None:
    reader = StreamReader()
    reader.read(["nonsense"] * MAX_MALFORMED)
    assert not reader.flooded
    reader.read(["nonsense"])
    assert reader.flooded


counters: st.SearchStrategy[Any] = (
    st.integers() | st.integers(0, 10**11) | st.sampled_from([10**20, 10**400, -(10**400)])
)
values: st.SearchStrategy[Any] = st.none() | st.booleans() | st.floats() | st.text() | counters | counters.map(str)
values |= st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=5), values, max_size=2)
payloads = st.binary(max_size=2000).map(lambda audio: base64.b64encode(audio).decode())


def with_odd_fields(message: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Each field as it should be, or odd, or missing."""
    return st.fixed_dictionaries({}, optional={name: good | values for name, good in message.items()})


messages = st.fixed_dictionaries(
    {"event": st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop"])},
    optional={
        "streamSid": st.just("MZ1") | values,
        "media": with_odd_fields(
            {"track": st.just("inbound"), "chunk": counters, "timestamp": counters, "payload": payloads}
        ),
        "start": with_odd_fields(
            {
                "streamSid": st.just("MZ1"),
                "callSid": st.just("CA1"),
                "mediaFormat": with_odd_fields({"sampleRate": counters, "channels": counters}),
                "customParameters": st.dictionaries(st.text(max_size=5), values, max_size=2),
            }
        ),
        "dtmf": with_odd_fields({"digit": st.just("1")}),
        "mark": with_odd_fields({"name": st.just("end")}),
    },
)
audible = st.builds(
    lambda timestamp, payload: {"event": "media", "media": {"timestamp": timestamp, "payload": payload}},
    counters | counters.map(str),
    payloads,
)


@given(st.lists(st.text() | (audible | messages).map(json.dumps), max_size=5))
def test_read_never_raises(batch: list[str]) -> None:
    StreamReader().read(batch)
