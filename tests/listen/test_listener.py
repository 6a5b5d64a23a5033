"""The listener's times, on the mock clock.

What it does over real sockets, with everything that Deepgram may do wrong: tests/scenarios/test_deepgram_faults.py.
"""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.listen.api_v1 import ApiV1
from phonegame.listen.listener import (
    AT_ONCE_BYTES,
    KEEP_ALIVE_SECONDS,
)
from phonegame.listen.pace import CATCH_UP_HEAD_START, CATCH_UP_RATE
from tests.listen.deepgram_says import results
from tests.listen.fake_deepgram import AWAY, SECOND, FakeDeepgram, listening, make_listener, play


class TestAudio:
    async def test_it_goes_out_at_once(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        listener = make_listener()
        async with listening(listener):
            listener.hear_nowait(b"hello")
            assert deepgram.sessions[0].received == b"hello"
        assert [text for _, text in deepgram.sessions[0].texts] == ["CloseStream"]

    @pytest.mark.parametrize("takes_at_once", [True, False])
    async def test_no_byte_is_lost_and_none_goes_out_twice(
        self, takes_at_once: bool, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        deepgram.takes_at_once = takes_at_once
        audio = bytes(index % 251 for index in range(BYTES_PER_SECOND))
        async with listening(listener):
            for begin in range(0, len(audio), FRAME_BYTES):
                deepgram.sessions[0].takes_at_once = takes_at_once and begin % 3 > 0
                listener.hear_nowait(audio[begin : begin + FRAME_BYTES])
                await trio.sleep(0.02)
        assert deepgram.sessions[0].received == audio

    async def test_backlog_goes_out_no_faster_than_deepgram_takes_it(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        listener.hear_nowait(SECOND * 4)
        async with listening(listener):
            await trio.sleep(10)
        sent = deepgram.sessions[0].audio
        assert sum(len(audio) for _, audio in sent) == len(SECOND * 4)
        assert all(len(audio) <= ApiV1.backlog_bytes for _, audio in sent)
        began, total = sent[0][0], 0.0
        for at, audio in sent:
            assert total <= (at - began) * CATCH_UP_RATE + CATCH_UP_HEAD_START + 1e-6
            total += len(audio) / BYTES_PER_SECOND
        assert sent[-1][0] - began == pytest.approx((3.9 - CATCH_UP_HEAD_START) / CATCH_UP_RATE)

    async def test_live_audio_waits_behind_the_backlog(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        listener = make_listener()
        listener.hear_nowait(b"1" * 2 * BYTES_PER_SECOND)
        async with listening(listener):
            listener.hear_nowait(b"2" * FRAME_BYTES)
        assert deepgram.sessions[0].received == b"1" * 2 * BYTES_PER_SECOND + b"2" * FRAME_BYTES

    @pytest.mark.parametrize("seconds_before", [0, 20])
    async def test_a_large_piece_is_cut_and_paced(
        self, seconds_before: int, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener(stall_seconds=60)
        async with listening(listener):
            await play(listener, seconds_before)
            session = deepgram.sessions[0]
            began, before = trio.current_time(), len(session.audio)
            listener.hear_nowait(SECOND * 3)
            await trio.sleep(4)
        sent = session.audio[before:]
        assert sum(len(audio) for _, audio in sent) == len(SECOND * 3)
        assert max(len(audio) for _, audio in sent) <= ApiV1.backlog_bytes
        assert sent[-1][0] - began == pytest.approx((2.9 - CATCH_UP_HEAD_START) / CATCH_UP_RATE)

    @pytest.mark.parametrize("takes_at_once", [True, False])
    @pytest.mark.parametrize("size", [FRAME_BYTES, AT_ONCE_BYTES])
    async def test_what_comes_at_once_behind_a_stall_is_paced_though_it_comes_in_small_pieces(
        self, size: int, takes_at_once: bool, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        deepgram.takes_at_once = takes_at_once
        listener = make_listener()
        async with listening(listener):
            await play(listener, 2)
            await trio.sleep(3)
            [session] = deepgram.sessions
            began, before = trio.current_time(), len(session.audio)
            for _ in range(len(SECOND * 3) // size):
                listener.hear_nowait(bytes(size))
                # as where each comes with a read of its own
                await trio.lowlevel.checkpoint()
            await play(listener, 10)
        sent = session.audio[before:]
        assert sum(len(audio) for _, audio in sent) == len(SECOND * 13)
        total = 0.0
        for at, audio in sent:
            assert total <= (at - began) * CATCH_UP_RATE + CATCH_UP_HEAD_START + 1e-6
            total += len(audio) / BYTES_PER_SECOND

    async def test_a_piece_of_the_largest_size_goes_out_at_once(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        async with listening(listener):
            listener.hear_nowait(bytes(AT_ONCE_BYTES))
            assert [len(audio) for _, audio in deepgram.sessions[0].audio] == [AT_ONCE_BYTES]


class TestKeepAlive:
    async def test_it_is_sent_while_no_audio_comes(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        async with listening(make_listener()):
            await trio.sleep(60)
        times = [at for at, text in deepgram.sessions[0].texts if text == "KeepAlive"]
        began = deepgram.attempts[0]
        assert times == pytest.approx([began + n * KEEP_ALIVE_SECONDS for n in range(1, 60 // KEEP_ALIVE_SECONDS + 1)])

    async def test_it_is_not_sent_while_audio_comes(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        listener = make_listener()
        async with listening(listener):
            await play(listener, 12)
        assert [text for _, text in deepgram.sessions[0].texts] == ["CloseStream"]

    async def test_deepgram_never_waits_for_ten_seconds(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        async with listening(listener):
            for pause in (3, 5, 7, 9, 11, 20):
                await play(listener, 0.1)
                await trio.sleep(pause)
        session = deepgram.sessions[0]
        times = sorted([at for at, _ in session.audio] + [at for at, _ in session.texts])
        assert max(after - before for before, after in pairwise(times)) < 10


class TestEnd:
    async def test_the_end_of_the_call_cuts_the_wait_for_the_next_attempt_short(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        deepgram.failure = AWAY
        listener = make_listener(reconnect_seconds=math.inf)
        async with listening(listener):
            await play(listener, 10)
            deepgram.failure = None
            ended_at = trio.current_time()
            listener.finish()
            await trio.testing.wait_all_tasks_blocked()
            assert len(deepgram.sessions) == 1
            assert trio.current_time() == ended_at

    async def test_the_end_of_the_call_is_no_reason_to_ask_deepgram_without_pause(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        deepgram.failure = AWAY
        listener = make_listener(reconnect_seconds=3)
        listener.finish()
        began = trio.current_time()
        await listener.run()
        assert trio.current_time() - began > 1
        assert listener.failure is AWAY

    async def test_audio_from_before_the_first_session_is_still_sent(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        listener.hear_nowait(SECOND)
        listener.finish()
        await listener.run()
        assert deepgram.sessions[0].received == SECOND
        assert [text for _, text in deepgram.sessions[0].texts] == ["CloseStream"]

    async def test_the_last_interim_is_delivered_when_it_is_cancelled(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = make_listener()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listener.run)
            await trio.sleep(1)
            deepgram.sessions[0].says.send_nowait(results("good bye"))
            assert (await listener.heard.receive()).is_interim
            nursery.cancel_scope.cancel()
        last = listener.heard.receive_nowait()
        assert last.results is not None
        assert (last.results.best.transcript, last.results.is_final) == ("good bye", True)
        with pytest.raises(trio.EndOfChannel):
            listener.heard.receive_nowait()

    async def test_an_interim_without_a_final_is_asked_for_and_then_delivered(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        async with listening(make_listener()) as heard:
            began = trio.current_time()
            deepgram.sessions[0].says.send_nowait(results("hello"))
            await trio.sleep(3.6)
            assert [each.is_interim for each in heard] == [True, False]
        assert deepgram.sessions[0].texts[0] == (began + 2.5, "Finalize")
