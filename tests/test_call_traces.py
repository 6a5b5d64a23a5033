"""Twilio's requests about one call, at one worker and at two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import trio

from phonegame.call_traces import CallTraces
from phonegame.ended import Ended
from phonegame.stream_tokens import MAX_TOKENS_A_CALL, Facts
from tests.memory_notes import MemoryNotes

FACTS = Facts(caller="+15550123456", called="+15550100", direction="outgoing", call_id="abc")


@dataclass
class Workers:
    webhook: CallTraces
    """Twilio's first request comes here."""
    stream: CallTraces
    after: CallTraces
    notes: MemoryNotes | None = None


@asynccontextmanager
async def open_workers(count: int) -> AsyncIterator[Workers]:
    notes = MemoryNotes() if count > 1 else None
    made = [CallTraces(notes) for _ in range(count)]
    async with trio.open_nursery() as nursery:
        for each in made:
            await nursery.start(each.run)
        yield Workers(made[0], made[1 % count], made[2 % count], notes)
        nursery.cancel_scope.cancel()


@pytest.fixture(params=[1, 2, 3], ids=["one worker", "two", "three"])
async def workers(request: pytest.FixtureRequest) -> AsyncIterator[Workers]:
    async with open_workers(request.param) as opened:
        yield opened


async def issued(workers: Workers, call_sid: str = "CA1") -> str:
    token = await workers.webhook.issue(call_sid, FACTS)
    assert token is not None
    return token


async def test_a_token_brings_what_the_webhook_knew(workers: Workers) -> None:
    assert await workers.stream.redeem(await issued(workers), "CA1") == FACTS


async def test_a_token_is_good_once_wherever_it_comes(workers: Workers) -> None:
    token = await issued(workers)
    assert await workers.stream.redeem(token, "CA1") == FACTS
    for worker in (workers.stream, workers.webhook, workers.after):
        assert await worker.redeem(token, "CA1") is None


async def test_another_calls_token_is_refused_and_used_up(workers: Workers) -> None:
    token = await issued(workers)
    assert await workers.stream.redeem(token, "CA2") is None
    assert await workers.stream.redeem(token, "CA1") is None


async def test_a_call_has_one_stream(workers: Workers) -> None:
    first, second = await issued(workers), await issued(workers)
    assert await workers.stream.redeem(first, "CA1") == FACTS
    assert await workers.webhook.redeem(second, "CA1") is None
    for worker in (workers.stream, workers.webhook, workers.after):
        assert await worker.issue("CA1", FACTS) is None


async def test_a_token_that_nobody_has_issued_is_refused(workers: Workers) -> None:
    assert await workers.stream.redeem("token", "CA1") is None


async def test_a_call_gets_so_many_tokens_of_all_workers(workers: Workers) -> None:
    both = [workers.webhook, workers.stream]
    tokens = [await both[turn % 2].issue("CA1", FACTS) for turn in range(MAX_TOKENS_A_CALL + 1)]
    assert [token is not None for token in tokens] == [True] * MAX_TOKENS_A_CALL + [False]


async def test_how_a_call_has_ended_is_known_to_whoever_is_asked(workers: Workers) -> None:
    workers.stream.expect_nowait("CA1")
    workers.stream.record_nowait("CA1", Ended.NO_CODE, said_goodbye=True)
    for worker in (workers.after, workers.webhook):
        ending = await worker.ask("CA1")
        assert ending is not None
        assert (ending.why, ending.said_goodbye) == (Ended.NO_CODE, True)


async def test_nobody_knows_of_a_call_without_a_stream(
    workers: Workers, autojump_clock: trio.testing.MockClock
) -> None:
    assert await workers.after.ask("CA1") is None


async def test_a_note_that_comes_late_is_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    async with open_workers(2) as workers, trio.open_nursery() as nursery:

        async def ask() -> None:
            ending = await workers.webhook.ask("CA1")
            assert ending is not None

        nursery.start_soon(ask)
        await trio.sleep(0.5)
        workers.stream.expect_nowait("CA1")
        workers.stream.record_nowait("CA1", Ended.BUSY, said_goodbye=False)


async def test_a_worker_that_stops_waits_until_its_notes_are_there(autojump_clock: trio.testing.MockClock) -> None:
    async with open_workers(2) as workers:
        workers.stream.expect_nowait("CA1")
        workers.stream.record_nowait("CA1", Ended.BUSY, said_goodbye=False)
        await workers.stream.wait_until_asked()
        assert workers.notes is not None
        assert await workers.notes.get("ending:CA1") is not None


class TestWithoutRedis:
    async def test_a_call_whose_requests_come_to_one_worker_goes_on(self) -> None:
        async with open_workers(2) as workers:
            assert workers.notes is not None
            workers.notes.is_away = True
            worker = workers.webhook
            assert await worker.redeem(await issued(workers), "CA1") == FACTS
            worker.expect_nowait("CA1")
            worker.record_nowait("CA1", Ended.BUSY, said_goodbye=False)
            assert await worker.ask("CA1") is not None

    async def test_a_token_of_another_worker_is_refused(self) -> None:
        async with open_workers(2) as workers:
            token = await issued(workers)
            assert workers.notes is not None
            workers.notes.is_away = True
            assert await workers.stream.redeem(token, "CA1") is None
            assert await workers.stream.ask("CA1") is None
