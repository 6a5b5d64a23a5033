"""What the phone sends and accepts, against Twilio's "WebSocket messages" page."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.local.phone.incoming import Clear, Complaint, Mark, Media, parse
from phonegame.local.phone.outgoing import Identity, Wording
from phonegame.local.phone.quirks import Frame

SID = "MZ" + "0" * 32
IDENTITY = Identity("AC1", "CA1", SID, {"from": "+15551230001"})


def test_every_message_is_worded_as_documented() -> None:
    wording = Wording(IDENTITY)
    said = [
        wording.connected(),
        wording.start(),
        wording.media(Frame(1, 100, b"\xff\xff")),
        wording.dtmf("#"),
        wording.mark("a"),
        wording.stop(),
    ]
    assert [json.loads(text) for text in said] == [
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {
            "event": "start",
            "sequenceNumber": "1",
            "streamSid": SID,
            "start": {
                "accountSid": "AC1",
                "streamSid": SID,
                "callSid": "CA1",
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": {"from": "+15551230001"},
            },
        },
        {
            "event": "media",
            "sequenceNumber": "2",
            "streamSid": SID,
            "media": {"track": "inbound", "chunk": "1", "timestamp": "100", "payload": "//8="},
        },
        {
            "event": "dtmf",
            "sequenceNumber": "3",
            "streamSid": SID,
            "dtmf": {"track": "inbound_track", "digit": "#"},
        },
        {"event": "mark", "sequenceNumber": "4", "streamSid": SID, "mark": {"name": "a"}},
        {"event": "stop", "sequenceNumber": "5", "streamSid": SID, "stop": {"accountSid": "AC1", "callSid": "CA1"}},
    ]


def test_counters_can_be_numbers() -> None:
    message = json.loads(Wording(IDENTITY, numeric_counters=True).media(Frame(7, 220, b"\xff")))
    assert (message["sequenceNumber"], message["media"]["chunk"], message["media"]["timestamp"]) == (1, 7, 220)


def test_ids_are_random_and_shaped_like_twilios() -> None:
    one, other = Identity(), Identity()
    assert one != other
    assert (one.account_sid[:2], one.call_sid[:2], one.stream_sid[:2]) == ("AC", "CA", "MZ")
    assert {len(sid) for sid in (one.account_sid, one.call_sid, one.stream_sid)} == {34}


def media(**fields: Any) -> dict[str, Any]:
    return {"event": "media", "streamSid": SID, "media": {"payload": "//8="}, **fields}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(media(), Media(b"\xff\xff"), id="media"),
        pytest.param({"event": "mark", "streamSid": SID, "mark": {"name": "a"}}, Mark("a"), id="mark"),
        pytest.param({"event": "clear", "streamSid": SID}, Clear(), id="clear"),
    ],
)
def test_documented_messages_are_accepted(message: object, expected: object) -> None:
    assert parse(json.dumps(message), SID) == expected


@pytest.mark.parametrize(
    ("message", "word"),
    [
        pytest.param("{", "JSON", id="not JSON"),
        pytest.param("[" * 100_000, "JSON", id="nested too deep"),
        pytest.param("[]", "object", id="no object"),
        pytest.param("{}", "event", id="no event"),
        pytest.param(json.dumps(media(event="stop")), "'stop'", id="unknown event"),
        pytest.param(json.dumps(media(streamSid="MZ1")), "streamSid", id="another stream"),
        pytest.param(json.dumps({"event": "clear"}), "streamSid", id="no streamSid"),
        pytest.param(json.dumps(media(sequenceNumber="1")), "sequenceNumber", id="extra field"),
        pytest.param(json.dumps(media(media={"playload": "//8="})), "payload", id="misspelt payload"),
        pytest.param(json.dumps(media(media={"payload": "//8=", "track": "outbound"})), "track", id="extra track"),
        pytest.param(json.dumps(media(media={"payload": "//8"})), "base64", id="cut base64"),
        pytest.param(json.dumps(media(media={"payload": "__8="})), "base64", id="url-safe base64"),
        pytest.param(json.dumps(media(media={"payload": "ä"})), "base64", id="not ASCII"),
        pytest.param(json.dumps(media(media={"payload": ""})), "empty", id="empty payload"),
        pytest.param(json.dumps(media(media="//8=")), "object", id="media is a string"),
        pytest.param(json.dumps({"event": "mark", "streamSid": SID, "mark": {}}), "name", id="mark without name"),
        pytest.param(json.dumps({"event": "mark", "streamSid": SID, "mark": {"name": 1}}), "string", id="numeric name"),
        pytest.param(json.dumps({"event": "clear", "streamSid": SID, "clear": {}}), "clear", id="clear with content"),
    ],
)
def test_wrong_message_is_warning_31951_that_names_what_is_wrong(message: str, word: str) -> None:
    complaint = parse(message, SID)
    assert isinstance(complaint, Complaint)
    assert complaint.code == 31951
    assert word in complaint.detail


def test_binary_frame_is_warning_31950() -> None:
    complaint = parse(json.dumps(media()).encode(), SID)
    assert isinstance(complaint, Complaint)
    assert complaint.code == 31950


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["media", "mark", "clear", SID]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["event", "streamSid", "media", "mark", "name", "payload", "x"]), inner)
    ),
    max_leaves=8,
)


@given(JSON.map(json.dumps) | st.text())
def test_no_message_raises(message: str) -> None:
    assert isinstance(parse(message, SID), Media | Mark | Clear | Complaint)


@given(st.binary(min_size=1))
def test_audio_arrives_as_it_was_sent(audio: bytes) -> None:
    message = media(media={"payload": base64.b64encode(audio).decode()})
    assert parse(json.dumps(message), SID) == Media(audio)
