"""A session is left for one that has the game's words in its URL, on the mock clock.

That no word is lost: test_vocabulary_never_loses.py.
"""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from phonegame.audio import BYTES_PER_SECOND
from phonegame.deepgram.failures import DeepgramFailure
from phonegame.listen.listener import GOODBYE_SECONDS, QUIET_SECONDS
from phonegame.listen.vocabulary import ANSWER_SECONDS
from tests.listen.deepgram_says import results
from tests.listen.fake_deepgram import AWAY, SECOND, FakeDeepgram, listening, play
from tests.listen.vocabulary_wishes import REGIONAL_URL, URL, failure, make, types


@pytest.mark.parametrize(
    ("url", "answer", "seconds"),
    [
        pytest.param(REGIONAL_URL, None, 0, id="the host takes no Configure"),
        pytest.param(URL, None, ANSWER_SECONDS, id="no answer"),
        pytest.param(URL, failure("CONFIGURE_KEYTERMS_NOT_SUPPORTED"), 0, id="not supported"),
        pytest.param(URL, failure("CONFIGURE_ALREADY_PENDING"), 0, id="pending"),
        pytest.param(URL, failure("CONFIGURE_INTERNAL_ERROR"), 0, id="internal"),
        pytest.param(URL, '{"type":"ConfigureFailure"}', 0, id="no reason"),
    ],
)
async def test_it_gets_the_words_where_this_one_cannot(
    url: str,
    answer: str | None,
    seconds: float,
    deepgram: FakeDeepgram,
    refused: list[str],
    capsys: pytest.CaptureFixture[str],
    autojump_clock: MockClock,
) -> None:
    listener, deepgram.configure_answer = make(refused, url), answer
    async with listening(listener) as heard:
        await play(listener, 1)
        wished_at = trio.current_time()
        listener.expect_nowait(["zorg", "own"])
        await play(listener, 10)
        assert deepgram.urls == [url, url + "&keyterm=zorg"]
        # no back-off
        assert deepgram.attempts[1] == pytest.approx(wished_at + seconds, abs=0.05)
        assert types(deepgram.sessions[0])[-1] == "CloseStream"
        assert deepgram.sessions[1].configured == []
        assert heard == []
    assert refused == []
    assert "warning" not in capsys.readouterr().out


async def test_a_host_that_does_not_answer_is_not_asked_again(
    deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
) -> None:
    listener = make(refused)
    async with listening(listener):
        listener.expect_nowait(["a"])
        await trio.sleep(5)
        wished_at = trio.current_time()
        listener.expect_nowait(["b"])
        await trio.sleep(5)
        assert deepgram.attempts[2] == wished_at
        assert deepgram.urls[2] == URL + "&keyterm=b"
        assert [len(session.configured) for session in deepgram.sessions] == [1, 0, 0]


async def test_it_has_the_newest_words(deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock) -> None:
    listener = make(refused)
    async with listening(listener):
        listener.expect_nowait(["a"])
        await trio.sleep(1)
        listener.expect_nowait(["b"])
        await trio.sleep(10)
        assert deepgram.urls[1:] == [URL + "&keyterm=b"]


async def test_it_comes_when_the_words_that_wait_are_final(
    deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
) -> None:
    listener = make(refused, REGIONAL_URL)
    async with listening(listener) as heard:
        await play(listener, 1)
        deepgram.sessions[0].says.send_nowait(results("hello"))
        await play(listener, 0.1)
        listener.expect_nowait(["zorg"])
        await play(listener, 2)
        assert len(deepgram.sessions) == 1
        deepgram.sessions[0].says.send_nowait(results("hello there", final=True))
        await play(listener, 0.5)
        assert len(deepgram.sessions) == 2
    assert [each.results.best.transcript for each in heard if each.results] == ["hello", "hello there"]


async def test_it_does_not_wait_for_ever(deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock) -> None:
    listener = make(refused, REGIONAL_URL)
    async with listening(listener):
        deepgram.sessions[0].says.send_nowait(results("a"))
        await trio.sleep(0.1)
        wished_at = trio.current_time()
        listener.expect_nowait(["zorg"])
        for number in range(5):
            deepgram.sessions[0].says.send_nowait(results("a" + number * " a"))
            await play(listener, 1)
        await trio.sleep(0.1)
        assert deepgram.attempts[1] == pytest.approx(wished_at + QUIET_SECONDS, abs=0.05)


async def test_it_waits_until_the_session_has_caught_up(
    deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
) -> None:
    listener = make(refused, REGIONAL_URL)
    async with listening(listener):
        listener.hear_nowait(SECOND * 4)
        listener.expect_nowait(["zorg"])
        await trio.sleep(2)
        assert len(deepgram.sessions) == 1
        await trio.sleep(2)
        assert len(deepgram.sessions) == 2
        assert deepgram.sessions[0].received == SECOND * 4


async def test_what_the_old_session_has_not_said_in_time_the_next_one_hears_again(
    deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
) -> None:
    listener = make(refused, REGIONAL_URL)
    async with listening(listener):
        listener.hear_nowait(b"1" * BYTES_PER_SECOND + b"2" * BYTES_PER_SECOND)
        await trio.sleep(2)
        deepgram.sessions[0].says.send_nowait(results("one two", final=True))
        await trio.sleep(0.1)
        deepgram.sessions[0].takes_leave = False
        wished_at = trio.current_time()
        listener.expect_nowait(["zorg"])
        listener.hear_nowait(b"3" * 160)
        await trio.sleep(3)
        assert deepgram.attempts[1] == pytest.approx(wished_at + GOODBYE_SECONDS)
        assert deepgram.sessions[1].received == b"2" * BYTES_PER_SECOND + b"3" * 160


async def test_a_session_that_breaks_while_it_is_left_is_no_fault(
    deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
) -> None:
    listener = make(refused, REGIONAL_URL)
    async with listening(listener):
        deepgram.sessions[0].takes_leave = False
        listener.expect_nowait(["zorg"])
        await trio.sleep(0.5)
        broken_at = trio.current_time()
        deepgram.sessions[0].says.close()
        await trio.sleep(0.5)
        assert deepgram.attempts[1] == broken_at


async def test_one_that_cannot_be_had_is_tried_again_as_ever(
    deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
) -> None:
    listener = make(refused, REGIONAL_URL)
    async with listening(listener):
        await play(listener, 12)
        deepgram.failure = AWAY
        listener.expect_nowait(["zorg"])
        await trio.sleep(5)
        assert len(deepgram.attempts) > 4
        deepgram.failure = None
        await trio.sleep(5)
        assert deepgram.urls[-1] == REGIONAL_URL + "&keyterm=zorg"
        deepgram.failure = DeepgramFailure("never used", passing=False)


async def test_the_end_of_the_call_comes_first(
    deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
) -> None:
    listener = make(refused, REGIONAL_URL)
    async with listening(listener) as heard:
        deepgram.sessions[0].says.send_nowait(results("hello"))
        await trio.sleep(0.1)
        listener.expect_nowait(["zorg"])
        await trio.sleep(0.1)
        listener.finish()
    assert len(deepgram.sessions) == 1
    assert [each.is_interim for each in heard if each.results] == [True, False]


async def test_the_call_may_end_while_a_session_is_left(
    deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
) -> None:
    listener = make(refused, REGIONAL_URL)
    async with listening(listener) as heard:
        await play(listener, 3)
        deepgram.sessions[0].takes_leave = False
        listener.expect_nowait(["zorg"])
        await trio.sleep(0.5)
        deepgram.sessions[0].says.send_nowait(results("good bye", 2.0, 3.0, final=True))
        await trio.sleep(0.1)
        listener.hear_nowait(b"3" * 160)
        listener.finish()
    assert deepgram.sessions[1].received.endswith(b"3" * 160)
    assert [text for _, text in deepgram.sessions[1].texts] == ["CloseStream"]
    # the next session has not said otherwise
    assert [each.results.best.transcript for each in heard if each.results] == ["good bye"]
