"""Every way in which a call or a game can end."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from phonegame import call_watch
from phonegame.local.phone import Quirks
from phonegame.local.speech.marker import encode_speech, encode_word
from phonegame.local.speech.script import Script, refuse
from phonegame.local.text_game import Closed
from tests.house import open_house


async def test_the_game_leaves_and_its_call_ends() -> None:
    async with open_house() as house, house.phone() as caller:
        async with house.game() as game:
            await caller.phone.key(game.code + "#")
            await game.joined()
        await caller.is_hung_up_on("the game left")


async def test_the_last_words_before_hanging_up_still_reach_the_game() -> None:
    async with open_house() as house, house.game() as game:
        async with house.phone() as caller:
            await caller.phone.key(game.code + "#")
            await game.joined()
            # no pause behind them, and the third word is cut short
            await caller.phone.play(encode_speech("one pepperoni ", word_ms=100) + encode_word("pizza", 200)[:400])
        await game.hears("one pepperoni")
        record = await house.speech.connection(0)
        assert (await record.wait_closed()).code == 1000
        assert record.control_types[-1] == "CloseStream"


async def test_nothing_is_waited_for_where_drain_seconds_is_0() -> None:
    async with open_house(drain_seconds=0) as house, house.game() as game:
        async with house.phone() as caller:
            await caller.phone.key(game.code + "#")
            await game.joined()
            await caller.phone.play(encode_speech("one pepperoni", word_ms=100))
        # the interim is all that is known, and it is delivered at once
        await game.hears("one pepperoni")


async def test_a_socket_that_dies_without_a_stop_ends_the_call() -> None:
    async with open_house() as house, house.game() as game:
        async with house.phone() as caller:
            await caller.phone.key(game.code + "#")
            await game.joined()
            await caller.says("good bye")
            await game.hears("good bye")
            caller.phone.abort()
            await house.phonegame.calls.wait_until_empty()
        async with house.phone() as caller:
            await caller.phone.key(game.code + "#")
            await game.joined()


async def test_a_close_without_a_stop_ends_the_call() -> None:
    async with open_house() as house, house.game() as game:
        async with house.phone(Quirks(stop=False)) as caller:
            await caller.phone.key(game.code + "#")
            await game.joined()
        await house.phonegame.calls.wait_until_empty()


async def test_a_stream_that_falls_silent_is_taken_for_dead(monkeypatch: object) -> None:

    before, call_watch.DEAD_AFTER_SECONDS = call_watch.DEAD_AFTER_SECONDS, 1
    try:
        async with open_house() as house, house.phone(Quirks(silent=True)) as caller:
            await caller.phone.send_raw('{"event":"connected"}')
            await caller.is_hung_up_on("no audio came any more")
    finally:
        call_watch.DEAD_AFTER_SECONDS = before


async def test_a_stop_of_the_server_ends_calls_and_games_with_a_reason() -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        await caller.phone.key(game.code + "#")
        await game.joined()
        house.phonegame.end_nowait()
        assert await game.next() == Closed(1001, "the server is going down")
        await caller.is_hung_up_on("the server is going down")


async def test_a_caller_learns_by_voice_why_the_call_ends() -> None:
    async with open_house(voice="espeak") as house, house.phone() as caller:
        async with house.game() as game:
            await caller.phone.key(game.code + "#")
            await game.joined()
        await caller.is_hung_up_on("the game left")
        # "The game has ended. Goodbye.", heard to its end
        assert caller.phone.sound_seconds > 1
        assert caller.phone.unplayed_seconds == 0


async def test_a_game_speaks_to_its_caller() -> None:
    async with open_house(voice="espeak") as house, house.game() as game, house.phone() as caller:
        await caller.phone.key(game.code + "#")
        await game.joined()
        with trio.fail_after(10):
            await game.client.say("One pepperoni pizza, coming up.")
            await caller.phone.wait_heard(0.5)
        assert caller.phone.complaints == []


async def test_a_very_long_text_is_spoken_from_its_beginning_on() -> None:
    async with open_house(voice="espeak") as house, house.game() as game, house.phone() as caller:
        await caller.joins(game)
        await game.client.say("this goes on and on " * 400)
        await caller.phone.wait_heard(0.5)
        await caller.says("i hear you")
        await game.hears("i hear you")


async def test_what_a_game_had_yet_to_say_does_not_hold_its_caller() -> None:
    async with open_house(voice="espeak") as house, house.phone() as caller:
        async with house.game() as game:
            await caller.joins(game)
            for _ in range(5):
                await game.client.say("this goes on and on " * 20)
            await caller.phone.wait_heard(0.2)
        with trio.fail_after(6):
            await caller.is_hung_up_on("the game left")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        pytest.param({"wrong_codes": 1}, "too many wrong codes", id="wrong codes"),
        pytest.param({"code_seconds": 0.3}, "no code was named in time", id="no code"),
        pytest.param({"script": Script(then=refuse(401))}, "Deepgram cannot be used", id="Deepgram"),
    ],
)
async def test_a_caller_without_a_game_is_told_why_the_call_ends(settings: dict[str, Any], why: str) -> None:
    async with open_house(voice="espeak", **settings) as house, house.phone() as caller:
        await caller.tries("42")
        await caller.is_hung_up_on(why)
        assert caller.phone.sound_seconds > 1
        assert [event for event in house.errors if event != "Deepgram cannot be used; the call ends"] == []


async def test_a_second_caller_is_told_that_the_game_is_busy() -> None:
    async with open_house(voice="espeak") as house, house.game() as game, house.phone() as first:
        await first.says(game.code)
        await game.joined()
        async with house.phone() as second:
            await second.tries(game.code)
            await second.is_hung_up_on("the game has another caller")
            assert second.phone.sound_seconds > 1
        assert house.errors == []


async def test_a_caller_who_joined_by_voice_is_told_that_the_game_has_left() -> None:
    async with open_house(voice="espeak") as house, house.phone() as caller:
        async with house.game() as game:
            await caller.says(game.code)
            await game.joined()
        await caller.phone.key("1")
        await caller.is_hung_up_on("the game left")
        assert caller.phone.sound_seconds > 1
        assert house.errors == []


async def test_a_stream_of_other_audio_ends_with_its_reason() -> None:
    start = (
        '{"event":"start","streamSid":"MZ1","start":{"streamSid":"MZ1","callSid":"CA1",'
        '"mediaFormat":{"encoding":"audio/x-l16","sampleRate":16000,"channels":1}}}'
    )
    async with open_house() as house, house.phone(Quirks(silent=True)) as caller:
        await caller.phone.send_raw('{"event":"connected"}')
        await caller.phone.send_raw(start)
        await caller.is_hung_up_on("the audio is not mu-law, 8000 Hz, mono")
