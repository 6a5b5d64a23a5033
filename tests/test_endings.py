from __future__ import annotations

import pytest
import trio

from phonegame.ended import Ended
from phonegame.endings import ASK_SECONDS, LINGER_SECONDS, Endings


def ended(why: Ended = Ended.NO_CODE) -> Endings:
    endings = Endings()
    endings.expect_nowait("CA1")
    endings.record_nowait("CA1", why, said_goodbye=True)
    return endings


async def test_an_ending_is_told_as_often_as_it_is_asked_for() -> None:
    endings = ended()
    ending = endings.ask_nowait("CA1")
    assert ending is not None
    assert (ending.why, ending.said_goodbye) == (Ended.NO_CODE, True)
    assert endings.ask_nowait("CA1") == ending


async def test_a_call_that_twilio_does_not_ask_about_is_not_kept() -> None:
    endings = Endings()
    endings.record_nowait("CA1", Ended.NO_CODE, said_goodbye=False)
    assert endings.ask_nowait("CA1") is None


async def test_an_old_ending_is_forgotten(autojump_clock: trio.testing.MockClock) -> None:
    endings = ended()
    await trio.sleep(ASK_SECONDS + 1)
    assert endings.ask_nowait("CA1") is None


@pytest.mark.parametrize(("why", "seconds"), [(None, 0), (Ended.HUNG_UP, 0), (Ended.NO_CODE, LINGER_SECONDS)], ids=str)
async def test_waiting_takes_as_long_as_somebody_may_ask(
    why: Ended | None, seconds: float, autojump_clock: trio.testing.MockClock
) -> None:
    endings = ended(why) if why else Endings()
    began = trio.current_time()
    await endings.wait_until_asked()
    assert trio.current_time() - began == seconds


async def test_waiting_ends_when_somebody_has_asked(autojump_clock: trio.testing.MockClock) -> None:
    endings = ended()
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(endings.wait_until_asked)
        await trio.sleep(0.5)
        endings.ask_nowait("CA1")
    assert trio.current_time() - began == 0.5
