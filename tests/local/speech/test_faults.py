"""Deadlines and planned faults, on memory streams and a mock clock: seconds cost nothing and are exact."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import ConnectionClosed

from phonegame.local.speech import (
    CloseAfter,
    Plan,
    Script,
    Send,
    SpeechConfig,
    encode_silence,
    encode_speech,
    refuse,
)
from tests.local.speech.client import Client, connected, finals, in_memory, listening, of_type, refused, text_of

MARKER = SpeechConfig(recogniser="marker")
PIZZA = encode_speech("one pepperoni pizza", word_ms=100, pause_ms=200)


def planned(**plan: object) -> SpeechConfig:
    return replace(MARKER, script=Script([Plan(**plan)]))  # type: ignore[arg-type]


async def test_ten_seconds_of_nothing_end_the_connection(autojump_clock: MockClock) -> None:
    async with in_memory(MARKER) as (_, client):
        started = trio.current_time()
        closed = await client.wait_closed()
        assert (closed.code, trio.current_time() - started) == (1011, 10.0)
        assert closed.reason is not None
        assert closed.reason.startswith("NET-0001")


async def test_keep_alive_alone_does_not_help_at_the_start(autojump_clock: MockClock) -> None:
    async with in_memory(MARKER) as (_, client):
        started = trio.current_time()
        for _ in range(3):
            await trio.sleep(3)
            await client.send(type="KeepAlive")
        assert (await client.wait_closed()).code == 1011
        assert trio.current_time() - started == 10.0


async def test_keep_alive_holds_a_connection_that_has_had_audio(autojump_clock: MockClock) -> None:
    async with in_memory(MARKER) as (service, client):
        await client.send_audio(PIZZA)
        for _ in range(20):
            await trio.sleep(5)
            await client.send(type="KeepAlive")
        assert (await service.connection(0)).closed is None


async def test_audio_faster_than_a_quarter_over_real_time_is_closed_with_a_reason(autojump_clock: MockClock) -> None:
    async with in_memory(MARKER) as (_, client), trio.open_nursery() as nursery:
        nursery.start_soon(_send_until_closed, client, encode_silence(20_000), 0.05)
        closed = await client.wait_closed()
    assert closed.code == 1008
    assert "1.25 times real time" in str(closed.reason)


async def test_what_was_sent_while_the_service_stood_still_is_taken(autojump_clock: MockClock) -> None:
    async with in_memory(MARKER) as (_, client):
        await client.socket.send_message(encode_silence(100))
        await trio.sleep(0.5)
        # as where the machine is asleep: the clock goes on, and no task does
        autojump_clock.jump(5)
        for _ in range(50):
            await client.socket.send_message(encode_silence(100))
        await client.send(type="CloseStream")
        assert (await client.wait_closed()).code == 1000


async def test_a_backlog_at_a_quarter_over_real_time_is_taken(autojump_clock: MockClock) -> None:
    async with in_memory(MARKER) as (_, client):
        for _ in range(200):
            await client.socket.send_message(encode_silence(100))
            await trio.sleep(0.08)
        await client.send(type="CloseStream")
        assert (await client.wait_closed()).code == 1000


async def test_what_was_said_before_a_drop_is_told_before_it(autojump_clock: MockClock) -> None:
    async with in_memory(planned(drop_after=0.5)) as (service, client):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_send_until_closed, client, PIZZA, 0.02, 160)
            await client.wait_closed()
        record = await service.connection(0)
    assert record.closed is not None
    assert (record.closed.by, record.closed.code) == ("fault", 1006)
    texts = [text_of(stamped.message) for stamped in record.sent if stamped.message["type"] == "Results"]
    assert texts[-1] == "one pepperoni pizza"


@pytest.mark.parametrize("chunk", [80, 160, 1000, 3000])
async def test_where_a_fault_strikes_does_not_depend_on_the_chunks(autojump_clock: MockClock, chunk: int) -> None:
    async with in_memory(planned(close_after=CloseAfter(0.3))) as (service, client):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_send_until_closed, client, PIZZA, chunk / 8000, chunk)
            closed = await client.wait_closed()
        record = await service.connection(0)
    assert closed.code == 1011
    texts = [text_of(stamped.message) for stamped in record.sent if stamped.message["type"] == "Results"]
    assert texts == ["one", "one pepperoni"]


async def test_a_stall_keeps_the_socket_and_answers_nothing(autojump_clock: MockClock) -> None:
    async with in_memory(planned(stall_after=0.15)) as (service, client):
        with trio.move_on_after(60):
            await client.send_audio(PIZZA)
            await client.send(type="CloseStream")
            await client.rest()
        record = await service.connection(0)
    assert record.closed is None
    assert [text_of(each.message) for each in record.sent if each.message["type"] == "Results"] == ["one"]
    assert record.control_types == []


async def test_a_mute_service_still_reads(autojump_clock: MockClock) -> None:
    async with in_memory(planned(mute_after=0.15)) as (service, client):
        await client.send_audio(PIZZA)
        await client.send(type="CloseStream")
        record = await service.connection(0)
        await record.wait_until(lambda record: record.control_types == ["CloseStream"])
        assert bytes(record.audio) == PIZZA
        assert (await client.wait_closed()).code == 1011


async def test_finals_get_lost_and_interims_do_not(autojump_clock: MockClock) -> None:
    async with in_memory(planned(lose_finals=True)) as (_, client):
        await client.send_audio(PIZZA)
        await client.send(type="CloseStream")
        messages = await client.rest()
    assert finals(messages) == []
    assert text_of(of_type(messages, "Results")[2]) == "one pepperoni pizza"
    assert messages[-1]["type"] == "Metadata"


async def test_answers_are_late_by_so_much(autojump_clock: MockClock) -> None:
    async with in_memory(planned(late=2.5)) as (_, client):
        await client.send_audio(PIZZA[:960])
        sent_at = trio.current_time() - 0.12
        assert (await client.receive())["type"] == "SpeechStarted"
        assert trio.current_time() - sent_at == pytest.approx(2.5)


async def test_garbage_comes_at_its_moment(autojump_clock: MockClock) -> None:
    garbage = (Send("not JSON", at=0.15), Send(b"\x00", at=0.15), Send('{"type":"Novelty"}', at=0.15))
    async with in_memory(planned(garbage=garbage)) as (_, client):
        await client.send_audio(PIZZA)
        received = [await client.socket.get_message() for _ in range(6)]
    assert received[2:5] == ["not JSON", b"\x00", '{"type":"Novelty"}']
    assert text_of(json.loads(received[1])) == "one"


async def test_finalize_may_never_be_answered(autojump_clock: MockClock) -> None:
    async with in_memory(planned(ignore_finalize=True)) as (_, client):
        await client.send_audio(PIZZA[:2400])
        await client.send(type="Finalize")
        await client.send(type="CloseStream")
        assert not any(message.get("from_finalize") for message in await client.rest())


async def test_configure_may_never_be_answered(autojump_clock: MockClock) -> None:
    async with in_memory(planned(ignore_configure=True)) as (_, client):
        for _ in range(2):
            await client.send(type="Configure", keyterms=["pizza"])
        await client.send_audio(PIZZA)
        await client.send(type="CloseStream")
        messages = await client.rest()
    assert not [message for message in messages if message["type"].startswith("Configure")]
    assert finals(messages) == ["one pepperoni pizza"]


async def test_each_configure_may_be_refused(autojump_clock: MockClock) -> None:
    async with in_memory(planned(refuse_configure="CONFIGURE_NOVELTY")) as (_, client):
        for _ in range(2):
            await client.send(type="Configure", keyterms=["pizza"])
            failure = await client.receive()
            assert (failure["type"], failure["code"]) == ("ConfigureFailure", "CONFIGURE_NOVELTY")


async def test_close_stream_may_never_be_answered(autojump_clock: MockClock) -> None:
    async with in_memory(planned(ignore_close=True)) as (_, client):
        await client.send_audio(PIZZA)
        await client.send(type="CloseStream")
        messages = await client.rest()
    assert not of_type(messages, "Metadata")


async def test_each_connection_has_its_own_plan() -> None:
    script = Script([refuse(503), Plan(close_after=CloseAfter(0.0, code=1011))], then=Plan())
    async with listening(replace(MARKER, script=script)) as service:
        assert (await refused(service)).status_code == 503
        async with connected(service) as client:
            await client.socket.send_message(encode_silence(20))
            assert (await client.wait_closed()).code == 1011
        async with connected(service) as client:
            await client.socket.send_message(encode_silence(20))
            await client.send(type="CloseStream")
            assert (await client.wait_closed()).code == 1000


async def test_a_drop_over_tcp_is_an_abnormal_close() -> None:
    async with listening(planned(drop_after=0.1)) as service, connected(service) as client:
        await client.socket.send_message(encode_silence(200))
        assert (await client.wait_closed()).code == 1006


async def _send_until_closed(client: Client, audio: bytes, pause: float, chunk: int = 800) -> None:
    await trio.lowlevel.checkpoint()
    for start in range(0, len(audio), chunk):
        try:
            await client.socket.send_message(audio[start : start + chunk])
        except ConnectionClosed:
            return
        await trio.sleep(pause)
