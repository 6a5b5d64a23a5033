"""Whoever has something said may take it back, and nothing else."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from phonegame.speak.saying import Dropped, Receipt
from tests.speak.spoken_call import SpokenCall, spoken_call, whole_audio

ONE, TWO, THREE = "This is the first one.", "This is the second.", "And the third."


def cleared(heard: str = "", seconds: float = 0.0) -> Receipt:
    return Receipt(heard=heard, seconds=seconds, dropped=Dropped.CLEARED)


def audio(call: SpokenCall, *say_ids: str) -> bytes:
    return b"".join(whole_audio(call.said[say_id]) for say_id in say_ids)


async def test_one_that_waits(autojump_clock: MockClock) -> None:
    async with spoken_call() as call:
        one, two, three = call.say(ONE), call.say(TWO), call.say(THREE)
        await trio.sleep(0.2)
        call.speaker.take_back_nowait([two])
        assert call.receipts == {two: cleared()}
        await call.speaker.wait_silent()
        assert call.twilio.played == audio(call, one, three)
        assert call.twilio.events.count("clear") == 0


async def test_the_one_that_plays_and_what_follows_comes_at_once(autojump_clock: MockClock) -> None:
    async with spoken_call() as call:
        one, two = call.say(ONE), call.say(TWO)
        await trio.sleep(0.5)
        call.speaker.take_back_nowait([one])
        assert call.receipts == {one: cleared("This is", 0.5)}
        await call.speaker.wait_silent()
        assert call.twilio.played == audio(call, one)[:4000] + audio(call, two)


async def test_one_on_the_wire_behind_another_leaves_that_one_alone(autojump_clock: MockClock) -> None:
    async with spoken_call() as call:
        one, two, three = call.say(ONE), call.say(TWO), call.say(THREE)
        await trio.sleep(1.0)
        # the first has 0.1 s to go: some of the second is on its way
        call.speaker.take_back_nowait([two])
        assert call.receipts == {two: cleared()}
        await call.speaker.wait_silent()
        assert call.receipts[one] == Receipt(heard=ONE, seconds=1.1)
        assert call.receipts[three] == Receipt(heard=THREE, seconds=0.7)
        played = call.twilio.played
        assert played.startswith(audio(call, one))
        assert played.endswith(audio(call, three))
        assert len(played) - len(audio(call, one, three)) <= 0.4 * 8000


async def test_none_of_what_there_is(autojump_clock: MockClock) -> None:
    async with spoken_call() as call:
        one = call.say(ONE)
        call.speaker.take_back_nowait(["another", ""])
        await call.speaker.wait_silent()
        assert call.receipts == {one: Receipt(heard=ONE, seconds=1.1)}
