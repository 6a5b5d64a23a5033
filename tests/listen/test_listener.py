"""The listener's times, on the mock clock: `FakeDeepgram` stands where a session over a socket would be.

What it does over real sockets, with everything that Deepgram may do wrong: tests/scenarios/test_deepgram_faults.py.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.deepgram.failures import DeepgramFailure
from phonegame.listen import listener as listener_module
from phonegame.listen.audio_buffer import KEEP_SECONDS
from phonegame.listen.listener import (
    AT_ONCE_BYTES,
    CATCH_UP_HEAD_START,
    CATCH_UP_RATE,
    KEEP_ALIVE_SECONDS,
    PIECE_BYTES,
    SETTLED_SECONDS,
    Listener,
)
from phonegame.listen.transcript import Heard
from tests.listen.deepgram_says import results

AWAY = DeepgramFailure("away", passing=True)
SECOND = bytes(BYTES_PER_SECOND)


class FakeSession:
    """Takes everything, and says what it is told to."""

    def __init__(self, *, takes_at_once: bool) -> None:
        self.takes_at_once = takes_at_once
        self.is_blocked = False
        self.audio: list[tuple[float, bytes]] = []
        self.texts: list[tuple[float, str]] = []
        self.says, self._messages = trio.open_memory_channel[str](100)

    def send_audio_nowait(self, audio: bytes) -> bool:
        if self.takes_at_once:
            self.audio.append((trio.current_time(), audio))
        return self.takes_at_once

    async def send_audio(self, audio: bytes) -> None:
        await trio.lowlevel.checkpoint()
        if self.is_blocked:
            await trio.sleep_forever()
        self.audio.append((trio.current_time(), audio))

    async def send_text(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        self.texts.append((trio.current_time(), json.loads(text)["type"]))
        if self.texts[-1][1] == "CloseStream":
            self.says.close()

    async def receive(self) -> str:
        try:
            return await self._messages.receive()
        except trio.EndOfChannel:
            raise AWAY from None

    @property
    def received(self) -> bytes:
        return b"".join(audio for _, audio in self.audio)


class FakeDeepgram:
    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.attempts: list[float] = []
        self.failure: DeepgramFailure | None = None
        self.takes_at_once = True
        self.opens_in = 0.0
        self.closes_after: str | None = None
        """Each session says this, and ends."""

    @asynccontextmanager
    async def open_session(self, url: str, key: str) -> AsyncIterator[FakeSession]:
        self.attempts.append(trio.current_time())
        await trio.sleep(self.opens_in)
        if self.failure is not None:
            raise self.failure
        self.sessions.append(FakeSession(takes_at_once=self.takes_at_once))
        if self.closes_after is not None:
            self.sessions[-1].says.send_nowait(self.closes_after)
            self.sessions[-1].says.close()
        yield self.sessions[-1]


@pytest.fixture
def deepgram(monkeypatch: pytest.MonkeyPatch) -> FakeDeepgram:
    deepgram = FakeDeepgram()
    monkeypatch.setattr(listener_module, "open_session", deepgram.open_session)
    return deepgram


def make_listener(*, reconnect_seconds: float = 30, stall_seconds: float = 15) -> Listener:
    return Listener(
        "ws://deepgram/",
        "key",
        final_seconds=2.5,
        reconnect_seconds=reconnect_seconds,
        stall_seconds=stall_seconds,
    )


@asynccontextmanager
async def listening(listener: Listener) -> AsyncIterator[list[Heard]]:
    """Gives what is heard; finishes the call at the end of the block."""
    heard: list[Heard] = []

    async def collect() -> None:
        with listener.heard:
            async for each in listener.heard:
                heard.append(each)  # noqa: PERF401 (a comprehension would show it at the end only)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        nursery.start_soon(collect)
        await trio.sleep(0.001)
        yield heard
        listener.finish()


async def play(listener: Listener, seconds: float, each_frame: Callable[[], object] = lambda: None) -> None:
    """Frames at Twilio's pace."""
    for _ in range(round(seconds * BYTES_PER_SECOND / FRAME_BYTES)):
        listener.hear_nowait(bytes(FRAME_BYTES))
        each_frame()
        await trio.sleep(FRAME_BYTES / BYTES_PER_SECOND)


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
        assert all(len(audio) <= PIECE_BYTES for _, audio in sent)
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
        assert max(len(audio) for _, audio in sent) <= PIECE_BYTES
        assert sent[-1][0] - began == pytest.approx((2.9 - CATCH_UP_HEAD_START) / CATCH_UP_RATE)

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


class TestReconnect:
    async def test_it_gives_up_after_reconnect_seconds(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        deepgram.failure = AWAY
        listener = make_listener(reconnect_seconds=30)
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listener.run)
            async for _ in listener.heard:
                pytest.fail("nothing was said")
        assert listener.failure is AWAY
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
            await trio.sleep(3)
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
