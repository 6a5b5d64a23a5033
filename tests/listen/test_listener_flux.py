"""A listener at Flux, on the mock clock."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES, SILENCE
from phonegame.deepgram.failures import DeepgramFailure
from phonegame.listen.api_flux import ApiFlux
from phonegame.listen.audio_buffer import KEEP_SECONDS
from phonegame.listen.heard import Heard
from phonegame.listen.listener import KEEP_ALIVE_SECONDS, SILENCE_SECONDS, Listener
from phonegame.listen.pace import CATCH_UP_HEAD_START, CATCH_UP_RATE
from tests.listen.fake_deepgram import SECOND, FakeDeepgram, FakeSession, listening, make_listener, play
from tests.listen.flux_says import turn

URL = "ws://deepgram/v2/listen?model=flux-general-en"
CHUNK = ApiFlux.piece_bytes


def flux(url: str = URL, *, stall_seconds: float = 15) -> Listener:
    return make_listener(url=url, stall_seconds=stall_seconds)


def texts(session: FakeSession) -> list[str]:
    return [text for _, text in session.texts]


def finals(heard: list[Heard]) -> list[str]:
    return [each.results.best.transcript for each in heard if each.results and not each.is_interim]


class TestAudio:
    @pytest.mark.parametrize("takes_at_once", [True, False], ids=["plain", "tls"])
    async def test_it_goes_out_in_pieces_of_80_ms(
        self, takes_at_once: bool, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        deepgram.takes_at_once = takes_at_once
        listener = flux()
        async with listening(listener):
            for number in range(50):
                listener.hear_nowait(number.to_bytes(1, "big") * FRAME_BYTES)
                await trio.sleep(FRAME_BYTES / BYTES_PER_SECOND)
        (session,) = deepgram.sessions
        assert session.received == b"".join(number.to_bytes(1, "big") * FRAME_BYTES for number in range(50))
        sizes = [len(audio) for _, audio in session.audio]
        # the rest comes at the end of the call
        assert sizes == [CHUNK] * 12 + [2 * FRAME_BYTES]
        assert texts(session) == ["CloseStream"]

    async def test_backlog_goes_in_such_pieces_too_and_live_audio_behind_it(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = flux()
        audio = b"".join(number.to_bytes(2, "big") * (FRAME_BYTES // 2) for number in range(200))
        listener.hear_nowait(audio)
        async with listening(listener):
            for number in range(200, 400):
                listener.hear_nowait(number.to_bytes(2, "big") * (FRAME_BYTES // 2))
                await trio.sleep(FRAME_BYTES / BYTES_PER_SECOND)
        sent = deepgram.sessions[0].audio
        received = b"".join(piece for _, piece in sent)
        assert [int.from_bytes(received[at : at + 2], "big") for at in range(0, len(received), FRAME_BYTES)] == list(
            range(400)
        )
        assert max(len(piece) for _, piece in sent) <= CHUNK
        fastest = len(received) / BYTES_PER_SECOND - CATCH_UP_HEAD_START - CHUNK / BYTES_PER_SECOND
        assert sent[-1][0] - sent[0][0] >= fastest / CATCH_UP_RATE - 1e-6


class TestSilence:
    async def test_it_is_sent_while_a_turn_waits_for_its_end(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = flux()
        async with listening(listener) as heard:
            await play(listener, 1)
            (session,) = deepgram.sessions
            session.says.send_nowait(turn("StartOfTurn", "one two"))
            await trio.sleep(3)
            added = session.received[len(SECOND) :]
            assert not added.strip(SILENCE)
            assert 3 - 2 * SILENCE_SECONDS <= len(added) / BYTES_PER_SECOND <= 3
            assert max(len(audio) for _, audio in session.audio) == CHUNK
            session.says.send_nowait(turn("EndOfTurn", "one two", (0.0, 3.0)))
            await trio.sleep(SILENCE_SECONDS)
            sent = len(session.received)
            await trio.sleep(5)
            assert len(session.received) == sent
        assert finals(heard) == ["one two"]

    async def test_it_does_not_count_as_the_calls(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        listener = flux()
        async with listening(listener) as heard:
            await play(listener, 1)
            (session,) = deepgram.sessions
            session.says.send_nowait(turn("StartOfTurn", "one"))
            await trio.sleep(3)
            added = len(session.received) / BYTES_PER_SECOND - 1
            assert added > 0
            await play(listener, 2)
            assert listener.position == 3
            session.says.send_nowait(turn("EndOfTurn", [("one", 0.0, 0.5), ("two", 1.5 + added, 2 + added)]))
            await trio.sleep(0.1)
        final = next(each.results for each in heard if each.results and not each.is_interim)
        assert [(word.start, word.end) for word in final.best.words] == [(0.0, 0.5), (1.5, 2.0)]

    async def test_it_is_not_sent_between_turns_nor_while_audio_comes(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = flux()
        async with listening(listener):
            deepgram.sessions[0].says.send_nowait(turn("StartOfTurn", "one"))
            await play(listener, 2)
            deepgram.sessions[0].says.send_nowait(turn("EndOfTurn", "one", (0.0, 2.0)))
            await trio.sleep(10)
        assert deepgram.sessions[0].received == SECOND * 2


class TestKeepAlive:
    async def test_it_is_a_ping(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        async with listening(flux()):
            await trio.sleep(60)
        (session,) = deepgram.sessions
        assert texts(session) == ["CloseStream"]
        assert max(after - before for before, after in pairwise(session.pings)) == pytest.approx(KEEP_ALIVE_SECONDS)
        assert len(session.pings) == 60 // KEEP_ALIVE_SECONDS

    async def test_one_that_is_not_answered_means_another_session(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        async with listening(flux()):
            deepgram.sessions[0].ping_failure = DeepgramFailure("no pong", passing=True)
            await trio.sleep(KEEP_ALIVE_SECONDS + 2)
            assert len(deepgram.sessions) == 2


class TestStall:
    async def test_a_turn_without_an_end_is_left_and_heard_again(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = flux(URL + "&eot_timeout_ms=500")
        async with listening(listener) as heard:
            await play(listener, 1)
            deepgram.sessions[0].says.send_nowait(turn("StartOfTurn", "one two"))
            await play(listener, 2.9)
            assert len(deepgram.sessions) == 1
            await play(listener, 1.6)
            assert len(deepgram.sessions) == 2
            assert finals(heard) == []
            await play(listener, 1)
            deepgram.sessions[1].says.send_nowait(turn("EndOfTurn", "one two"))
            await trio.sleep(0.1)
        assert finals(heard) == ["one two"]

    async def test_one_too_long_to_be_heard_again_is_delivered_as_it_is(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = flux()
        async with listening(listener) as heard:
            await play(listener, 1)
            deepgram.sessions[0].says.send_nowait(turn("StartOfTurn", "one two"))
            await play(listener, 17)
            assert len(deepgram.sessions) == 2
            assert finals(heard) == ["one two"]
            await trio.sleep(8)
            again = len(deepgram.sessions[1].received.rstrip(SILENCE)) / BYTES_PER_SECOND
            assert again <= KEEP_SECONDS + 4

    async def test_updates_are_answers(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        listener = flux(stall_seconds=3)
        async with listening(listener) as heard:
            for second in range(20):
                deepgram.sessions[0].says.send_nowait(turn("Update", window=(0.0, float(second))))
                await play(listener, 1)
        assert len(deepgram.sessions) == 1
        assert heard == []


class TestSessions:
    async def test_what_no_end_of_turn_covers_is_sent_again(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = flux()
        async with listening(listener) as heard:
            listener.hear_nowait(b"1" * BYTES_PER_SECOND + b"2" * BYTES_PER_SECOND)
            await trio.sleep(2)
            first = deepgram.sessions[0]
            first.says.send_nowait(turn("EndOfTurn", "one two", (0.0, 1.0)))
            first.says.send_nowait(turn("StartOfTurn", "three", (1.0, 1.6), index=1))
            await trio.sleep(0.1)
            first.says.close()
            await trio.sleep(2)
            deepgram.sessions[1].says.send_nowait(turn("EndOfTurn", "three", (0.0, 1.0)))
            await trio.sleep(0.1)
        assert deepgram.sessions[1].received == b"2" * BYTES_PER_SECOND
        assert finals(heard) == ["one two", "three"]
        assert [each.results.start for each in heard if each.results and not each.is_interim] == [0.0, 1.0]

    async def test_an_interim_is_not_asked_for_however_long_it_stays(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        listener = flux()
        async with listening(listener) as heard:
            deepgram.sessions[0].says.send_nowait(turn("StartOfTurn", "one"))
            for _ in range(30):
                deepgram.sessions[0].says.send_nowait(turn("Update", "one"))
                await play(listener, 0.25)
            assert finals(heard) == []
            assert texts(deepgram.sessions[0]) == []

    async def test_a_turn_that_the_end_of_the_call_leaves_open_is_delivered_as_final(
        self, deepgram: FakeDeepgram, autojump_clock: MockClock
    ) -> None:
        """Flux answers `CloseStream` by Updates, and no EndOfTurn."""
        listener = flux()
        async with listening(listener) as heard:
            deepgram.sessions[0].takes_leave = False
            deepgram.sessions[0].says.send_nowait(turn("StartOfTurn", "good"))
            await trio.sleep(0.1)
            listener.finish()
            await trio.sleep(0.1)
            assert texts(deepgram.sessions[0]) == ["CloseStream"]
            deepgram.sessions[0].says.send_nowait(turn("Update", "good bye"))
            deepgram.sessions[0].says.close()
        assert finals(heard) == ["good bye"]

    async def test_its_vocabulary_is_configured(self, deepgram: FakeDeepgram, autojump_clock: MockClock) -> None:
        deepgram.configure_answer = '{"type":"ConfigureSuccess","keyterms":[]}'
        listener = flux(URL + "&keyterm=own")
        async with listening(listener) as heard:
            listener.expect_nowait(["zorg"])
            await play(listener, 1)
            listener.expect_nowait([])
            await play(listener, 1)
        assert deepgram.sessions[0].configured == [["own", "zorg"], ["own"]]
        assert heard == []
