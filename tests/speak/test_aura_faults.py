"""Deepgram refuses, stalls, closes, is not there: a sentence is said elsewhere, or fails in time, and says why."""

from __future__ import annotations

from functools import partial

import pytest
import trio

from phonegame.listen import session
from phonegame.speak.aura import aura_url
from phonegame.speak.aura_limits import AuraLimits
from phonegame.speak.aura_pool import AuraPool
from phonegame.speak.sound import Sound
from tests.speak.aura_client import KEY, MODEL, QUICK, fails, running, say
from tests.speak.fake_aura import FakeSocket, begins, closes, fake_aura, is_silent, spoken


@pytest.fixture(autouse=True)
def _close_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that is cancelled has no reader left for the server's goodbye, and waits in vain."""
    monkeypatch.setattr(session, "CLOSE_SECONDS", 0.01)


async def test_stall_in_the_middle_is_an_error_and_the_socket_is_thrown_away() -> None:
    async with running(AuraLimits(silence_seconds=0.25)) as (aura, pool):
        aura.behaviours = [begins]
        assert "fell silent" in await fails(pool, "hello there")
        await say(pool, "next")
    assert len(aura.sockets) == 2


async def test_no_sound_in_time_is_an_error_and_the_socket_is_cleared() -> None:
    async with running(AuraLimits(first_sound_seconds=0.5)) as (aura, pool):
        aura.behaviours = [is_silent]
        assert "no sound from Deepgram within 0.5 s" in await fails(pool)
        assert (await say(pool, "next")).audio == spoken("next")
    assert aura.sockets[0].received == ["hello", "Flush", "Clear", "next", "Flush"]


async def test_waiting_in_line_has_an_end() -> None:
    async with (
        running(AuraLimits(sockets=1, first_sound_seconds=0.4)) as (aura, pool),
        trio.open_nursery() as nursery,
    ):
        aura.behaviours = [begins]
        sound = Sound("hello there")
        nursery.start_soon(pool.speak, MODEL, sound)
        await sound.wait_beyond(300)
        assert "all its connections are in use" in await fails(pool)
        nursery.cancel_scope.cancel()


async def test_too_many_characters_are_tried_once_more_elsewhere() -> None:
    async with running() as (aura, pool):
        aura.behaviours = [closes(1008, "DATA-0001")]
        assert (await say(pool, "hello")).audio == spoken("hello")
    assert len(aura.sockets) == 2


async def test_but_not_twice() -> None:
    async with running() as (aura, pool):
        aura.behaviours = [closes(1008, "DATA-0001"), closes(1008, "DATA-0001")]
        assert "no more characters this minute" in await fails(pool)
    assert len(aura.sockets) == 2


async def test_nor_where_something_was_heard() -> None:
    async with running() as (aura, pool):
        aura.behaviours = [closes(1011, "NET-0000", after=begins)]
        assert "NET-0000" in await fails(pool, "hello there")
    assert len(aura.sockets) == 1


async def test_a_socket_that_was_closed_while_idle_costs_nothing() -> None:
    async with running() as (aura, pool):
        await say(pool, "hello")
        await aura.sockets[0].connection.aclose(1011, "NET-0003")
        assert (await say(pool, "next")).audio == spoken("next")


@pytest.mark.parametrize("status", [429, 503])
async def test_refused_for_now_it_is_tried_again_in_time(status: int) -> None:
    async with running(AuraLimits(backoff_seconds=0.01)) as (aura, pool):
        aura.refusals = [status, status]
        assert (await say(pool, "hello")).audio == spoken("hello")
    assert len(aura.requests) == 3


async def test_refused_for_long_it_fails_in_time_and_tells_why() -> None:
    async with running(QUICK) as (aura, pool):
        aura.refusals = [429] * 1000
        why = await fails(pool)
        assert "too many connections" in why
        assert "HTTP 429" in why
    assert 2 < len(aura.requests) < 20


async def test_after_a_refusal_only_one_asks_again() -> None:
    async with running(AuraLimits(first_sound_seconds=0.25, backoff_seconds=0.1)) as (aura, pool):
        aura.refusals = [429] * 1000
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(fails, pool)
    assert len(aura.requests) <= 10 + 4


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (400, f"has no voice {MODEL}"),
        (401, "refuses DEEPGRAM_API_KEY"),
        (402, "no credit"),
        (418, "does not accept"),
    ],
)
async def test_refused_for_good_it_fails_at_once(status: int, meaning: str) -> None:
    async with running() as (aura, pool):
        aura.refusals = [status]
        assert meaning in await fails(pool)
    assert len(aura.requests) == 1


async def test_nobody_there_is_an_error_that_names_the_setting() -> None:
    async with trio.open_nursery() as nursery:
        pool = AuraPool(partial(aura_url, "ws://127.0.0.1:1/v1/speak"), KEY, QUICK)
        await nursery.start(pool.run)
        assert "DEEPGRAM_SPEAK_URL" in await fails(pool)
        nursery.cancel_scope.cancel()


async def test_a_sentence_that_never_ends_is_cut_off() -> None:
    async def babble(socket: FakeSocket, text: str) -> None:
        while True:
            await socket.say(bytes(8000))

    async with running(AuraLimits(audio_seconds=5)) as (aura, pool):
        aura.behaviours = [babble]
        assert "more than 5 s" in await fails(pool)


async def test_when_the_pool_ends_what_waits_fails() -> None:
    async with fake_aura() as aura, trio.open_nursery() as nursery:
        aura.behaviours = [is_silent]
        pool = AuraPool(partial(aura_url, aura.url), KEY)
        scope = trio.CancelScope()

        async def run(task_status: trio.TaskStatus[None]) -> None:
            with scope:
                await pool.run(task_status=task_status)

        await nursery.start(run)
        nursery.start_soon(fails, pool)
        await aura.wait_until(lambda: aura.texts)
        scope.cancel()


async def test_without_a_running_pool_it_fails_in_time() -> None:
    assert "no sound" in await fails(AuraPool(partial(aura_url, "ws://127.0.0.1:1/"), KEY, QUICK))
