"""What the listener does when a session is lost or does not come about, on the mock clock."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.deepgram.failures import DeepgramFailure
from phonegame.listen.audio_buffer import KEEP_SECONDS
from phonegame.listen.listener import HEARD_QUEUE, SETTLED_SECONDS
from tests.listen.deepgram_says import results
from tests.listen.fake_deepgram import AWAY, SECOND, FakeDeepgram, listening, make_listener, play


class TestReconnect:
    async def test_it_gives_up_after_reconnect_seconds(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        deepgram.failure = AWAY
        listener = make_listener(reconnect_seconds=30)
        outcomes: list[str] = []
        listener.on_failed = outcomes.append
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listener.run)
            async for _ in listener.heard:
                pytest.fail("nothing was said")
        assert listener.failure is AWAY
        assert outcomes == ["away"] * (len(deepgram.attempts) - 1) + ["given_up"]
        assert 20 < trio.current_time() - began <= 30
        # 0.25, 0.5, 1, 2, and then every 4 s, give or take a quarter
        assert 9 <= len(deepgram.attempts) <= 13

    async def test_a_failure_that_will_not_pass_is_not_tried_again(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        deepgram.failure = DeepgramFailure("wrong key", passing=False)
        listener = make_listener()
        await listener.run()
        assert listener.failure is deepgram.failure
        assert len(deepgram.attempts) == 1

    async def test_what_would_not_pass_at_first_may_pass_where_there_were_results(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        async with listening(make_listener()):
            await trio.sleep(1)
            session = deepgram.sessions[0]
            session.end = DeepgramFailure("1008 DATA-0001", passing=False)
            session.says.send_nowait(results("one", final=True))
            await trio.sleep(0.1)
            session.says.close()
            await trio.sleep(2)
            assert len(deepgram.sessions) == 2
            assert deepgram.sessions[1].end is AWAY

    async def test_audio_without_a_result_is_sent_again(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        async with listening(listener) as heard:
            listener.hear_nowait(b"1" * BYTES_PER_SECOND + b"2" * BYTES_PER_SECOND)
            await trio.sleep(2)
            deepgram.sessions[0].says.send_nowait(results("one two", final=True))
            await trio.sleep(0.1)
            deepgram.sessions[0].says.close()
            await trio.sleep(2)
            deepgram.sessions[1].says.send_nowait(results("three", final=True))
            await trio.sleep(0.1)
        assert deepgram.sessions[1].received == b"2" * BYTES_PER_SECOND
        assert [each.results.start for each in heard if each.results] == [0.0, 1.0]

    async def test_what_waits_for_a_slow_call_when_the_session_ends_is_not_lost(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        starts = [float(number) for number in range(HEARD_QUEUE + 10)]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listener.run)
            await trio.sleep(1)
            (session,) = deepgram.sessions
            session.takes_at_once, session.is_blocked = False, True
            for start in starts:
                session.says.send_nowait(results("hello", start, final=True))
            await trio.sleep(1)
            # more than it keeps, and none of it can be sent
            listener.hear_nowait(SECOND * 8)
            await trio.sleep(1)
            session.says.close()
            listener.finish()
            heard = [each.results.start async for each in listener.heard if each.results is not None]
        # one had been read from the session beyond those that the queue takes
        assert heard == starts[: HEARD_QUEUE + 1]

    async def test_words_are_timed_right_after_a_gap_too_long_to_be_sent(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        async with listening(listener) as heard:
            await play(listener, 1)
            listener.hear_nowait(SECOND * 8)
            await trio.sleep(1)
            deepgram.sessions[1].says.send_nowait(results("hello", 1.0, final=True))
            await trio.sleep(0.1)
        assert [each.results.start for each in heard if each.results] == [9.0 - KEEP_SECONDS + 1.0]

    async def test_a_session_that_takes_no_audio_is_left_before_its_times_are_wrong(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        async with listening(listener) as heard:
            await play(listener, 1)
            deepgram.sessions[0].takes_at_once, deepgram.sessions[0].is_blocked = False, True
            deepgram.sessions[0].says.send_nowait(results("cut", 0.5))
            await play(listener, KEEP_SECONDS + 3)
            assert len(deepgram.sessions) == 2
            await trio.sleep(8)
            resumed_at = listener.position - len(deepgram.sessions[1].received) / BYTES_PER_SECOND
            deepgram.sessions[1].says.send_nowait(results("hello", 2.0, final=True))
            await trio.sleep(0.1)
        starts = {each.results.best.transcript: each.results.start for each in heard if each.results}
        assert starts == {"cut": 0.5, "hello": pytest.approx(resumed_at + 2.0)}
        assert not next(each for each in reversed(heard) if each.results and each.results.start == 0.5).is_interim

    @pytest.mark.parametrize("away_seconds", [4.9, 5.1, 5.7, 5.95, 6.1, 9])
    async def test_what_is_sent_after_a_while_away_has_no_hole(
        self, away_seconds: float, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        deepgram.opens_in = away_seconds
        listener = make_listener(stall_seconds=60)
        async with listening(listener):
            for number in range(1000):
                listener.hear_nowait(number.to_bytes(2, "big") * (FRAME_BYTES // 2))
                await trio.sleep(FRAME_BYTES / BYTES_PER_SECOND)
        (session,) = deepgram.sessions
        frames = [int.from_bytes(session.received[at : at + 2], "big") for at in range(0, len(session.received), 160)]
        assert frames == list(range(frames[0], 1000))

    async def test_only_so_much_is_sent_again(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        listener = make_listener()
        async with listening(listener):
            await play(listener, 12)
            deepgram.sessions[0].says.close()
            await trio.sleep(20)
        again = len(deepgram.sessions[1].received) / BYTES_PER_SECOND
        assert again == KEEP_SECONDS

    @pytest.mark.parametrize("message", ['{"type":"Metadata"}', '{"type":"SpeechStarted","timestamp":0}', "nonsense"])
    async def test_a_deepgram_that_opens_and_closes_is_given_up(
        self, message: str, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        deepgram.closes_after = message
        listener = make_listener(reconnect_seconds=30)
        began = trio.current_time()
        async with listening(listener):
            await trio.sleep(60)
        assert listener.failure is not None
        assert 9 <= len(deepgram.attempts) <= 13
        assert deepgram.attempts[-1] - began <= 30

    async def test_one_that_gives_results_is_not(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        deepgram.closes_after = results("", final=True)
        listener = make_listener(reconnect_seconds=3)
        async with listening(listener):
            await trio.sleep(10)
            assert len(deepgram.attempts) >= 30
            deepgram.closes_after = None

    async def test_a_long_session_without_a_word_is_reason_enough_to_try_again(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener(reconnect_seconds=3)
        async with listening(listener):
            await trio.sleep(SETTLED_SECONDS + 2)
            deepgram.sessions[0].says.close()
            await trio.sleep(1)
            assert len(deepgram.sessions) == 2

    async def test_a_deepgram_that_never_answers_is_given_up(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener(reconnect_seconds=30, stall_seconds=15)
        async with listening(listener):
            await play(listener, 60)
        assert listener.failure is not None
        assert "not answered" in str(listener.failure)

    async def test_a_deepgram_that_does_not_answer_is_left(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener(stall_seconds=3)
        async with listening(listener):
            await play(listener, 5)
            assert len(deepgram.sessions) == 2
            deepgram.sessions[-1].says.send_nowait(results(""))
