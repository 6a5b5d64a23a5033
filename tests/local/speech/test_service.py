"""The service over TCP, as a client of Deepgram's sees it. Every message is checked against the reference's shapes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
import trio

from phonegame.local.speech import Limits, Plan, Say, Script, SpeechConfig, encode_silence, encode_speech
from tests.local.speech import shapes
from tests.local.speech.client import AUDIO, TALK, connected, finals, listening, of_type, refused, text_of

# As fast as the socket takes it: the speed cap has tests of its own, on a mock clock.
MARKER = SpeechConfig(recogniser="marker", limits=Limits(max_speed=1e6, burst_seconds=1e6))
PIZZA = encode_speech("one pepperoni pizza", word_ms=100, pause_ms=1200)


async def test_a_sentence_yields_every_kind_of_message_and_metadata_comes_last() -> None:
    async with listening(MARKER) as service, connected(service) as client:
        await client.socket.send_message(PIZZA)
        await client.send(type="CloseStream")
        messages = await client.rest()
        record = await service.connection(0)
    for stamped in record.sent:
        shapes.check(stamped.data)
    kinds = [message["type"] for message in messages]
    assert kinds[0] == "SpeechStarted"
    assert kinds[-1] == "Metadata"
    assert kinds.count("UtteranceEnd") == 1
    assert finals(messages) == record.transcripts == ["one pepperoni pizza"]
    interims = [text_of(each) for each in of_type(messages, "Results") if not each["is_final"]]
    assert interims[:3] == ["one", "one pepperoni", "one pepperoni pizza"]
    assert messages[-1]["sha256"] == hashlib.sha256(PIZZA).hexdigest()
    assert (messages[-1]["duration"], messages[-1]["channels"]) == (len(PIZZA) / 8000, 1)
    closed = await record.wait_closed()
    assert (closed.by, closed.code) == ("service", 1000)


async def test_what_came_in_is_on_record() -> None:
    async with listening(MARKER) as service:
        async with connected(service) as client:
            await client.socket.send_message(PIZZA)
            await client.send(type="KeepAlive")
        record = await service.connection(0)
        closed = await record.wait_closed()
    assert bytes(record.audio) == PIZZA
    assert record.control_types == ["KeepAlive"]
    assert record.headers["authorization"] == "Token planted-key"
    assert record.query == TALK
    assert record.options is not None
    assert record.options.model == "nova-3"
    assert (closed.by, closed.code) == ("client", 1000)


async def test_an_empty_binary_frame_ends_the_audio() -> None:
    async with listening(MARKER) as service, connected(service) as client:
        await client.socket.send_message(encode_silence(100))
        await client.socket.send_message(b"")
        assert of_type(await client.rest(), "Metadata")


async def test_without_encoding_nothing_is_decoded() -> None:
    async with listening(MARKER) as service, connected(service, "model=nova-3") as client:
        await client.socket.send_message(PIZZA)
        await client.send(type="CloseStream")
        (metadata,) = await client.rest()
    assert (metadata["duration"], metadata["channels"]) == (0.0, 0)


async def test_finalize_is_answered_and_the_connection_stays_open() -> None:
    async with listening(MARKER) as service, connected(service) as client:
        await client.socket.send_message(encode_speech("pizza"))
        await client.send(type="Finalize")
        while not (message := await client.receive()).get("from_finalize"):
            pass
        assert text_of(message) == "pizza"
        await client.socket.send_message(encode_speech("please"))
        await client.send(type="CloseStream")
        assert finals(await client.rest()) == ["please"]


async def test_configure_replaces_keyterms_and_toggles_numerals() -> None:
    async with listening(MARKER) as service, connected(service) as client:
        await client.send(type="Configure", features={"numerals": True}, keyterms=["extra cheese"])
        success = await client.receive()
        shapes.check(json.dumps(success))
        assert success["keyterms"] == ["extra cheese"]
        await client.send(type="Configure", features={"numerals": False})
        assert "keyterms" not in await client.receive()


@pytest.mark.parametrize(
    ("model", "keyterms", "code"),
    [
        ("nova-2", ["pizza"], "CONFIGURE_KEYTERMS_NOT_SUPPORTED"),
        ("nova-3", ["pizza please"] * 200, "CONFIGURE_KEYTERM_LIMIT_EXCEEDED"),
    ],
)
async def test_configure_that_cannot_be_is_answered_with_a_failure(model: str, keyterms: list[str], code: str) -> None:
    query = AUDIO.replace("nova-3", model)
    async with listening(MARKER) as service, connected(service, query) as client:
        await client.send(type="Configure", keyterms=keyterms)
        failure = await client.receive()
        shapes.check(json.dumps(failure))
        assert failure["code"] == code


async def test_a_bad_text_is_answered_with_a_schema_error_and_the_end() -> None:
    async with listening(MARKER) as service, connected(service) as client:
        await client.socket.send_message('{"type":"Speak"}')
        error = await client.receive()
        shapes.check(json.dumps(error))
        assert error["message"] == '{"type":"Speak"}'
        assert (await client.wait_closed()).code == 1008


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        (TALK, [], 401, "INVALID_AUTH"),
        (TALK, [(b"Authorization", b"Token wrong")], 401, "INVALID_AUTH"),
        ("model=nova-9", [(b"Authorization", b"Token right")], 400, "INVALID_QUERY_PARAMETER"),
    ],
)
async def test_a_refusal_says_why_in_header_and_body(
    query: str, headers: list[tuple[bytes, bytes]], status: int, code: str
) -> None:
    async with listening(replace(MARKER, key="right")) as service:
        rejected = await refused(service, query, headers=headers)
        record = await service.connection(0)
    assert rejected.body is not None
    body, answer = json.loads(rejected.body), dict(rejected.headers)
    assert (rejected.status_code, body["err_code"]) == (status, code)
    assert body["err_code"].encode() in answer[b"dg-error"]
    assert answer[b"dg-request-id"].decode() == body["request_id"] == record.request_id
    assert record.refused is not None
    assert record.refused.err_msg == body["err_msg"]


async def test_the_key_may_come_as_a_subprotocol() -> None:
    key = {"headers": [], "subprotocols": ["token", "right"]}
    async with listening(replace(MARKER, key="right")) as service, connected(service, AUDIO, **key) as client:
        assert client.socket.subprotocol == "token"


async def test_another_path_is_not_found() -> None:
    async with listening(MARKER) as service:
        assert (await refused(service, path="/v3/listen")).status_code == 404
    assert not service.connections


async def test_what_is_no_websocket_disturbs_nobody() -> None:
    async with listening(MARKER) as service, connected(service) as client:
        async with await trio.open_tcp_stream("127.0.0.1", service.port) as stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 400")
        await client.socket.send_message(encode_speech("pizza", pause_ms=200))
        await client.send(type="CloseStream")
        assert finals(await client.rest()) == ["pizza"]


async def test_the_script_speaks_when_so_much_audio_has_come() -> None:
    script = Script(
        [Plan(results=(Say("4", 1.0, final=False), Say("42", 1.7, start=0.8, end=1.4)), empty_results=False)]
    )
    async with listening(replace(MARKER, script=script)) as service, connected(service) as client:
        await client.socket.send_message(encode_silence(1690))
        await client.socket.send_message(encode_silence(10))
        await client.send(type="CloseStream")
        interim, *repeated, final, _metadata = await client.rest()
        record = await service.connection(0)
    assert (text_of(interim), interim["duration"]) == ("4", 1.0)
    assert repeated == []
    assert (text_of(final), final["start"], final["duration"], final["speech_final"]) == ("42", 0.8, 0.6, True)
    assert record.sent[0].after >= 1.0


@pytest.mark.parametrize(("encoding", "width"), [("linear16", 2), ("alaw", 1), ("mulaw", 1)])
async def test_other_encodings_are_measured_in_their_own_seconds(encoding: str, width: int) -> None:
    query = AUDIO.replace("mulaw", encoding).replace("8000", "16000")
    async with listening(replace(MARKER, recogniser="deaf")) as service, connected(service, query) as client:
        await client.socket.send_message(bytes(16000 * width))
        await client.send(type="CloseStream")
        assert (await client.rest())[-1]["duration"] == pytest.approx(1.0, abs=0.001)
