"""`/v1/speak` as a client of Deepgram's sees it: over TCP, or in memory where time matters."""

from __future__ import annotations

import audioop
import json
from dataclasses import replace

import pytest
import trio
from trio.testing import MockClock

from phonegame.audio import decode_mulaw
from phonegame.local.speech import Outcome, Pace, SpeakLimits, SpeakPlan, encode_speech
from phonegame.local.speech.marked import decode_speech
from phonegame.local.speech.speaking.aura import espeak_voice
from phonegame.speak.espeak import ESpeakVoice
from tests.local.speech.client import connected, listening, refused
from tests.local.speech.speak_client import EVEN, MARKER, SPEAK, planned, say, speaking, speaking_in_memory, until_text

HELLO = encode_speech("hello game", word_ms=100)


async def test_metadata_comes_first_and_names_the_model() -> None:
    async with listening(MARKER) as service, connected(service, SPEAK, path="/v1/speak") as client:
        metadata = await client.receive()
        record = await service.speak_connection(0)
    assert metadata["type"] == "Metadata"
    assert metadata["model_name"] == "aura-2-thalia-en"
    assert metadata["request_id"] == record.request_id
    assert set(metadata) == {"type", "request_id", "model_name", "model_version", "model_uuid"}


async def test_what_is_flushed_is_said_and_then_flushed() -> None:
    async with listening(MARKER) as service, speaking(service) as client:
        await client.send(type="Speak", text="hello ")
        await say(client, "game")
        chunks, flushed = await until_text(client)
    assert b"".join(chunks) == HELLO
    assert json.loads(flushed) == {"type": "Flushed", "sequence_id": 0}


async def test_the_chunks_are_irregular_and_the_same_in_every_run() -> None:
    async def sizes() -> list[int]:
        async with listening(MARKER) as service, speaking(service) as client:
            await say(client, "one two three four five six seven eight nine ten " * 2)
            return [len(chunk) for chunk in (await until_text(client))[0]]

    first = await sizes()
    assert len(set(first)) > 3
    assert await sizes() == first


async def test_without_a_flush_nothing_is_said(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(MARKER) as (_, client):
        await client.send(type="Speak", text="hello")
        with trio.move_on_after(600) as waited:
            await client.socket.get_message()
    assert waited.cancelled_caught


async def test_an_empty_flush_is_answered_without_audio() -> None:
    async with listening(MARKER) as service, speaking(service) as client:
        await client.send(type="Flush")
        assert await client.receive() == {"type": "Flushed", "sequence_id": 0}


async def test_what_was_said_is_on_record() -> None:
    async with listening(MARKER) as service:
        async with speaking(service) as client:
            await client.send(type="Speak", text="hello ")
            await say(client, "game")
            await until_text(client)
            await client.send(type="Clear")
            await until_text(client)
            await client.send(type="Close")
            assert (await client.wait_closed()).code == 1000
        record = await service.speak_connection(0)
    (utterance,) = record.utterances
    assert record.texts == ["hello ", "game"]
    assert (utterance.text, utterance.bytes, utterance.outcome) == ("hello game", len(HELLO), Outcome.SAID)
    assert utterance.first_byte_at is not None
    assert utterance.ended_at is not None
    assert len(record.clears) == 1
    assert bytes(record.audio) == HELLO
    assert sum(size for _, size in record.audio_frames) == record.audio_bytes == len(HELLO)
    assert record.control_types == ["Speak", "Speak", "Flush", "Clear", "Close"]
    assert [stamped.message["type"] for stamped in record.sent] == ["Metadata", "Flushed", "Cleared"]
    assert record.closed is not None
    assert (record.closed.by, record.closed.code) == ("service", 1000)


async def test_a_clear_stops_what_is_said_and_all_that_waits(autojump_clock: MockClock) -> None:
    config = replace(MARKER, pace=replace(EVEN, speed=1.0))
    async with speaking_in_memory(config) as (service, client):
        for text in ("one two three", "four"):
            await say(client, text)
        await client.send(type="Speak", text="five")
        await trio.sleep(0.15)
        await client.send(type="Clear")
        chunks, cleared = await until_text(client)
        await say(client, "six")
        again, flushed = await until_text(client)
        record = await service.speak_connection(0)
    assert json.loads(cleared)["type"] == "Cleared"
    assert len(b"".join(chunks)) == 8 * 160
    assert [(word.text, word.is_whole) for word in decode_speech(b"".join(chunks))] == [("one", True), ("two", False)]
    assert b"".join(again) == encode_speech("six", word_ms=100)
    assert json.loads(flushed)["type"] == "Flushed"
    assert [utterance.outcome for utterance in record.utterances] == [Outcome.CLEARED, Outcome.CLEARED, Outcome.SAID]


async def test_a_close_does_not_wait_for_what_is_being_said(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(replace(MARKER, pace=replace(EVEN, speed=1.0))) as (_, client):
        await say(client, "hello game")
        await client.send(type="Close")
        closed = await client.wait_closed()
    assert closed.code == 1000


async def test_audio_comes_after_its_latency_and_at_its_speed(autojump_clock: MockClock) -> None:
    pace = Pace(first_byte_seconds=0.3, speed=4.0, least_chunk=400, most_chunk=400)
    async with speaking_in_memory(replace(MARKER, pace=pace)) as (service, client):
        began = trio.current_time()
        await say(client, "one two")
        await until_text(client)
        record = await service.speak_connection(0)
    times = [round(at - began, 6) for at, _ in record.audio_frames]
    assert times == [0.3, 0.3125, 0.325, 0.3375, 0.35]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("model=nova-3&encoding=mulaw&sample_rate=8000", "nova-3"),
        ("model=aura-2-nobody-en", "aura-2-nobody-en"),
        ("model=aura-2-thalia-de", "aura-2-thalia-de"),
        ("model=flux-alexis-en", "flux-alexis-en"),
        (f"{SPEAK}&container=wav", "container"),
        (f"{SPEAK}&smart_format=true", "smart_format"),
        (f"{SPEAK}&model=aura-2-zeus-en", "more than once"),
        ("encoding=mp3", "mp3"),
        ("encoding=mulaw&sample_rate=24000", "24000"),
        ("encoding=linear16&sample_rate=soon", "soon"),
        (f"{SPEAK}&speed=2", "speed"),
        ("model=aura-2-lara-de&speed=1.2", "speed"),
    ],
)
async def test_a_wrong_query_is_refused(query: str, message: str) -> None:
    async with listening(MARKER) as service:
        rejection = await refused(service, query, path="/v1/speak")
    headers = dict(rejection.headers or ())
    assert rejection.status_code == 400
    assert headers[b"dg-error"].startswith(b"INVALID_QUERY_PARAMETER")
    assert message in json.loads(rejection.body or b"")["err_msg"]


async def test_an_aura_model_is_refused_on_listen() -> None:
    async with listening(MARKER) as service:
        assert (await refused(service, "model=aura-2-thalia-en")).status_code == 400


async def test_a_wrong_key_is_refused() -> None:
    async with listening(replace(MARKER, key="another-planted-key")) as service:
        assert (await refused(service, SPEAK, path="/v1/speak")).status_code == 401


async def test_one_connection_too_many_is_refused_until_another_ends() -> None:
    config = replace(MARKER, speak_limits=SpeakLimits(connections=1))
    async with listening(config) as service:
        async with speaking(service):
            assert (await refused(service, SPEAK, path="/v1/speak")).status_code == 429
        await (await service.speak_connection(0)).wait_closed()
        async with speaking(service):
            pass


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (b"audio", 1003, "MESSAGE-0000"),
        ("hello", 1008, "DATA-0000"),
        ('{"type":"Reset"}', 1008, "DATA-0000"),
        ('{"type":"Speak"}', 1008, "DATA-0000"),
        ('{"type":"Speak","text":""}', 1008, "DATA-0000"),
        ("[]", 1008, "DATA-0000"),
        (json.dumps({"type": "Speak", "text": "a" * 2001}), 1009, "BIG-0001"),
        (json.dumps({"type": "Flush", "note": "a" * 70_000}), 1009, "BIG-0000"),
    ],
)
async def test_what_is_no_command_closes_the_connection(message: str | bytes, code: int, reason: str) -> None:
    async with listening(MARKER) as service, speaking(service) as client:
        await client.socket.send_message(message)
        closed = await client.wait_closed()
    assert closed.code == code
    assert str(closed.reason).startswith(reason)


async def test_too_much_text_in_a_minute_closes_the_connection(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(MARKER) as (_, client):
        await client.send(type="Speak", text="a" * 1200)
        await trio.sleep(30)
        await client.send(type="Speak", text="a" * 1200)
        await trio.sleep(30)
        await client.send(type="Speak", text="a" * 1200)
        await client.send(type="Speak", text="a")
        closed = await client.wait_closed()
    assert (closed.code, str(closed.reason)[:9]) == (1008, "DATA-0001")


async def test_text_that_was_cleared_counts(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(MARKER) as (_, client):
        await client.send(type="Speak", text="a" * 2000)
        await client.send(type="Clear")
        await client.receive()
        await client.send(type="Speak", text="a" * 401)
        assert (await client.wait_closed()).code == 1008


async def test_a_flush_too_many_is_warned_of_and_not_done(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(MARKER) as (_, client):
        for _ in range(20):
            await client.send(type="Flush")
        answers = [await client.receive() for _ in range(20)]
        await client.send(type="Flush")
        warning = await client.receive()
        await trio.sleep(60)
        await client.send(type="Flush")
        assert (await client.receive())["type"] == "Flushed"
    assert [answer["sequence_id"] for answer in answers] == list(range(20))
    assert (warning["type"], warning["code"]) == ("Warning", "EXCESSIVE_FLUSH")


async def test_after_an_hour_the_connection_ends(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(MARKER) as (_, client):
        began = trio.current_time()
        closed = await client.wait_closed()
    assert (closed.code, trio.current_time() - began) == (1011, 3600.0)
    assert str(closed.reason).startswith("NET-0003")


async def test_an_idle_limit_counts_from_the_last_message(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(planned(SpeakPlan(limits=SpeakLimits(idle_seconds=10)))) as (_, client):
        await trio.sleep(6)
        await client.send(type="Flush")
        await client.receive()
        began = trio.current_time()
        closed = await client.wait_closed()
    assert (closed.code, trio.current_time() - began) == (1011, 10.0)


@pytest.mark.parametrize(
    ("audio", "rate", "bytes_per_second"),
    [("mulaw", 16000, 16000), ("alaw", 8000, 8000), ("linear16", 8000, 16000), ("linear16", 24000, 48000)],
)
async def test_every_encoding_has_its_size(audio: str, rate: int, bytes_per_second: int) -> None:
    query = f"model=aura-2-thalia-en&encoding={audio}&sample_rate={rate}"
    async with listening(MARKER) as service, speaking(service, query) as client:
        await say(client, "hello game")
        chunks, _ = await until_text(client)
    assert len(b"".join(chunks)) == pytest.approx(len(HELLO) / 8000 * bytes_per_second, abs=8)


async def test_linear16_at_8000_holds_the_very_samples() -> None:
    query = "model=aura-2-thalia-en&encoding=linear16&sample_rate=8000&container=none"
    async with listening(MARKER) as service, speaking(service, query) as client:
        await say(client, "hello game")
        chunks, _ = await until_text(client)
    assert b"".join(chunks) == decode_mulaw(HELLO)


async def test_espeak_says_every_sentence() -> None:
    """eSpeak NG puts a little chance into each sound: no two are the same to the sample."""
    voice = ESpeakVoice(espeak_voice("aura-2-thalia-en"))
    expected = await voice.synthesise("Hello.") + await voice.synthesise("One pizza coming up!")
    async with listening(replace(MARKER, voice="espeak")) as service, speaking(service) as client:
        await say(client, "Hello. One pizza coming up!")
        said = b"".join((await until_text(client))[0])
    assert len(said) == pytest.approx(len(expected), rel=0.02)
    assert audioop.rms(decode_mulaw(said), 2) == pytest.approx(audioop.rms(decode_mulaw(expected), 2), rel=0.1)


async def test_speed_shortens_the_speech() -> None:
    async def length(query: str) -> int:
        async with listening(replace(MARKER, voice="espeak")) as service, speaking(service, query) as client:
            await say(client, "hello hello hello")
            return len(b"".join((await until_text(client))[0]))

    assert await length(f"{SPEAK}&speed=1.5") < 0.8 * await length(SPEAK)
