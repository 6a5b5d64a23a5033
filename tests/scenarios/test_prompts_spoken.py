"""What the server itself says, as a caller hears it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import pytest

from phonegame import front_desk
from phonegame.local.phone import HungUpError, Quirks
from phonegame.local.speech.marker import encode_speech
from phonegame.local.speech.script import Script, refuse
from phonegame.wire import v1
from tests.house import Caller, House
from tests.scenarios.conversation import WORD_MS, join, open_talking_house, outcome, utterances, words

QUIET_START = {"prompt_welcome": "none", "prompt_say_code": "none"}
"""For callers who have a code at hand."""


def prompting_house(**settings: Any) -> AbstractAsyncContextManager[House]:
    return open_talking_house(prompts=True, **settings)


async def hears(caller: Caller, said: str) -> None:
    """These words are the last ones by now, or will be."""
    await caller.hears_words(*said.split())


async def is_told(caller: Caller, said: str, why: str) -> None:
    """A goodbye, to its last word; then the call ends."""
    await caller.is_hung_up_on(why)
    assert " ".join(caller.heard_words).endswith(said)
    assert caller.phone.unplayed_seconds == 0


def another_code(code: str) -> str:
    return "8" if code == "9" else "9"


async def test_a_caller_is_welcomed_and_asked_for_the_code() -> None:
    async with prompting_house(prompt_say_code="Say the code.") as house, house.phone() as caller:
        await hears(caller, "welcome say the code")
        assert caller.heard_words == ["welcome", "say", "the", "code"]
        assert caller.phone.underruns == []
        assert caller.phone.complaints == []


@pytest.mark.slow
async def test_the_default_asks_for_the_code_that_is_on_the_screen() -> None:
    async with prompting_house() as house, house.phone() as caller:
        await hears(caller, "welcome please say the code that you see on the screen")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["keyed", "spoken"])
async def test_a_wrong_code_is_named_as_it_was_understood(way: str) -> None:
    async with prompting_house(**QUIET_START) as house, house.v1_game() as game, house.phone() as caller:
        wrong = another_code(game.code)
        if way == "keyed":
            await caller.phone.key(wrong + "#")
        else:
            await caller.phone.play(encode_speech(f"it is {wrong}", word_ms=WORD_MS, pause_ms=120))
        await hears(caller, f"no game shows {wrong} please try again")
        # and the next try counts
        await join(caller, game)


@pytest.mark.slow
async def test_two_digits_are_named_as_one_number_and_three_one_by_one() -> None:
    async with prompting_house(**QUIET_START, codes="10-999") as house, house.phone() as caller:
        await caller.phone.key("42#")
        await hears(caller, "no game shows 42 please try again")
        await caller.phone.key("123#")
        await hears(caller, "no game shows 1 2 3 please try again")


async def test_a_wrong_code_cuts_the_welcome() -> None:
    async with prompting_house(prompt_welcome=words(60)) as house, house.phone() as caller:
        await caller.reaches("w00")
        await caller.phone.key("5#")
        await hears(caller, "no game shows 5 please try again")
        assert len(caller.heard_words) < 60


@pytest.mark.slow
async def test_the_last_wrong_code_ends_the_call_with_advice() -> None:
    async with prompting_house(**QUIET_START, wrong_codes=1) as house, house.phone() as caller:
        await caller.phone.key("5#")
        await is_told(caller, "check the code and call again goodbye", "too many wrong codes")


async def test_who_joins_hears_so_before_the_games_first_sentence() -> None:
    async with prompting_house(**QUIET_START) as house, house.v1_game() as game, house.phone() as caller:
        await join(caller, game)
        await game.client.say("hello there", say_id="a")
        assert outcome(await game.gets(v1.SayFinished)) == ("hello there", False, None)
        assert caller.heard_words == ["you", "are", "in", "hello", "there"]
        assert caller.phone.underruns == []


async def test_a_game_is_told_nothing_of_prompts() -> None:
    async with prompting_house(**QUIET_START) as house, house.v1_game() as game, house.phone() as caller:
        await join(caller, game)
        await hears(caller, "you are in")
        await game.client.say("hi", say_id="a")
        assert (await game.gets(v1.SayStarted)).say_id == "a"
        assert (await game.gets(v1.SayFinished)).say_id == "a"
        assert game.skipped == []


async def test_joining_cuts_the_welcome() -> None:
    async with prompting_house(prompt_welcome=words(60)) as house, house.v1_game() as game, house.phone() as caller:
        await caller.reaches("w00")
        await join(caller, game)
        await hears(caller, "you are in")
        assert len(caller.heard_words) < 60


@pytest.mark.parametrize("way", ["keys", "voice"])
async def test_a_prompt_stops_when_the_caller_has_begun(way: str) -> None:
    async with prompting_house(prompt_welcome=words(60), codes="10-99") as house, house.phone() as caller:
        await caller.reaches("w00")
        if way == "keys":
            await caller.phone.key("4")
        else:
            await caller.phone.play(encode_speech("4", word_ms=WORD_MS))
        assert (await caller.phone.wait_cleared()).unplayed > 0
        assert len(caller.heard_words) < 60


async def test_the_code_may_be_said_over_the_welcome() -> None:
    async with prompting_house(prompt_welcome=words(60)) as house, house.v1_game() as game, house.phone() as caller:
        await caller.reaches("w00")
        await caller.phone.play(encode_speech(game.code, word_ms=WORD_MS, pause_ms=120))
        await game.joined()
        await hears(caller, "you are in")


@pytest.mark.slow
async def test_a_caller_who_names_no_code_is_reminded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_desk, "REMIND_SECONDS", 0.3)
    async with prompting_house(prompt_welcome="none", prompt_say_code="Your code?") as house, house.phone() as caller:
        await hears(caller, "your code your code your code")


async def test_reminders_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_desk, "REMIND_SECONDS", 0.02)
    async with prompting_house(prompt_welcome=words(10), prompt_say_code="Code?") as house, house.phone() as caller:
        await hears(caller, "code code")
        assert caller.heard_words[:12] == [*words(10).split(), "code", "code"]


async def test_a_caller_without_a_code_is_told_so_at_the_end() -> None:
    async with prompting_house(**QUIET_START, code_seconds=0.05) as house, house.phone() as caller:
        await is_told(caller, "i have not heard a code please call again goodbye", "no code was named in time")


@pytest.mark.slow
async def test_a_second_caller_is_told_that_the_game_is_busy() -> None:
    async with prompting_house(**QUIET_START) as house, house.v1_game() as game, house.phone() as caller:
        await join(caller, game)
        async with house.phone() as other:
            await other.phone.key(game.code)
            await is_told(other, "on the phone with this game goodbye", "the game has another caller")
        # the first one notices nothing
        await game.client.say("go on")
        await hears(caller, "you are in go on")


async def test_a_caller_is_told_when_the_game_is_over() -> None:
    async with prompting_house(**QUIET_START) as house, house.phone() as caller:
        async with house.v1_game() as game:
            await join(caller, game)
            await game.client.say(words(60))
            await caller.reaches("w00")
        # what the game wanted to say does not matter any more
        await is_told(caller, "the game has ended goodbye", "the game left")
        assert len(caller.heard_words) < 60


@pytest.mark.slow
async def test_a_goodbye_is_not_interrupted() -> None:
    goodbye = words(10)
    async with prompting_house(**QUIET_START, prompt_game_over=goodbye) as house, house.phone() as caller:
        async with house.v1_game() as game:
            await join(caller, game)
        await caller.reaches("w00")
        with suppress(HungUpError):
            await caller.phone.play(encode_speech("but I was not done", word_ms=WORD_MS, pause_ms=200))
        await is_told(caller, goodbye, "the game left")


async def test_an_apology_where_deepgram_cannot_be_used() -> None:
    script = Script(then=refuse(401))
    async with prompting_house(**QUIET_START, script=script) as house, house.phone() as caller:
        await is_told(caller, "please call again later goodbye", "Deepgram cannot be used")


async def test_an_apology_where_the_server_is_going_down() -> None:
    async with prompting_house(**QUIET_START) as house, house.v1_game() as game, house.phone() as caller:
        await join(caller, game)
        await hears(caller, "you are in")
        house.phonegame.end_nowait()
        await is_told(caller, "the line is closing goodbye", "the server is going down")


async def test_what_is_set_to_none_is_not_said() -> None:
    async with open_talking_house() as house, house.phone() as caller:
        async with house.v1_game() as game:
            await caller.phone.key(another_code(game.code) + "#")
            await join(caller, game)
        await caller.is_hung_up_on("the game left")
        assert caller.phone.sound_seconds == 0
        assert utterances(house) == []


async def test_without_a_voice_nothing_is_said_and_games_are_told_why() -> None:
    async with prompting_house(voice="none") as house, house.v1_game() as game, house.phone() as caller:
        await join(caller, game)
        await game.client.say("hello", say_id="a")
        assert outcome(await game.gets(v1.SayFinished)) == ("", False, "voice_failed")
        error = await game.gets(v1.Error)
        assert (error.code, "PHONEGAME_VOICE" in error.message) == ("voice_failed", True)
        assert caller.phone.sound_seconds == 0
        await game.client.say("hi", voice="espeak:en-us")
        assert outcome(await game.gets(v1.SayFinished)) == ("hi", False, None)


async def test_no_goodbye_is_waited_for_that_nobody_can_hear() -> None:
    async with prompting_house(code_seconds=0.05, seconds=5) as house, house.phone(Quirks(starts=0)) as caller:
        await caller.is_hung_up_on("no code was named in time")


async def test_prompts_are_synthesised_once() -> None:
    async with prompting_house(prompt_say_code="Code?") as house, house.v1_game() as game:
        for _ in range(2):
            async with house.phone() as caller:
                await hears(caller, "welcome code")
                await join(caller, game)
                await hears(caller, "you are in")
            await game.gets(v1.CallEnded)
        assert sorted(utterance.text for utterance in utterances(house)) == ["Code?", "Welcome.", "You are in."]
