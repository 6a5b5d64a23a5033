"""The caller's audio comes late, and with it what tells when something was said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from trio.testing import MockClock

from phonegame.audio import FRAME_BYTES, SILENCE
from phonegame.listen.listener import Listener
from phonegame.speak.saying import Saying
from tests.speak.fake_voice import FakeVoice
from tests.test_call_speech import Talk, talk
from tests.test_interruption import said

FRAME_SECONDS = 0.02


def deaf() -> Listener:
    """It has no session: what counts is when audio comes."""
    return Listener("ws://127.0.0.1:9/v1/listen", "", final_seconds=2.5, reconnect_seconds=1, stall_seconds=15)


async def phone(listener: Listener, stalls_at: float, stalls_for: float) -> None:
    """Fifty frames a second, but for those that the network holds up and delivers in one go."""
    began = trio.current_time()
    for number in range(1, 1000):
        recorded_at = number * FRAME_SECONDS
        is_late = stalls_at < recorded_at < stalls_at + stalls_for
        await trio.sleep_until(began + (stalls_at + stalls_for if is_late else recorded_at))
        listener.hear_nowait(SILENCE * FRAME_BYTES)


@asynccontextmanager
async def talk_while_audio_stalls(at: float, seconds: float) -> AsyncIterator[tuple[Talk, Listener]]:
    listener = deaf()
    async with talk(FakeVoice()) as call, trio.open_nursery() as nursery:
        nursery.start_soon(phone, listener, at, seconds)
        yield call, listener
        nursery.cancel_scope.cancel()


async def interrupted(call: Talk, listener: Listener, *, says_at: float, word_at: float, told_at: float) -> bool:
    """Whether what is said at `says_at` is, by a word whose result comes at `told_at`. Seconds of the call."""
    await trio.sleep_until(call.began + says_at)
    call.speech.say(Saying(say_id="one", text="What would you like to do after that?"))
    await trio.sleep_until(call.began + told_at)
    call.speech.hear(said("okay", word_at, final=True), listener.live_position)
    return (await call.receipts())["one"].interrupted


async def test_what_was_said_before_interrupts_nothing_where_audio_is_held_up_later(autojump_clock: MockClock) -> None:
    async with talk_while_audio_stalls(1.2, 1.5) as (call, listener):
        assert not await interrupted(call, listener, says_at=1.3, word_at=0.6, told_at=2.2)


async def test_nor_where_it_was_held_up_when_the_saying_began(autojump_clock: MockClock) -> None:
    async with talk_while_audio_stalls(0.5, 0.9) as (call, listener):
        assert not await interrupted(call, listener, says_at=1.0, word_at=0.6, told_at=1.6)


async def test_what_was_said_over_it_does_however_late_its_audio_comes(autojump_clock: MockClock) -> None:
    async with talk_while_audio_stalls(1.2, 1.0) as (call, listener):
        assert await interrupted(call, listener, says_at=1.0, word_at=1.3, told_at=2.4)
