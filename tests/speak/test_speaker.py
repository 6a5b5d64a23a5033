from __future__ import annotations

import itertools

import pytest
import structlog.testing
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.speak.saying import Dropped, Priority, Receipt
from phonegame.speak.speaker import LEAD_SECONDS, PIECE_BYTES
from phonegame.speak.synthesis import VOICE_SECONDS
from tests.speak.fake_voice import FakeVoice, audio_of, clip
from tests.speak.spoken_call import STREAM, spoken_call, whole_audio

HELLO = "Hello there. How are you?"
HELLO_SECONDS = 1.2
"""12 characters each."""
LONG = "A sentence that goes on. " * 40
LONGEST_LEAD = LEAD_SECONDS + PIECE_BYTES / BYTES_PER_SECOND + 1e-9


class TestPace:
    @pytest.mark.parametrize("text", ["Hi.", HELLO, LONG], ids=["short", "two sentences", "long"])
    async def test_what_is_played_is_what_was_synthesised(self, text: str, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            said = call.said[call.say(text)]
            await call.speaker.wait_silent()
            assert call.twilio.played == whole_audio(said)
            assert call.twilio.stream_sids == {STREAM}

    async def test_every_piece_but_a_sentence_s_last_is_made_of_whole_frames(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(chunk_bytes=77, speed=1.5)) as call:
            call.say(LONG)
            await call.speaker.wait_silent()
            events = call.twilio.sent
            sizes = [len(audio) for (_, event, audio), (_, after, _) in itertools.pairwise(events) if after == "media"]
            assert all(size % FRAME_BYTES == 0 for size in sizes)
            assert max(sizes) == PIECE_BYTES

    async def test_audio_is_sent_just_ahead_of_its_playback(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say(audio=clip(3))
            await call.speaker.wait_silent()
            assert call.twilio.longest_lead <= LONGEST_LEAD
            last_sent = max(at for at, event, _ in call.twilio.sent if event == "media")
            assert last_sent == pytest.approx(3 - PIECE_BYTES / BYTES_PER_SECOND - LEAD_SECONDS)

    async def test_minutes_do_not_drift(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            sound = clip(4.9999)
            call.on_finished = lambda *_: call.say(audio=sound) if len(call.said) < 30 else None
            call.say(audio=sound)
            call.say(audio=sound)
            await call.speaker.wait_silent()
            assert trio.current_time() == pytest.approx(30 * len(sound) / BYTES_PER_SECOND, abs=1e-6)
            assert (call.twilio.longest_lead <= LONGEST_LEAD, call.twilio.pauses) == (True, [])

    async def test_the_first_piece_goes_as_soon_as_a_frame_is_there(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(first_after=0.3, speed=1, chunk_bytes=FRAME_BYTES)) as call:
            call.say(HELLO)
            await call.speaker.wait_silent()
            at, _, piece = call.twilio.sent[0]
            assert at == pytest.approx(0.32)
            assert len(piece) == FRAME_BYTES

    async def test_sentences_of_a_live_voice_follow_each_other_without_a_pause(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(first_after=0.25, speed=1.1, chunk_bytes=480)) as call:
            call.say(LONG)
            call.say(HELLO)
            await call.speaker.wait_silent()
            assert call.twilio.pauses == []

    async def test_clips_follow_each_other_without_a_pause(self, autojump_clock: MockClock) -> None:
        async with spoken_call(delay=0.1) as call:
            sounds = [clip(seconds) for seconds in (0.5, 0.0101, 3, 0.001, 0.3)]
            for sound in sounds:
                call.say(audio=sound)
            await call.speaker.wait_silent()
            assert call.twilio.pauses == []
            assert call.twilio.played == b"".join(sounds)

    async def test_a_voice_that_falls_behind_makes_pauses_and_loses_nothing(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(speed=0.5, chunk_bytes=FRAME_BYTES)) as call:
            said = call.said[call.say(HELLO)]
            await call.speaker.wait_silent()
            assert call.twilio.played == whole_audio(said)
            assert call.twilio.pauses
            assert call.twilio.longest_lead <= LONGEST_LEAD

    async def test_after_a_pause_of_the_voice_audio_does_not_pile_up(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(fails_at=4000, error=None)) as call:
            call.say(HELLO)
            await trio.sleep(5)
            call.speaker.clear_nowait()
            call.say(audio=clip(2))
            await call.speaker.wait_silent()
            assert call.twilio.longest_lead <= LONGEST_LEAD

    async def test_after_silence_audio_is_sent_at_once(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say(HELLO)
            await trio.sleep(60)
            call.say(HELLO)
            await wait_all_tasks_blocked()
            assert call.twilio.sent[-1][0] == trio.current_time() == 60

    async def test_nothing_is_sent_before_the_stream_has_begun(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(first_after=1), begun=False) as call:
            call.say(HELLO)
            await trio.sleep(5)
            assert call.twilio.sent == []
            call.speaker.begin_nowait(STREAM)
            await wait_all_tasks_blocked()
            assert call.twilio.sent[0][0] == 5, "it had been synthesised meanwhile"

    async def test_a_blocked_socket_delays_and_piles_up_nothing(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            said = call.said[call.say(audio=clip(2))]
            await trio.sleep(0.5)
            call.twilio.blocked = 3
            await trio.sleep(0.5)
            call.twilio.blocked = 0
            await call.speaker.wait_silent()
            assert call.twilio.played == said.audio
            assert call.twilio.longest_lead <= LONGEST_LEAD


class TestSynthesis:
    async def test_one_sentence_is_synthesised_ahead(self, autojump_clock: MockClock) -> None:
        voice = FakeVoice()
        async with spoken_call(voice) as call:
            call.say("One one one. Two two two. Three three three.")
            await wait_all_tasks_blocked()
            assert voice.asked == ["One one one.", "Two two two."]
            await call.speaker.wait_silent()
            assert voice.asked == ["One one one.", "Two two two.", "Three three three."]

    async def test_so_is_the_first_one_of_the_next_saying(self, autojump_clock: MockClock) -> None:
        voice = FakeVoice()
        async with spoken_call(voice) as call:
            for text in ("One.", "Two.", "Three."):
                call.say(text * 10)
            await wait_all_tasks_blocked()
            assert voice.asked == ["One." * 10, "Two." * 10]

    async def test_what_was_synthesised_ahead_and_is_not_next_any_more_is_dropped(
        self, autojump_clock: MockClock
    ) -> None:
        voice = FakeVoice(speed=1.5)
        async with spoken_call(voice) as call:
            call.say("The first of them, which is long.")
            call.say("The second of them, which is long.")
            await trio.sleep(0.5)
            assert len(voice.at_work) == 2
            call.say("This one is next.", priority=Priority.NEXT)
            await wait_all_tasks_blocked()
            assert voice.at_work == ["The first of them, which is long.", "This one is next."]
            await call.speaker.wait_silent()
            assert call.twilio.played == b"".join(audio_of(call.said[say_id].text) for say_id in ("1", "3", "2"))

    @pytest.mark.parametrize("fails_at", [0, 2000])
    async def test_a_voice_that_fails_ends_its_saying_alone(self, fails_at: int, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.voices.voices["broken"] = FakeVoice(fails_at=fails_at)
            call.say(HELLO)
            call.say(HELLO, voice="broken")
            call.say(HELLO)
            await call.speaker.wait_silent()
            receipt = call.receipts["2"]
            assert (receipt.dropped, receipt.error) == (Dropped.VOICE_FAILED, "out of order")
            assert receipt.seconds * BYTES_PER_SECOND == fails_at
            assert [say_id for what, say_id in call.log if what == "finished"] == ["1", "2", "3"]
            assert call.receipts["3"] == Receipt(heard=HELLO, seconds=HELLO_SECONDS)
            assert call.twilio.played == call.heard_audio

    async def test_what_was_heard_before_the_voice_failed_is_told(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(fails_at=5000)) as call:
            call.say("Hi. This one is a sentence that is longer.")
            await call.speaker.wait_silent()
            assert call.receipts["1"].heard == "Hi. This one is"

    async def test_an_error_in_a_voice_is_its_failure_and_the_call_lives(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(fails_at=0, error=ZeroDivisionError("boom"))) as call:
            with structlog.testing.capture_logs() as logs:
                call.say(HELLO)
                call.say(audio=clip(0.5))
                await call.speaker.wait_silent()
            assert call.receipts["1"].dropped is Dropped.VOICE_FAILED
            assert "fake" in (call.receipts["1"].error or "")
            assert call.receipts["2"].dropped is None
        # with its traceback
        assert [(log["event"], log["exc_info"]) for log in logs] == [("error in a voice", True)]

    async def test_a_voice_that_delivers_nothing_is_given_up(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(fails_at=0, error=None)) as call:
            call.say(HELLO)
            await call.speaker.wait_silent()
            assert trio.current_time() == VOICE_SECONDS
            assert call.receipts["1"].dropped is Dropped.VOICE_FAILED

    async def test_a_slow_voice_is_not_given_up(self, autojump_clock: MockClock) -> None:
        async with spoken_call(FakeVoice(first_after=VOICE_SECONDS - 1, speed=0.1, chunk_bytes=400)) as call:
            call.say(HELLO)
            await call.speaker.wait_silent()
            assert call.receipts["1"].heard == HELLO

    async def test_without_a_voice_the_receipt_comes_at_once(self, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.say(HELLO, voice="nobody")
            assert call.receipts["1"].dropped is Dropped.VOICE_FAILED
            assert "PHONEGAME_VOICE" in (call.receipts["1"].error or "")

    @pytest.mark.parametrize("text", ["", "  \n", "..."])
    async def test_a_saying_without_a_sound_is_finished_in_its_turn(self, text: str, autojump_clock: MockClock) -> None:
        async with spoken_call() as call:
            call.voices.voices["silent"] = FakeVoice(silent=True)
            call.say(HELLO)
            call.say(text, voice="silent")
            call.say(HELLO)
            await call.speaker.wait_silent()
            assert call.receipts["2"] == Receipt(heard=text, seconds=0)
            assert [say_id for what, say_id in call.log if what == "finished"] == ["1", "2", "3"]
