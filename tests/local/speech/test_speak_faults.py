from __future__ import annotations

import json

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.local.speech import (
    CloseWhen,
    Pace,
    Script,
    SendWhen,
    SpeakLimits,
    SpeakPlan,
    SpeechConfig,
    When,
    encode_speech,
    refuse_to_speak,
)
from phonegame.local.speech.speaking.endpoint import NO_ANSWER_SECONDS
from tests.local.speech.client import connected, listening, refused
from tests.local.speech.speak_client import EVEN, SPEAK, planned, say, speaking, speaking_in_memory, until_text

HELLO = encode_speech("hello game", word_ms=100)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 429, 503])
async def test_a_refusal_carries_its_reason(status: int) -> None:
    async with listening(planned(refuse_to_speak(status))) as service:
        rejection = await refused(service, SPEAK, path="/v1/speak")
        record = await service.speak_connection(0)
    assert rejection.status_code == status
    assert rejection.body is not None
    code = json.loads(rejection.body)["err_code"]
    assert dict(rejection.headers or ())[b"dg-error"].decode().startswith(code)
    assert record.refused is not None
    assert record.refused.status == status


async def test_the_plans_of_speak_and_listen_are_counted_apart() -> None:
    script = Script(speak=[refuse_to_speak(402)])
    async with listening(SpeechConfig(recogniser="deaf", voice="marker", script=script)) as service:
        async with connected(service):
            pass
        assert (await refused(service, SPEAK, path="/v1/speak")).status_code == 402
        async with speaking(service):
            pass
        assert [record.number for record in service.connections] == [0]
        assert [record.number for record in service.speak_connections] == [0, 1]


async def test_an_upgrade_may_never_be_answered(autojump_clock: MockClock) -> None:
    with trio.move_on_after(NO_ANSWER_SECONDS / 2) as waited:
        async with speaking_in_memory(planned(SpeakPlan(ignore_upgrade=True))):
            pass
    assert waited.cancelled_caught


@pytest.mark.parametrize("most_chunk", [1, 160, 100_000])
async def test_a_stall_strikes_after_so_many_bytes_whatever_the_chunks(
    autojump_clock: MockClock, most_chunk: int
) -> None:
    plan = SpeakPlan(stall=When(bytes=700), pace=Pace(most_chunk=most_chunk))
    async with speaking_in_memory(planned(plan)) as (service, client):
        await say(client, "hello game")
        with trio.move_on_after(60):
            await until_text(client)
        record = await service.speak_connection(0)
        assert bytes(record.audio) == HELLO[:700]
        assert record.closed is None
        await client.send(type="Clear")
        await wait_all_tasks_blocked()
        assert record.control_types[-1] == "Clear"


async def test_a_stall_at_once_leaves_only_the_metadata(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(planned(SpeakPlan(stall=When()))) as (service, client):
        await say(client, "hello game")
        with trio.move_on_after(60):
            await until_text(client)
        assert [stamped.message["type"] for stamped in (await service.speak_connection(0)).sent] == ["Metadata"]


async def test_a_stall_after_so_many_characters(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(planned(SpeakPlan(stall=When(characters=12)))) as (_, client):
        await say(client, "hello game")
        await until_text(client)
        await say(client, "hello game")
        with trio.move_on_after(60) as waited:
            await until_text(client)
    assert waited.cancelled_caught


async def test_a_close_comes_after_so_many_bytes() -> None:
    plan = SpeakPlan(close=CloseWhen(bytes=300, code=1008, reason="DATA-0001: too much"))
    async with listening(planned(plan)) as service, speaking(service) as client:
        await say(client, "hello game")
        closed = await client.wait_closed()
        record = await service.speak_connection(0)
    assert (closed.code, closed.reason) == (1008, "DATA-0001: too much")
    assert bytes(record.audio) == HELLO[:300]


async def test_a_drop_is_an_abnormal_close() -> None:
    async with listening(planned(SpeakPlan(drop=When(bytes=300)))) as service, speaking(service) as client:
        await say(client, "hello game")
        assert (await client.wait_closed()).code == 1006
        closed = await (await service.speak_connection(0)).wait_closed()
    assert (closed.by, closed.code) == ("fault", 1006)


async def test_garbage_comes_between_the_audio() -> None:
    plan = SpeakPlan(garbage=(SendWhen(data="not JSON", bytes=160), SendWhen(data='{"type":"Novelty"}', bytes=320)))
    async with listening(planned(plan)) as service, speaking(service) as client:
        await say(client, "hello game")
        received = [await client.socket.get_message() for _ in range(4)]
    assert received == [HELLO[:160], "not JSON", HELLO[160:320], '{"type":"Novelty"}']


async def test_a_clear_may_be_ignored() -> None:
    async with listening(planned(SpeakPlan(ignore_clear=True))) as service, speaking(service) as client:
        await client.send(type="Speak", text="hello game")
        await client.send(type="Clear")
        await client.send(type="Flush")
        chunks, flushed = await until_text(client)
    assert b"".join(chunks) == HELLO
    assert json.loads(flushed)["type"] == "Flushed"


@pytest.mark.parametrize("leak", [1, 160, 500])
async def test_old_audio_may_leak_before_a_late_cleared(autojump_clock: MockClock, leak: int) -> None:
    pace = Pace(speed=1.0, least_chunk=160, most_chunk=160)
    plan = SpeakPlan(leak_bytes=leak, late_cleared=2.0)
    async with speaking_in_memory(planned(plan, pace=pace)) as (_, client):
        await say(client, "hello game")
        assert await client.socket.get_message() == HELLO[:160]
        await client.send(type="Clear")
        cleared_at = trio.current_time()
        chunks, cleared = await until_text(client)
    assert b"".join(chunks) == HELLO[160 : 160 + leak]
    assert json.loads(cleared)["type"] == "Cleared"
    assert trio.current_time() - cleared_at >= 2.0


async def test_flushed_may_be_lost(autojump_clock: MockClock) -> None:
    async with speaking_in_memory(planned(SpeakPlan(lose_flushed=True))) as (service, client):
        await say(client, "hello game")
        with trio.move_on_after(60) as waited:
            await until_text(client)
        assert bytes((await service.speak_connection(0)).audio) == HELLO
    assert waited.cancelled_caught


async def test_a_limit_may_come_sooner() -> None:
    plan = SpeakPlan(limits=SpeakLimits(characters_per_minute=10))
    async with listening(planned(plan)) as service, speaking(service) as client:
        await say(client, "hello game")
        await until_text(client)
        await say(client, "!")
        closed = await client.wait_closed()
    assert (closed.code, str(closed.reason)[:9]) == (1008, "DATA-0001")


@pytest.mark.parametrize(("size", "chunks"), [(1, len(HELLO)), (1_000_000, 1)], ids=["one byte", "one chunk"])
async def test_audio_comes_byte_by_byte_or_in_one(size: int, chunks: int) -> None:
    plan = SpeakPlan(pace=Pace(least_chunk=size, most_chunk=size))
    async with listening(planned(plan)) as service, speaking(service) as client:
        await say(client, "hello game")
        received, _ = await until_text(client)
    assert len(received) == chunks
    assert b"".join(received) == HELLO


async def test_a_client_that_does_not_read_holds_up_its_own_voice_alone() -> None:
    async with listening(planned(pace=EVEN)) as service, speaking(service) as deaf:
        for _ in range(10):
            await say(deaf, "word " * 40)
        async with speaking(service) as other:
            await say(other, "hello game")
            chunks, _ = await until_text(other)
        await deaf.send(type="Clear")
        while json.loads((await until_text(deaf))[1])["type"] != "Cleared":
            pass
    assert b"".join(chunks) == HELLO
