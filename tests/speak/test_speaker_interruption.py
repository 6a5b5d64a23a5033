"""The caller speaks over a saying, at every moment of it."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.speak.playout import MARK_SECONDS
from phonegame.speak.saying import Dropped, Receipt
from tests.speak.fake_voice import SAMPLES_A_CHARACTER, FakeVoice, audio_of
from tests.speak.spoken_call import STREAM, spoken_call, whole_audio

TWO = "Hello there, you. How are things?"
FIRST, SECOND = "Hello there, you.", "How are things?"
WORDS = [
    # over at, heard by then
    (0, ""),
    (6, "Hello"),
    (13, "Hello there,"),
    (17, "Hello there, you."),
    (21, "Hello there, you. How"),
    (25, "Hello there, you. How are"),
    (32, TWO),
]
"""In characters of the two sentences: the blank between them has no sound."""
SYNTHESIS = 0.1
"""Seconds before the first audio."""
SOUND = 1.6
MARK = 0.1
"""Seconds that the last mark is under way, both ways together."""
MOMENTS = [round(0.02 * step, 2) for step in range(round((SYNTHESIS + SOUND + MARK) / 0.02) + 3)]


def heard_of(samples: int) -> str:
    return next(text for over_at, text in reversed(WORDS) if samples >= over_at * SAMPLES_A_CHARACTER)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_it_stops_and_what_was_heard_is_told_to_the_word(moment: float, autojump_clock: MockClock) -> None:
    voice = FakeVoice(first_after=SYNTHESIS, chunk_bytes=480)
    async with spoken_call(voice, delay=MARK / 2) as call:
        call.say(TWO)
        call.say("Not to be heard.")
        await trio.sleep(moment)
        assert call.speaker.interrupt_nowait()
        sent_before = len(call.twilio.sent)
        await wait_all_tasks_blocked()
        assert voice.at_work == []
        await trio.sleep(5)

        samples = min(max(round((moment - SYNTHESIS) * 8000), 0), round(SOUND * 8000))
        over = samples == SOUND * 8000
        first, second = (call.receipts[say_id] for say_id in ("1", "2"))
        assert first == Receipt(heard=heard_of(samples), seconds=samples / 8000, interrupted=not over)
        assert second.interrupted
        assert (
            call.twilio.played
            == call.heard_audio
            == (audio_of(FIRST) + audio_of(SECOND) + audio_of("Not to be heard."))[: len(call.heard_audio)]
        )
        # the clear is the next message, and the last
        on_wire = any(event == "media" for event in call.twilio.events[:sent_before])
        assert call.twilio.events[sent_before:] == (["clear"] if on_wire else [])
        assert all(at <= moment for at, _, _ in call.twilio.sent)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_nothing_is_stopped_where_it_is_not_interruptible(moment: float, autojump_clock: MockClock) -> None:
    async with spoken_call(FakeVoice(first_after=SYNTHESIS), delay=MARK / 2) as call:
        said = call.said[call.say(TWO, interruptible=False)]
        await trio.sleep(moment)
        assert not call.speaker.interrupt_nowait()
        await call.speaker.wait_silent()
        assert call.receipts == {"1": Receipt(heard=TWO, seconds=SOUND)}
        assert call.twilio.played == whole_audio(said)
        assert call.twilio.pauses == []


async def test_once_all_has_been_played_nothing_is_left_to_interrupt(autojump_clock: MockClock) -> None:
    async with spoken_call(keeps_mark=lambda name: True) as call:
        call.say(TWO)
        await trio.sleep(SOUND)
        assert not call.speaker.interrupt_nowait()
        assert call.speaker.is_speaking
        await call.speaker.wait_silent()
        assert trio.current_time() == pytest.approx(SOUND + MARK_SECONDS)
        assert call.receipts["1"] == Receipt(heard=TWO, seconds=SOUND)
        assert "clear" not in call.twilio.events
        assert not call.speaker.interrupt_nowait()


async def test_what_waits_behind_something_not_interruptible_is_left(autojump_clock: MockClock) -> None:
    async with spoken_call() as call:
        call.say(FIRST, interruptible=False)
        call.say(SECOND)
        await trio.sleep(0.1)
        assert not call.speaker.interrupt_nowait()
        await call.speaker.wait_silent()
        assert call.twilio.played == audio_of(FIRST) + audio_of(SECOND)


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.44, 0.7, 0.84])
async def test_what_is_not_interruptible_behind_it_is_said_whole(moment: float, autojump_clock: MockClock) -> None:
    async with spoken_call(delay=0.05) as call:
        call.say(FIRST)
        call.say(SECOND)
        call.say("This you must hear.", interruptible=False)
        call.say(SECOND)
        await trio.sleep(moment)
        assert call.speaker.interrupt_nowait()
        await call.speaker.wait_silent()
        assert call.receipts["3"] == Receipt(heard="This you must hear.", seconds=19 / 20)
        assert [call.receipts[say_id].interrupted for say_id in ("1", "2", "4")] == [True, True, True]
        assert call.twilio.played == call.heard_audio
        assert [what for what, say_id in call.log if say_id == "3"] == ["started", "finished"]


async def test_what_waits_is_stopped_where_nothing_plays_yet(autojump_clock: MockClock) -> None:
    async with spoken_call(FakeVoice(first_after=1)) as call:
        call.say(FIRST, interruptible=False)
        call.say(SECOND)
        await trio.sleep(0.5)
        assert call.speaker.interrupt_nowait()
        await call.speaker.wait_silent()
        assert call.receipts["2"] == Receipt(heard="", seconds=0, interrupted=True)
        assert call.twilio.played == audio_of(FIRST)


async def test_what_waits_for_the_stream_is_stopped(autojump_clock: MockClock) -> None:
    async with spoken_call(begun=False) as call:
        call.say(FIRST)
        assert call.speaker.interrupt_nowait()
        call.speaker.begin_nowait(STREAM)
        await wait_all_tasks_blocked()
        assert call.twilio.sent == []


async def test_the_answer_follows_behind_the_clear_at_once(autojump_clock: MockClock) -> None:
    async with spoken_call() as call:
        call.say(TWO)
        await trio.sleep(0.5)
        sent = len(call.twilio.sent)
        call.speaker.interrupt_nowait()
        call.say("Yes?")
        await wait_all_tasks_blocked()
        assert call.twilio.events[sent : sent + 2] == ["clear", "media"]
        assert trio.current_time() == 0.5
        await call.speaker.wait_silent()
        assert call.twilio.played == call.heard_audio


async def test_the_clear_is_next_after_a_socket_that_was_blocked(autojump_clock: MockClock) -> None:
    async with spoken_call() as call:
        call.say(TWO)
        await trio.sleep(0.45)
        call.twilio.blocked = 3
        await trio.sleep(0.5)
        sent = len(call.twilio.sent)
        call.speaker.interrupt_nowait()
        assert call.receipts["1"].interrupted
        await trio.sleep(3)
        assert call.twilio.events[sent:] == ["clear"]


async def test_the_synthesis_of_what_plays_is_stopped(autojump_clock: MockClock) -> None:
    voice = FakeVoice(speed=1.2, chunk_bytes=480)
    async with spoken_call(voice) as call:
        call.say(FIRST)
        call.say(SECOND)
        await trio.sleep(0.5)
        assert voice.at_work == [FIRST, SECOND]
        call.speaker.interrupt_nowait()
        await wait_all_tasks_blocked()
        assert voice.at_work == []


async def test_two_interruptions_are_one(autojump_clock: MockClock) -> None:
    async with spoken_call() as call:
        call.say(TWO)
        await trio.sleep(0.5)
        assert call.speaker.interrupt_nowait()
        assert not call.speaker.interrupt_nowait()
        await trio.sleep(1)
        assert call.twilio.events.count("clear") == 1


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.5, 1.5, 1.62])
async def test_the_game_clears_also_what_is_not_interruptible(moment: float, autojump_clock: MockClock) -> None:
    async with spoken_call(FakeVoice(first_after=SYNTHESIS), delay=0.05) as call:
        call.say(TWO, interruptible=False)
        call.say(FIRST, interruptible=False)
        await trio.sleep(moment)
        call.speaker.clear_nowait()
        assert {receipt.dropped for receipt in call.receipts.values()} == {Dropped.CLEARED}
        assert not call.speaker.is_speaking
        await trio.sleep(5)
        assert call.twilio.played == call.heard_audio
