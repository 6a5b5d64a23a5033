from __future__ import annotations

import itertools
from contextlib import nullcontext

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.speak.playout import MARK_SECONDS
from phonegame.speak.running_order import MAX_CHARACTERS, MAX_CLIP_SECONDS, MAX_SAYINGS
from phonegame.speak.saying import Dropped, Priority, Receipt
from phonegame.speak.speaker import LEAD_SECONDS
from tests.speak.fake_voice import FakeVoice, audio_of, clip
from tests.speak.spoken_call import STREAM, SpokenCall, spoken_call

HELLO = "Hello there. How are you?"
HELLO_SECONDS = 1.2
LONG = "A sentence that goes on. " * 40


class TestReceipts:
    async def test_a_saying_starts_with_its_first_piece_and_finishes_with_its_mark(
        self, autojump_clock: MockClock
    ) -> None:
        async with spoken_call(FakeVoice(first_after=0.3), delay=0.1) as call:
            call.say(HELLO)
            await call.speaker.wait_silent()
            assert call.log == [("started", "1"), ("finished", "1")]
            assert call.times["started", "1"] == call.twilio.sent[0][0] == pytest.approx(0.3)
            assert call.times["finished", "1"] == pytest.approx(0.3 + HELLO_SECONDS + 2 * 0.1)
            assert call.receipts["1"] == Receipt(heard=HELLO, seconds=HELLO_SECONDS)

    async def test_each_sentence_ends_with_a_mark(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say(HELLO)
            call.say("And you?")
            await call.speaker.wait_silent()
            assert [event for event, _ in itertools.groupby(call.twilio.events)] == ["media", "mark"] * 3
            assert len(set(call.twilio.marks)) == 3

    async def test_a_mark_that_never_comes_is_given_up(self, autojump_clock: MockClock) -> None:
        async with spoken_call(keeps_mark=lambda name: True) as call:
            call.say(HELLO)
            await call.speaker.wait_silent()
            assert trio.current_time() == pytest.approx(HELLO_SECONDS + MARK_SECONDS)
            assert call.receipts["1"] == Receipt(heard=HELLO, seconds=HELLO_SECONDS)

    async def test_a_later_mark_stands_for_the_lost_one(self, autojump_clock: MockClock) -> None:
        async with spoken_call(keeps_mark=lambda name: name.endswith("-1")) as call:
            call.say("One.")
            call.say("Two two.")
            await call.speaker.wait_silent()
            assert call.times["finished", "1"] == call.times["finished", "2"] == pytest.approx(12 / 20)

    async def test_a_mark_of_nobody_s_means_nothing(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say(HELLO)
            await trio.sleep(0.7)
            call.speaker.mark_returned_nowait("said-7-1")
            call.speaker.mark_returned_nowait("")
            assert call.receipts == {}

    async def test_a_cleared_mark_does_not_finish_what_was_said_after(self, autojump_clock: MockClock) -> None:
        async with spoken_call(delay=0.3) as call:
            call.say(HELLO)
            await trio.sleep(1)
            call.speaker.clear_nowait()
            call.say(HELLO)
            await call.speaker.wait_silent()
            assert call.times["finished", "2"] == pytest.approx(1 + HELLO_SECONDS + 2 * 0.3)

    async def test_whoever_gets_a_receipt_may_say_something(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.on_finished = lambda *_: call.say("Again.") if len(call.said) < 3 else None
            call.say("Once.")
            await call.speaker.wait_silent()
            assert list(call.receipts) == ["1", "2", "3"]
            assert call.twilio.played == audio_of("Once.") + audio_of("Again.") * 2

    async def test_whoever_is_told_that_it_starts_may_clear_it(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.on_started = lambda saying: call.speaker.clear_nowait() if saying.say_id == "1" else None
            call.say("Once.")
            call.say("Twice.")
            await wait_all_tasks_blocked()
            call.say("Thrice.")
            await call.speaker.wait_silent()
            assert call.twilio.played == audio_of("Thrice.")

    async def test_it_speaks_since_the_caller_hears_something_without_a_pause(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(first_after=0.25)) as call:
            call.say("Hello there.")
            call.say("Hello there.")
            seen = []
            for seconds in (0, 0.5, 0.5, 0.5):
                await trio.sleep(seconds)
                seen.append(call.speaker.speaking_since)
            assert seen == [0, 0.25, 0.25, None]


class TestOrder:
    async def test_next_goes_before_what_waits_and_now_cuts_what_plays(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(first_after=0.2, speed=2, chunk_bytes=400)) as call:
            call.say("The first is long enough.")
            await wait_all_tasks_blocked()
            await trio.sleep(0.3)
            for priority in (Priority.QUEUE, Priority.NEXT, Priority.QUEUE, Priority.NEXT):
                call.say("Then this.", priority=priority)
            await trio.sleep(0.5)
            call.say("At once!", priority=Priority.NOW)
            await call.speaker.wait_silent()
            finished = [say_id for what, say_id in call.log if what == "finished"]
            assert finished == ["1", "6", "3", "5", "2", "4"]
            assert call.receipts["1"] == Receipt(heard="The first", seconds=0.575, dropped=Dropped.REPLACED)
            assert call.twilio.played == call.heard_audio
            assert call.twilio.events.count("clear") == 1

    async def test_what_was_on_the_wire_behind_the_replaced_one_is_sent_again(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say("Hello there.")
            call.say("Hello again.")
            await trio.sleep(0.5)
            assert ("started", "2") in call.log
            call.say("Now.", priority=Priority.NOW)
            await call.speaker.wait_silent()
            assert call.log.count(("started", "2")) == 1
            assert call.twilio.played == call.heard_audio
            assert call.receipts["2"] == Receipt(heard="Hello again.", seconds=0.6)

    async def test_now_waits_for_what_is_not_interruptible(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say("Hello there.", interruptible=False)
            call.say("Hello again.")
            await trio.sleep(0.1)
            call.say("Now.", priority=Priority.NOW)
            call.say("No, now!", priority=Priority.NOW)
            await call.speaker.wait_silent()
            assert call.twilio.played == b"".join(map(audio_of, ["Hello there.", "No, now!", "Hello again."]))
            assert call.receipts["3"] == Receipt(heard="", seconds=0, dropped=Dropped.REPLACED)
            assert "clear" not in call.twilio.events

    async def test_now_leaves_what_has_not_begun_to_sound(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(first_after=0.2)) as call:
            call.say("Hello there.")
            await trio.sleep(0.1)
            call.say("Now.", priority=Priority.NOW)
            await call.speaker.wait_silent()
            assert call.twilio.played == audio_of("Now.") + audio_of("Hello there.")


class TestExpiry:
    async def test_what_could_not_start_in_time_is_dropped_at_that_time(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say(audio=clip(3))
            call.say(HELLO, start_within=2)
            await call.speaker.wait_silent()
            assert call.receipts["2"] == Receipt(heard="", seconds=0, dropped=Dropped.EXPIRED)
            assert call.times["finished", "2"] == pytest.approx(2, abs=0.021)
            assert ("started", "2") not in call.log

    async def test_also_while_its_voice_works_which_is_stopped(self, autojump_clock: MockClock) -> None:
        voice = FakeVoice(first_after=3)
        async with spoken_call(voice) as call:
            call.say(HELLO, start_within=2)
            await call.speaker.wait_silent()
            await wait_all_tasks_blocked()
            assert (call.receipts["1"].dropped, voice.at_work, call.twilio.sent) == (Dropped.EXPIRED, [], [])

    async def test_also_while_the_stream_has_not_begun(self, autojump_clock: MockClock) -> None:
        async with spoken_call(begun=False) as call:
            call.say(HELLO, start_within=2)
            await call.speaker.wait_silent()
            assert call.receipts["1"].dropped is Dropped.EXPIRED

    async def test_what_can_start_just_in_time_is_said_to_its_end(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say(audio=clip(3))
            call.say(HELLO, start_within=3 - LEAD_SECONDS)
            await call.speaker.wait_silent()
            assert call.receipts["2"].heard == HELLO

    async def test_within_no_time_at_all_is_at_once(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say(HELLO, start_within=0)
            call.say(HELLO, start_within=0)
            await call.speaker.wait_silent()
            assert [call.receipts[say_id].dropped for say_id in ("1", "2")] == [None, Dropped.EXPIRED]

    async def test_what_has_started_does_not_expire_when_it_is_sent_again(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say("Hello there.")
            call.say("Hello again.", start_within=0.4)
            await trio.sleep(0.35)
            call.say(audio=clip(5), priority=Priority.NOW)
            await call.speaker.wait_silent()
            assert call.receipts["2"].heard == "Hello again."


class TestBounds:
    async def test_of_a_thousand_sayings_only_so_many_wait(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            for _ in range(1000):
                call.say("Go!")
            refused = list(call.receipts.values())
            assert len(refused) == 1000 - MAX_SAYINGS
            assert {receipt.dropped for receipt in refused} == {Dropped.QUEUE_FULL}
            assert {receipt.error for receipt in refused} == {
                "64 sayings wait for this caller already; wait for their receipts, or clear them"
            }
            await call.speaker.wait_silent()
            assert call.twilio.played == audio_of("Go!") * MAX_SAYINGS
            assert len(call.receipts) == 1000

    async def test_so_many_characters_wait(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            for _ in range(20):
                call.say("x" * 4000)
            assert len(call.said) - len(call.receipts) == MAX_CHARACTERS // 4000
            assert "characters" in (call.receipts["20"].error or "")

    async def test_so_many_seconds_of_clips_wait(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            for _ in range(4):
                call.say(audio=clip(50))
            assert len(call.said) - len(call.receipts) == MAX_CLIP_SECONDS // 50
            assert "clips" in (call.receipts["4"].error or "")

    async def test_sound_that_has_been_played_is_let_go(self, autojump_clock: MockClock) -> None:
        voice = FakeVoice()
        async with spoken_call(voice) as call:
            call.say(LONG)
            await trio.sleep(20)
            (performance,) = call.speaker._order
            assert sum(part.sound is not None for part in performance.parts) <= 3


class TestEnd:
    @pytest.mark.parametrize("end", ["close", "cancel", "broken socket"])
    async def test_what_is_left_gets_its_receipt(self, end: str, autojump_clock: MockClock) -> None:
        call = SpokenCall()
        expected = (
            pytest.RaisesGroup(trio.BrokenResourceError, flatten_subgroups=True)
            if end == "broken socket"
            else nullcontext()
        )
        with expected:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call.speaker.run)
                call.speaker.begin_nowait(STREAM)
                call.say("Hello there.")
                call.say("Hello again.")
                await trio.sleep(0.45)
                if end == "close":
                    call.speaker.close_nowait()
                elif end == "cancel":
                    nursery.cancel_scope.cancel()
                else:
                    call.twilio.broken = True
        heard = call.receipts["1"].seconds
        assert heard == pytest.approx(0.45, abs=0.1)
        assert call.receipts["1"] == Receipt(heard="Hello", seconds=heard, dropped=Dropped.CALL_ENDED)
        assert call.receipts["2"] == Receipt(heard="", seconds=0, dropped=Dropped.CALL_ENDED)

    async def test_and_so_does_what_comes_later(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.speaker.close_nowait()
            call.speaker.close_nowait()
            call.say(HELLO)
            assert call.receipts["1"] == Receipt(heard="", seconds=0, dropped=Dropped.CALL_ENDED)


async def test_now_does_not_wait_for_what_was_sent_ahead_behind_something_firm(autojump_clock: MockClock) -> None:
    async with spoken_call(FakeVoice()) as call:
        call.say("Firm one here.", interruptible=False)
        call.say("x" * 200)
        await trio.sleep(0.5)
        call.say("Now!", priority=Priority.NOW)
        await call.speaker.wait_silent()
        assert call.receipts["1"].dropped is None
        assert call.receipts["2"].dropped is Dropped.REPLACED
        assert call.receipts["3"].dropped is None
        assert call.twilio.played.endswith(audio_of("Now!"))
