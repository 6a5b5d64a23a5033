"""How Deepgram learns what a game expects, and what it does not take, on the mock clock."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from phonegame.deepgram.failures import refusal
from tests.listen.fake_deepgram import FakeDeepgram, listening, play
from tests.listen.vocabulary_wishes import REGIONAL_URL, SUCCESS, URL, failure, make, types


class TestConfigure:
    async def test_words_go_to_the_session_behind_those_of_the_url(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.configure_answer = make(refused), SUCCESS
        async with listening(listener) as heard:
            listener.expect_nowait(["zorg", " two  words ", "own", "zorg", ""])
            await trio.sleep(10)
            assert deepgram.sessions[0].configured == [["own", "zorg", "two words"]]
            listener.expect_nowait([])
            await trio.sleep(10)
            assert deepgram.sessions[0].configured[1:] == [["own"]]
        assert deepgram.urls == [URL]
        assert refused == []
        assert [each.raw for each in heard] == ['{"type":"Metadata"}']

    async def test_the_same_words_again_are_not_sent(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.configure_answer = make(refused), SUCCESS
        async with listening(listener):
            for words in (["own"], ["a"], ["a"], [" a", "own"]):
                listener.expect_nowait(words)
                await trio.sleep(1)
            assert deepgram.sessions[0].configured == [["own", "a"]]

    async def test_more_words_are_taken_as_far_as_there_is_room(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.configure_answer = make(refused), SUCCESS
        async with listening(listener):
            listener.expect_nowait(["a"], ["b", "own", "a", "x" * 1000, "c"])
            await trio.sleep(1)
            assert deepgram.sessions[0].configured == [["own", "a", "b"]]
        assert refused == []

    async def test_of_those_that_have_a_name_the_others_are_told_once(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.configure_answer = make(refused), SUCCESS
        async with listening(listener):
            for words in (["a"], ["a", "b"]):
                listener.expect_nowait(words, ["c", "x" * 1000, "found", "zorg"], ["X" * 1000, "Zorg", "c"])
            await trio.sleep(1)
        [why] = refused
        assert why.startswith("Deepgram is not told 2 words of the character's vocabulary, since they do not fit: XXX")
        assert why.endswith("X, Zorg")

    async def test_one_at_a_time_and_of_those_that_wait_only_the_newest(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener = make(refused)
        async with listening(listener):
            for word in "abcd":
                listener.expect_nowait([word])
                await trio.sleep(0.5)
            (session,) = deepgram.sessions
            assert session.configured == [["own", "a"]]
            session.says.send_nowait(SUCCESS)
            await trio.sleep(0.1)
            assert session.configured == [["own", "a"], ["own", "d"]]
            session.says.send_nowait(SUCCESS)
            await trio.sleep(10)
            assert len(session.configured) == 2
            assert len(deepgram.sessions) == 1

    async def test_every_later_session_has_the_words_in_its_url(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.configure_answer = make(refused), SUCCESS
        async with listening(listener):
            listener.expect_nowait(["a b", "50%"])
            await trio.sleep(1)
            deepgram.sessions[0].says.close()
            await trio.sleep(10)
            assert deepgram.urls == [URL, URL + "&keyterm=a%20b&keyterm=50%25"]
            assert deepgram.sessions[1].configured == []

    async def test_words_from_before_the_first_session_are_in_its_url(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener = make(refused)
        listener.expect_nowait(["zorg"])
        async with listening(listener):
            await trio.sleep(10)
        assert deepgram.urls == [URL + "&keyterm=zorg"]
        assert types(deepgram.sessions[0])[-1:] == ["CloseStream"]
        assert deepgram.sessions[0].configured == []

    async def test_words_that_come_while_it_is_opened_are_sent_when_it_is_open(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.configure_answer, deepgram.opens_in = make(refused), SUCCESS, 1
        async with listening(listener):
            listener.expect_nowait(["zorg"])
            await trio.sleep(2)
            assert deepgram.urls == [URL]
            assert deepgram.sessions[0].configured == [["own", "zorg"]]

    async def test_after_the_end_of_the_call_nothing_is_sent(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener = make(refused)
        async with listening(listener):
            listener.finish()
            listener.expect_nowait(["zorg"])
        assert types(deepgram.sessions[0]) == ["CloseStream"]


class TestRefusal:
    @pytest.mark.parametrize("model", ["nova-2", "nova-2-phonecall", "base", "enhanced"])
    async def test_a_model_without_keyterms_is_asked_for_nothing(
        self, model: str, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        url = f"wss://api.deepgram.com/v1/listen?model={model}"
        listener = make(refused, url)
        async with listening(listener):
            listener.expect_nowait([])
            assert refused == []
            listener.expect_nowait(["zorg"])
            assert len(refused) == 1
            assert "nova-3" in refused[0]
            await trio.sleep(10)
        assert deepgram.urls == [url]
        assert deepgram.sessions[0].configured == []

    async def test_too_many_words_are_not_sent_and_those_before_stay(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.configure_answer = make(refused), SUCCESS
        async with listening(listener):
            listener.expect_nowait(["zorg"])
            await trio.sleep(1)
            listener.expect_nowait([f"adventures of {number}" for number in range(90)])
            assert ["500" in why for why in refused] == [True]
            await trio.sleep(1)
            assert deepgram.sessions[0].configured == [["own", "zorg"]]
            deepgram.sessions[0].says.close()
            await trio.sleep(1)
            assert deepgram.urls[-1] == URL + "&keyterm=zorg"

    async def test_deepgram_s_own_count_decides_and_the_words_before_stay(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener = make(refused)
        async with listening(listener) as heard:
            (session,) = deepgram.sessions
            session.configure_answer = SUCCESS
            listener.expect_nowait(["zorg"])
            await trio.sleep(1)
            session.configure_answer = failure("CONFIGURE_KEYTERM_LIMIT_EXCEEDED")
            listener.expect_nowait(["too", "many"])
            await trio.sleep(10)
            assert len(refused) == 1
            assert len(deepgram.sessions) == 1
            session.says.close()
            await trio.sleep(1)
            assert deepgram.urls[-1] == URL + "&keyterm=zorg"
        assert not [each.raw for each in heard if "Configure" in each.raw]

    async def test_a_session_refused_for_the_words_is_opened_without_them_at_once(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.refused_keyterm = make(refused, REGIONAL_URL), "zorg"
        async with listening(listener):
            await play(listener, 1)
            listener.expect_nowait(["zorg"])
            await trio.sleep(1)
            assert len(refused) == 1
            assert "HTTP 400" in refused[0]
            assert "DEEPGRAM_URL" not in refused[0]
            assert deepgram.urls == [REGIONAL_URL, REGIONAL_URL + "&keyterm=zorg", REGIONAL_URL]
            assert deepgram.attempts[2] == deepgram.attempts[1]
            listener.expect_nowait(["frob"])
            await trio.sleep(10)
            assert deepgram.urls[3:] == [REGIONAL_URL + "&keyterm=frob"]
            assert len(refused) == 1

    async def test_a_url_that_is_refused_without_words_too_ends_it(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.failure = make(refused), refusal(400, [], None)
        listener.expect_nowait(["zorg"])
        await listener.run()
        assert deepgram.urls == [URL + "&keyterm=zorg", URL]
        assert listener.failure is deepgram.failure

    async def test_another_refusal_is_not_the_words_fault(
        self, deepgram: FakeDeepgram, refused: list[str], autojump_clock: MockClock
    ) -> None:
        listener, deepgram.failure = make(refused), refusal(401, [], None)
        listener.expect_nowait(["zorg"])
        await listener.run()
        assert (refused, len(deepgram.urls)) == ([], 1)
