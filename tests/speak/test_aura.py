from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import trio
import trio.testing

from phonegame.listen import session
from phonegame.speak.aura import aura_model, aura_url
from phonegame.speak.aura_limits import Allowance, AuraLimits
from phonegame.speak.aura_pool import AuraPool
from phonegame.speak.sound import Sound
from phonegame.speak.voice import TextTooLong
from tests.speak.aura_client import KEY, MODEL, QUICK, running, say
from tests.speak.fake_aura import FakeSocket, begins, speaks, spoken


@pytest.fixture(autouse=True)
def _close_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that is cancelled has no reader left for the server's goodbye, and waits in vain."""
    monkeypatch.setattr(session, "CLOSE_SECONDS", 0.01)


class TestUrl:
    def test_what_a_telephone_needs_is_forced(self) -> None:
        url = "wss://host/v1/speak?encoding=linear16&sample_rate=24000&container=wav&mip_opt_out=true&speed=0.9"
        assert parse_qs(urlsplit(aura_url(url, MODEL)).query) == {
            "model": [MODEL],
            "encoding": ["mulaw"],
            "sample_rate": ["8000"],
            "mip_opt_out": ["true"],
            "speed": ["0.9"],
        }

    def test_another_voice_is_another_model_at_the_same_place(self) -> None:
        url = "ws://host:81/v1/speak?model=aura-2-thalia-en"
        assert aura_url(url, "aura-2-zeus-en").startswith("ws://host:81/v1/speak?model=aura-2-zeus-en&")

    @pytest.mark.parametrize("query", ["", "?model=", "?speed=1"])
    def test_without_a_model_it_is_not_deepgrams_oldest(self, query: str) -> None:
        assert aura_model(f"wss://host/v1/speak{query}") == MODEL


class TestSpeaking:
    async def test_the_sound_is_what_was_sent_byte_for_byte(self) -> None:
        async with running() as (_, pool):
            assert (await say(pool, "hello there")).audio == spoken("hello there")

    async def test_the_key_and_the_model_are_sent(self) -> None:
        async with running() as (aura, pool):
            await say(pool, "hello", "aura-2-zeus-en")
        assert dict(aura.requests[0].headers)[b"authorization"] == f"Token {KEY}".encode()
        assert "model=aura-2-zeus-en&encoding=mulaw&sample_rate=8000" in aura.requests[0].path

    async def test_sound_comes_while_it_is_made(self) -> None:
        async with running() as (aura, pool), trio.open_nursery() as nursery:
            aura.behaviours = [begins]
            sound = Sound("hello there")
            nursery.start_soon(pool.speak, MODEL, sound)
            assert await sound.wait_beyond(400)
            nursery.cancel_scope.cancel()

    async def test_one_socket_speaks_for_all_who_come_one_after_the_other(self) -> None:
        async with running() as (aura, pool):
            for text in ("one", "two", "three"):
                await say(pool, text)
        assert [socket.received for socket in aura.sockets] == [["one", "Flush", "two", "Flush", "three", "Flush"]]

    async def test_calls_that_speak_at_once_have_a_socket_each_and_their_own_sound(self) -> None:
        sounds = [Sound(f"this is call {number}") for number in range(20)]
        async with running() as (aura, pool), trio.open_nursery() as nursery:
            for sound in sounds:
                nursery.start_soon(pool.speak, MODEL, sound)
        assert [sound.audio for sound in sounds] == [spoken(sound.text) for sound in sounds]
        assert aura.most_open > 1

    async def test_there_are_never_more_sockets_than_the_ceiling(self) -> None:
        sounds = [Sound(f"this is call {number}") for number in range(20)]
        async with running(AuraLimits(sockets=3)) as (aura, pool), trio.open_nursery() as nursery:
            for sound in sounds:
                nursery.start_soon(pool.speak, MODEL, sound)
        assert [sound.audio for sound in sounds] == [spoken(sound.text) for sound in sounds]
        assert len(aura.sockets) == 3

    async def test_at_the_ceiling_another_voice_takes_the_place_of_an_idle_socket(self) -> None:
        async with running(AuraLimits(sockets=1)) as (aura, pool):
            for model in (MODEL, "aura-2-zeus-en", MODEL):
                await say(pool, "hello", model)
        assert [parse_qs(socket.query)["model"][0] for socket in aura.sockets] == [MODEL, "aura-2-zeus-en", MODEL]
        assert aura.most_open == 1

    async def test_text_without_sound_ends(self) -> None:
        async def nothing(socket: FakeSocket, text: str) -> None:
            await speaks(socket, "")

        async with running() as (aura, pool):
            aura.behaviours = [nothing]
            assert not (await say(pool, "...")).audio

    async def test_any_text_can_be_sent(self) -> None:
        async with running() as (aura, pool):
            await say(pool, 'lone \ud800 "quote" \x00 🍕')
        assert aura.texts == ['lone ? "quote" \x00 🍕']

    async def test_too_long_a_text_is_refused_before_it_is_sent(self) -> None:
        async with running() as (aura, pool):
            with pytest.raises(TextTooLong):
                await say(pool, "x" * 2001)
        assert not aura.requests

    async def test_a_warning_and_unknown_messages_do_not_matter(self) -> None:
        async def warn(socket: FakeSocket, text: str) -> None:
            await socket.send("Warning", code="X", description="planted")
            await socket.send("Other")
            await socket.connection.send_message("no json")
            await speaks(socket, text)

        async with running() as (aura, pool):
            aura.behaviours = [warn]
            assert (await say(pool, "hello")).audio == spoken("hello")


class TestWarmth:
    async def test_a_socket_is_there_before_the_first_sentence(self) -> None:
        async with running() as (aura, pool):
            pool.warm_nowait(MODEL)
            await aura.wait_until(lambda: aura.open)
            await say(pool, "hello")
        assert len(aura.sockets) == 1

    async def test_one_is_enough_for_many_calls_that_begin(self) -> None:
        async with running() as (aura, pool):
            for _ in range(10):
                pool.warm_nowait(MODEL)
            await say(pool, "hello")
            pool.warm_nowait(MODEL)
            await say(pool, "next")
        assert len(aura.sockets) == 1

    async def test_a_refusal_is_not_insisted_on(self) -> None:
        async with running(QUICK) as (aura, pool):
            aura.refusals = [503] * 100
            pool.warm_nowait(MODEL)
            await aura.wait_until(lambda: aura.requests)
            await trio.testing.wait_all_tasks_blocked(0.05)
        assert len(aura.requests) == 1


class TestCancelling:
    async def test_nothing_of_a_cancelled_sentence_is_heard_in_the_next(self) -> None:
        async with running() as (aura, pool):
            aura.behaviours = [begins]
            cancelled = Sound("hello there")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(pool.speak, MODEL, cancelled)
                await cancelled.wait_beyond(300)
                nursery.cancel_scope.cancel()
            length = len(cancelled.audio)
            assert (await say(pool, "next")).audio == spoken("next")
            assert len(cancelled.audio) == length
        assert aura.sockets[0].received[:3] == ["hello there", "Flush", "Clear"]

    async def test_a_cleared_socket_is_used_again(self) -> None:
        async with running(AuraLimits(sockets=1)) as (aura, pool):
            aura.behaviours = [begins]
            await self._cancel_in_the_middle(pool)
            await say(pool, "next")
        assert len(aura.sockets) == 1

    async def test_a_socket_that_does_not_answer_clear_is_thrown_away(self) -> None:
        async with running(AuraLimits(sockets=1, clear_seconds=0.05)) as (aura, pool):
            aura.behaviours, aura.answers_clear = [begins], False
            await self._cancel_in_the_middle(pool)
            assert (await say(pool, "next")).audio == spoken("next")
        assert len(aura.sockets) == 2

    async def test_flushed_of_a_cleared_sentence_does_not_end_the_next(self) -> None:
        async def late(socket: FakeSocket, text: str) -> None:
            await socket.send("Flushed", sequence_id=0)
            await speaks(socket, text)

        async with running(AuraLimits(sockets=1)) as (aura, pool):
            aura.behaviours = [begins, late]
            await self._cancel_in_the_middle(pool)
            assert (await say(pool, "next")).audio == spoken("next")

    async def test_cancelled_in_the_line_it_is_never_sent(self) -> None:
        async with running(AuraLimits(sockets=1)) as (aura, pool):
            aura.behaviours = [begins]
            first, second = Sound("hello there"), Sound("never")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(pool.speak, MODEL, first)
                await first.wait_beyond(300)
                with trio.move_on_after(0):
                    await pool.speak(MODEL, second)
                nursery.cancel_scope.cancel()
            await say(pool, "next")
        assert "never" not in aura.texts

    async def _cancel_in_the_middle(self, pool: AuraPool) -> None:
        sound = Sound("hello there")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.speak, MODEL, sound)
            await sound.wait_beyond(300)
            nursery.cancel_scope.cancel()


class TestLimits:
    async def test_characters_a_minute_are_kept_by_taking_another_socket(self) -> None:
        async with running(AuraLimits(characters=100)) as (aura, pool):
            for _ in range(5):
                await say(pool, "x" * 40)
        spent = [sum(len(text) for text in socket.received if text != "Flush") for socket in aura.sockets]
        assert spent == [80, 80, 40]

    async def test_flushes_a_minute_are_kept(self) -> None:
        async with running(AuraLimits(flushes=2)) as (aura, pool):
            for _ in range(5):
                await say(pool, "x")
        assert [socket.received.count("Flush") for socket in aura.sockets] == [2, 2, 1]

    async def test_what_was_cleared_counts_too(self) -> None:
        async with running(AuraLimits(characters=50)) as (aura, pool):
            aura.behaviours = [begins]
            await TestCancelling()._cancel_in_the_middle(pool)
            await say(pool, "x" * 40)
        assert len(aura.sockets) == 2

    async def test_at_the_ceiling_a_used_up_socket_gives_its_place_to_a_fresh_one(self) -> None:
        async with running(AuraLimits(sockets=1, characters=50)) as (aura, pool):
            for _ in range(3):
                await say(pool, "x" * 40)
        assert len(aura.sockets) == 3
        assert aura.most_open == 1

    async def test_idle_sockets_are_closed(self) -> None:
        async with running(AuraLimits(idle_seconds=0.02)) as (aura, pool):
            await say(pool, "hello")
            await aura.wait_until(lambda: not aura.open)
        assert aura.sockets[0].received[-1] == "Close"

    async def test_old_sockets_are_not_used(self) -> None:
        async with running() as (aura, pool):
            await say(pool, "hello")
            pool._sockets[0]._opened_at -= AuraLimits().life_seconds
            await say(pool, "hello")
        assert len(aura.sockets) == 2


class TestAllowance:
    def test_characters_of_the_last_minute_count(self) -> None:
        allowance = Allowance(AuraLimits(characters=100, minute_seconds=60))
        allowance.spend(60, now=0)
        allowance.spend(30, now=50)
        assert [allowance.allows(count, now=59) for count in (10, 11)] == [True, False]
        assert [allowance.allows(count, now=60) for count in (70, 71)] == [True, False]

    def test_flushes_of_the_last_minute_count(self) -> None:
        allowance = Allowance(AuraLimits(flushes=2, minute_seconds=60))
        allowance.spend(1, now=0)
        allowance.spend(1, now=1)
        assert [allowance.allows(1, now=now) for now in (59, 60)] == [False, True]
