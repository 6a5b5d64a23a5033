"""What is recorded of phonegame is what the phone has heard, sample by sample, at its time."""

from __future__ import annotations

import random

import pytest
import trio
from trio.testing import MockClock

from phonegame.audio import BYTES_PER_MS, BYTES_PER_SECOND, FRAME_BYTES, SILENCE
from phonegame.recording.tape import MOST_BYTES, Tape
from phonegame.speak.saying import Priority, Saying
from tests.recording.taped_call import TapedCall, taped_call
from tests.speak.fake_voice import FakeVoice, clip

NOTICE = "This is being recorded."
TEXT = "Hello there, you. How are things? Tell me all."


async def announced(taped: TapedCall) -> None:
    """As a call does it: the notice is heard to its end, then it begins."""
    taped.listen()
    said = taped.call.say(NOTICE, interruptible=False)
    began = trio.Event()

    def on_finished(saying: Saying, receipt: object) -> None:
        if saying.say_id == said:
            taped.record()
            began.set()

    taped.call.on_finished = on_finished
    await began.wait()


def is_what_was_heard(taped: TapedCall) -> bool:
    taped.stop()
    return bytes(taped.right) == taped.heard


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.075, 0.2])
async def test_sayings_one_after_the_other_and_with_pauses(delay: float, autojump_clock: MockClock) -> None:
    async with taped_call(FakeVoice(first_after=0.1), delay=delay) as taped:
        await announced(taped)
        taped.call.say(TEXT)
        taped.call.say("And more.")
        await trio.sleep(4.137)
        taped.call.say("Still there?")
        await trio.sleep(3)
        assert is_what_was_heard(taped)
        assert taped.right.strip(SILENCE)


@pytest.mark.parametrize("moment", [round(0.05 * step, 2) for step in range(50)])
async def test_what_is_cut_off_is_cut_off_there(moment: float, autojump_clock: MockClock) -> None:
    async with taped_call(FakeVoice(first_after=0.1, chunk_bytes=480), delay=0.05) as taped:
        await announced(taped)
        taped.call.say(TEXT)
        taped.call.say("Not to be heard.")
        await trio.sleep(moment)
        taped.call.speaker.interrupt_nowait()
        taped.call.say("Yes?")
        await trio.sleep(3)
        assert is_what_was_heard(taped)


async def test_what_is_swept_away_and_sent_again_is_there_once(autojump_clock: MockClock) -> None:
    async with taped_call(FakeVoice(first_after=0.1), delay=0.05) as taped:
        await announced(taped)
        taped.call.say("One two three.")
        taped.call.say("This you must hear.", interruptible=False)
        await trio.sleep(0.7)
        taped.call.speaker.interrupt_nowait()
        await trio.sleep(0.3)
        taped.call.say("At once.", priority=Priority.NOW)
        await trio.sleep(5)
        assert is_what_was_heard(taped)


async def test_what_is_on_the_wire_when_it_begins_is_there(autojump_clock: MockClock) -> None:
    async with taped_call(delay=0.05) as taped:
        taped.call.say("Long before.")
        await trio.sleep(0.3)
        taped.listen()
        taped.call.say(NOTICE, interruptible=False)
        taped.call.say(TEXT)
        await trio.sleep(1.1)
        taped.record()
        await trio.sleep(5)
        assert is_what_was_heard(taped)


async def test_a_voice_that_falls_behind_leaves_its_gaps(autojump_clock: MockClock) -> None:
    async with taped_call(FakeVoice(first_after=0.1, speed=0.7, chunk_bytes=480)) as taped:
        await announced(taped)
        taped.call.say(TEXT)
        await trio.sleep(8)
        assert len(taped.call.twilio.pauses) > 3
        assert is_what_was_heard(taped)


async def test_frames_that_are_held_up_shift_nothing(autojump_clock: MockClock) -> None:
    jitter = random.Random(5)
    # in time often enough, and now and then held up for long: what is behind comes in one go
    held_up = [0.0 if number % 5 == 0 else jitter.choice([0.0, 0.015, 0.3]) for number in range(2000)]
    async with taped_call(FakeVoice(first_after=0.1), delay=0.05, late=held_up.__getitem__) as taped:
        await announced(taped)
        for _ in range(5):
            taped.call.say(TEXT)
            await trio.sleep(3.3)
        taped.stop()
        assert bytes(taped.right) == taped.heard


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens(seed: int, autojump_clock: MockClock) -> None:
    chance = random.Random(seed)
    voice = FakeVoice(first_after=chance.choice([0, 0.1, 0.5]), speed=chance.choice([0.9, 2, 100]), chunk_bytes=480)
    async with taped_call(voice, delay=chance.choice([0, 0.03, 0.1])) as taped:
        await announced(taped)
        for _ in range(60):
            match chance.randrange(6):
                case 0 | 1:
                    taped.call.say(TEXT, interruptible=chance.random() < 0.8, priority=chance.choice(list(Priority)))
                case 2:
                    taped.call.say(audio=clip(chance.random()))
                case 3:
                    taped.call.speaker.interrupt_nowait()
                case 4:
                    taped.call.speaker.clear_nowait()
                case 5:
                    taped.call.speaker.take_back_nowait([chance.choice(list(taped.call.said))])
            await trio.sleep(chance.choice([0, 0.01, 0.3, 1.7]))
        await trio.sleep(2)
        assert is_what_was_heard(taped)


async def test_the_start_of_a_saying_is_known_exactly(autojump_clock: MockClock) -> None:
    starts = []
    async with taped_call(FakeVoice(first_after=0.1), delay=0.05) as taped:
        await announced(taped)
        assert taped.tape is not None
        taped.call.on_finished = lambda saying, receipt: starts.append(taped.tape and taped.tape.take_start(saying))
        taped.call.say(audio=clip(0.5))
        await trio.sleep(1)
        taped.call.say(audio=clip(0.7))
        await trio.sleep(1)
        taped.stop()
    places = [taped.right.index(clip(seconds)) / BYTES_PER_SECOND for seconds in (0.5, 0.7)]
    assert starts == places


def test_frames_of_lost_time_are_silence_as_they_came() -> None:
    tape = Tape(0, 0.0)
    tape.begin_nowait(0.0)
    tape.hear_nowait(b"\x11" * FRAME_BYTES, 0.02)
    tape.play_nowait(Saying(say_id="a", audio=b"\x22" * 80), 0, b"\x22" * 80, 0.01, 0.0)
    left, right = tape.take(rest=True)
    assert left == b"\x11" * FRAME_BYTES
    assert right == b"\xff" * (10 * BYTES_PER_MS) + b"\x22" * 80


def test_nothing_is_kept_before_it_begins() -> None:
    tape = Tape(0, 0.0)
    for number in range(1, 1000):
        tape.hear_nowait(bytes(FRAME_BYTES), number * 0.02)
        tape.play_nowait(Saying(say_id="a"), number * FRAME_BYTES, bytes(FRAME_BYTES), number * 0.02, 0.0)
    assert tape.take(rest=True) == (b"", b"")
    assert len(tape._right) <= 2


def test_it_calls_for_help_when_nobody_takes_the_pieces() -> None:
    tape, called = Tape(0, 0.0), []
    tape.on_overfull = lambda: called.append(True)
    tape.begin_nowait(0.0)
    for number in range(MOST_BYTES // FRAME_BYTES):
        tape.hear_nowait(bytes(FRAME_BYTES), number * 0.02)
    assert not called
    tape.hear_nowait(bytes(FRAME_BYTES), 1000)
    assert called
