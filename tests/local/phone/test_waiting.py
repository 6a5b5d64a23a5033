"""What a caller can wait for."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from phonegame.local.phone import Cleared, HungUpError, place_call
from tests.local.phone.far_end import in_memory

URL = "ws://127.0.0.1/twilio"
LOUD = b"\x10"


async def test_silence_begins_when_the_last_audio_has_been_played(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.media(LOUD * 4000)
        await far.media(LOUD * 4000)
        await phone.wait_silence(0.5)
        assert phone.seconds == pytest.approx(1.5, abs=0.021)


async def test_silence_that_lasts_already_is_not_waited_for_again(autojump_clock: MockClock) -> None:
    async with in_memory() as (_, stream), place_call(URL, stream=stream) as phone:
        await phone.pause(1)
        before = trio.current_time()
        await phone.wait_silence(0.5)
        assert trio.current_time() == before


async def test_audio_that_comes_again_puts_silence_off(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone, trio.open_nursery() as nursery:

        async def stammer() -> None:
            await far.started.wait()
            for _ in range(3):
                await far.media(LOUD * 800)
                await trio.sleep(0.4)

        nursery.start_soon(stammer)
        await phone.wait_silence(0.5)
        assert phone.seconds == pytest.approx(1.4, abs=0.021)


async def test_clear_is_reported_with_its_place_in_what_was_heard(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone, trio.open_nursery() as nursery:

        async def cut() -> None:
            await far.started.wait()
            await far.media(LOUD * 16_000)
            await trio.sleep(1)
            await far.send("clear")

        nursery.start_soon(cut)
        cleared = await phone.wait_cleared()
        assert cleared == Cleared(place=8000, unplayed=8000)
        await phone.pause(0.2)
        assert phone.heard[: cleared.place] == LOUD * 8000
        assert LOUD not in phone.heard[cleared.place :]
        assert await phone.wait_cleared() == cleared


async def test_a_second_clear_is_waited_for_until_the_call_ends(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone, trio.open_nursery() as nursery:

        async def cut_and_hang_up() -> None:
            await far.started.wait()
            await far.send("clear")
            await trio.sleep(1)
            await far.socket.aclose()

        nursery.start_soon(cut_and_hang_up)
        with pytest.raises(HungUpError):
            await phone.wait_cleared(2)


async def test_lead_is_what_was_waiting_at_most(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.media(LOUD * 1600)
        await trio.sleep(0.1)
        await far.media(LOUD * 1600)
        await phone.wait_silence(0.1)
    assert phone.lead_seconds == pytest.approx(0.3)
    assert [arrival.size for arrival in phone.arrivals] == [1600, 1600]
    assert phone.underruns == []
