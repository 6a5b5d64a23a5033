from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.local.demo.conversation import Reply
from phonegame.local.demo.ears import understand
from phonegame.local.demo.script import GREETING, TEXTS, TURNS, words_of
from phonegame.local.phone import place_call
from phonegame.wire.v1 import CharacterSaid, SayFinished
from tests.local.phone.far_end import in_memory

URL = "ws://127.0.0.1/twilio"
PROMPT, REPLY = b"\x20", b"\x10"


def finished(began: float, *, seconds: float, heard: str = GREETING, interrupted: bool = False) -> Reply:
    receipt = SayFinished(
        call_id="CA1", player=1, say_id="1", heard=heard, seconds=seconds, interrupted=interrupted, dropped=None
    )
    return Reply("1", GREETING, began, receipt=receipt)


def said(began: float, *, text: str = GREETING, cut_off: bool = False) -> Reply:
    """By the character, whose turn began then."""
    return Reply("", text, began, receipt=CharacterSaid(call_id="CA1", player=1, text=text, cut_off=cut_off))


class Recogniser:
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.expected: Sequence[str] = ()

    async def __call__(self, mulaw: bytes, expected: Sequence[str]) -> str:
        await trio.lowlevel.checkpoint()
        self.heard.append(mulaw)
        self.expected = expected
        return "pizza"


async def test_a_reply_is_cut_out_of_the_recording_by_its_mark(autojump_clock: MockClock) -> None:
    recogniser = Recogniser()
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.media(PROMPT * 4000)
        await far.mark("prompt")
        await trio.sleep(0.1)
        await far.media(REPLY * 8000)
        await far.mark("reply")
        await phone.wait_mark("reply")
        understood, delay = await understand(phone, finished(0.1, seconds=1), recogniser)
    assert understood == "pizza"
    assert recogniser.heard == [REPLY * 8000]
    assert set(recogniser.expected) == {" ".join(words_of(text)) for text in TEXTS}
    # the prompt in front of it does not count
    assert delay == pytest.approx(0, abs=0.001)


async def test_delay_is_the_silence_before_a_reply(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await trio.sleep(0.5)
        await far.media(REPLY * 800)
        await far.mark("reply")
        await phone.wait_mark("reply")
        _, delay = await understand(phone, finished(0.2, seconds=0.1), Recogniser())
    assert delay == pytest.approx(0.3, abs=0.001)


async def test_a_reply_that_was_cut_is_heard_up_to_there_though_the_receipt_comes_first(
    autojump_clock: MockClock,
) -> None:
    recogniser = Recogniser()
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.send("clear")  # before the reply: not the one that cut it
        await trio.sleep(0.1)
        await far.media(REPLY * 16_000)
        await trio.sleep(0.5)
        reply = finished(0.1, seconds=0.5, heard="What would", interrupted=True)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(understand, phone, reply, recogniser)
            await wait_all_tasks_blocked()
            assert not recogniser.heard
            await far.send("clear")
    assert recogniser.heard == [REPLY * 4000]
    assert recogniser.expected[:2] == ["what", "what would"]


async def test_what_a_character_says_begins_behind_the_prompt_and_the_silence(autojump_clock: MockClock) -> None:
    recogniser = Recogniser()
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.media(PROMPT * 4000)
        await far.mark("prompt")
        await phone.wait_mark("prompt")
        await trio.sleep(0.25)
        await far.media(REPLY * 8000)
        await far.mark("reply")
        await phone.wait_mark("reply")
        _, delay = await understand(phone, said(0.1), recogniser)
    assert recogniser.heard == [REPLY * 8000]
    # since the prompt was over
    assert delay == pytest.approx(0.25, abs=0.001)


async def test_what_a_character_said_until_it_was_cut(autojump_clock: MockClock) -> None:
    recogniser = Recogniser()
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await trio.sleep(0.5)
        await far.media(REPLY * 16_000)
        await trio.sleep(0.5)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(understand, phone, said(0.1, text="We also have", cut_off=True), recogniser)
            await wait_all_tasks_blocked()
            assert not recogniser.heard
            await far.send("clear")
    assert recogniser.heard == [REPLY * 4000]
    assert recogniser.expected[-1] == " ".join(words_of(TURNS[1].answer))
