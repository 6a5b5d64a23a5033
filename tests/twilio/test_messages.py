from __future__ import annotations

import base64
import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.twilio.messages import (
    Connected,
    Dtmf,
    MalformedMessage,
    Mark,
    Media,
    MediaFormat,
    Start,
    Stop,
    Unknown,
    clear_message,
    mark_message,
    media_message,
    parse,
)

STREAM = "MZ" + "0" * 32
START = (
    '{"event":"start","sequenceNumber":"1","streamSid":"STREAM","start":{"accountSid":"AC1","streamSid":"STREAM",'
    '"callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},'
    '"customParameters":{"token":"abc"}}}'
).replace("STREAM", STREAM)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('{"event":"connected","protocol":"Call","version":"1.0.0"}', Connected(), id="connected"),
        pytest.param(
            START,
            Start(stream_sid=STREAM, call_sid="CA1", account_sid="AC1", custom_parameters={"token": "abc"}),
            id="start",
        ),
        pytest.param(
            '{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1","mediaFormat":{"sampleRate":"8000"}}}',
            Start(stream_sid="MZ1", call_sid="CA1", media_format=MediaFormat()),
            id="start with the stream on the envelope and a number as text",
        ),
        pytest.param(
            '{"event":"media","sequenceNumber":"2","streamSid":"MZ1",'
            '"media":{"track":"inbound","chunk":"1","timestamp":"155","payload":"/w=="}}',
            Media(payload="/w==", timestamp=155),
            id="media with counters as text",
        ),
        pytest.param(
            '{"event":"media","media":{"timestamp":155,"payload":"/w==","track":"outbound"}}',
            Media(payload="/w==", timestamp=155, track="outbound"),
            id="media with counters as numbers",
        ),
        pytest.param(
            '{"event":"media","media":{"payload":""}}', Media(payload=""), id="media with nothing but a payload"
        ),
        pytest.param(
            '{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}',
            Dtmf("1"),
            id="dtmf",
        ),
        pytest.param('{"event":"mark","mark":{"name":"my label"}}', Mark("my label"), id="mark"),
        pytest.param('{"event":"stop","stop":{"accountSid":"AC1","callSid":"CA1"}}', Stop(), id="stop"),
        pytest.param('{"event":"stop"}', Stop(), id="stop with nothing"),
        pytest.param('{"event":"weather","weather":{"sunny":true}}', Unknown("weather"), id="unknown"),
    ],
)
def test_parse(text: str, message: object) -> None:
    assert parse(text) == message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "truncated"),
        ("nonsense", "malformed"),
        ("[]", "Expected `object`"),
        ('{"event":"media","x":' + 30_000 * "[", "nested too deeply"),
        ("{}", "missing required field `event`"),
        ('{"event":7}', "Expected `str`"),
        ('{"event":"media"}', "media: `media` is missing"),
        ('{"event":"media","media":{"timestamp":"1"}}', "missing required field `payload`"),
        ('{"event":"media","media":{"payload":"","timestamp":"soon"}}', "Expected `int | null`"),
        ('{"event":"media","media":{"payload":"","timestamp":-1}}', "Expected `int` >= 0"),
        ('{"event":"media","media":{"payload":"","timestamp":1' + 400 * "0" + "}}", "Expected `int` <="),
        ('{"event":"media","media":{"payload":"","timestamp":"1' + 400 * "0" + '"}}', "Expected `int` <="),
        ('{"event":"start"}', "start: `start` is missing"),
        ('{"event":"start","streamSid":null}', "start: `start` is missing"),
        ('{"event":"dtmf","dtmf":{}}', "dtmf: Object missing required field `digit`"),
        ('{"event":"mark","mark":[]}', "mark: Expected `object`"),
    ],
)
def test_a_malformed_message_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=re.escape(reason)):
        parse(text)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ('"streamSid":"MZ1","start":{"callSid":"CA1","customParameters":null}', Start("MZ1", "CA1")),
        (
            '"streamSid":"MZ1","start":{"callSid":"CA1","customParameters":{"a":"x","b":7,"c":null}}',
            Start("MZ1", "CA1", custom_parameters={"a": "x"}),
        ),
        ('"streamSid":"MZ1","start":{"callSid":"CA1","mediaFormat":null}', Start("MZ1", "CA1")),
        ('"streamSid":"MZ1","start":{"callSid":"CA1","mediaFormat":7}', Start("MZ1", "CA1")),
        (
            '"streamSid":"MZ1","start":{"mediaFormat":{"encoding":[],"sampleRate":16000,"channels":null}}',
            Start("MZ1", media_format=MediaFormat(sample_rate=16000)),
        ),
        ('"streamSid":"MZ1","start":{"callSid":null,"accountSid":7}', Start("MZ1")),
        ('"streamSid":"MZ1","start":{"streamSid":null}', Start("MZ1")),
        ('"streamSid":null,"start":{"streamSid":"MZ1"}', Start("MZ1")),
        ('"streamSid":"MZ1","start":null', Start("MZ1")),
        ('"streamSid":"MZ1","start":[]', Start("MZ1")),
        ('"streamSid":"MZ1"', Start("MZ1")),
    ],
)
def test_what_cannot_be_read_of_a_start_is_its_default(start: str, message: Start) -> None:
    assert parse('{"event":"start",' + start + "}") == message


def test_a_stream_sid_that_is_none_costs_no_audio() -> None:
    assert parse('{"event":"media","streamSid":null,"media":{"payload":"/w=="}}') == Media(payload="/w==")


@pytest.mark.parametrize(
    ("track", "is_inbound"),
    [('"inbound"', True), ('"inbound_track"', True), ("null", True), ('"outbound"', False), ('"x"', False)],
)
def test_the_caller_s_track(track: str, is_inbound: bool) -> None:
    message = parse('{"event":"media","media":{"payload":"","track":' + track + "}}")
    assert isinstance(message, Media)
    assert message.is_inbound == is_inbound


@pytest.mark.parametrize(
    "payload", ["f/9/", "f/9/fw==", "f/9/fw", "f/9/fw=", "f/9/\nfw==\n", "f/9/\r\nfw\r\n", "f/9\n/f38"]
)
def test_a_payload_may_lack_padding_and_have_line_breaks(payload: str) -> None:
    bare = payload.replace("\r", "").replace("\n", "").rstrip("=")
    assert base64.b64encode(Media(payload=payload).audio()).decode().rstrip("=") == bare


@pytest.mark.parametrize(
    "payload", ["a", "====", "=", "\x00", "ab c", "ÿÿÿÿ", "f/9/f", "fw==f/9/", "f-9_", '{"a":1}', "\na\n"]
)
def test_a_payload_that_is_not_base64_is_malformed(payload: str) -> None:
    with pytest.raises(MalformedMessage, match="not base64"):
        Media(payload=payload).audio()


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_no_text_raises_anything_but_malformed(text: str) -> None:
    with suppress(MalformedMessage):
        message = parse(text)
        if isinstance(message, Media):
            message.audio()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
events = st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop", "x"])
fields = st.sampled_from(["start", "media", "dtmf", "mark", "stop", "streamSid", "sequenceNumber"])


@given(events | json_values, st.dictionaries(fields, json_values))
def test_no_json_raises_anything_but_malformed(event: object, more: dict[str, object]) -> None:
    with suppress(MalformedMessage):
        parse(json.dumps({"event": event, **more}))


@given(st.binary(max_size=2000))
def test_audio_survives_the_way_out_and_back(audio: bytes) -> None:
    text = media_message(STREAM, audio)
    assert json.loads(text) == {
        "event": "media",
        "streamSid": STREAM,
        "media": {"payload": base64.b64encode(audio).decode()},
    }
    message = parse(text)
    assert isinstance(message, Media)
    assert message.audio() == audio


def test_mark_and_clear_have_exactly_the_documented_fields() -> None:
    assert json.loads(mark_message(STREAM, "seg-7")) == {
        "event": "mark",
        "streamSid": STREAM,
        "mark": {"name": "seg-7"},
    }
    assert json.loads(clear_message(STREAM)) == {"event": "clear", "streamSid": STREAM}
