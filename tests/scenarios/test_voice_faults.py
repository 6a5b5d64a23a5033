"""The voice service fails: the game learns it, the call lives, and another voice is heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from phonegame.local.speech.script import Script
from phonegame.local.speech.speaking.script import CloseWhen, SpeakPlan, When, refuse_to_speak
from phonegame.wire import v1
from tests.house import KEY, V1Game
from tests.scenarios.conversation import (
    Conversation,
    conversation,
    open_talking_house,
    outcome,
    words,
)

TOO_MANY = "DATA-0001: more than 2400 characters in a minute."
OTHER_VOICE = "espeak:en-us"


@asynccontextmanager
async def broken(plan: SpeakPlan, *then: SpeakPlan, **more: Any) -> AsyncIterator[Conversation[V1Game]]:
    """The first connection to the voices is like this, and all others unless there is a `then`."""
    plans = [plan, *then]
    async with conversation(script=Script(speak=plans, then_speak=plans[-1]), **more) as talking:
        yield talking


async def fails(talking: Conversation[V1Game], say_id: str) -> tuple[str, str]:
    """What was heard, and what the game was told to be wrong: in one receipt and one error."""
    finished = await talking.game.gets(v1.SayFinished)
    assert (finished.say_id, finished.interrupted, finished.dropped and finished.dropped.value) == (
        say_id,
        False,
        "voice_failed",
    )
    error = await talking.game.gets(v1.Error)
    assert (error.code, error.say_id, error.call_id) == ("voice_failed", say_id, finished.call_id)
    assert KEY not in error.message
    return finished.heard, error.message


async def lives(talking: Conversation[V1Game]) -> None:
    """With another voice; the receipt that comes next is for that."""
    await talking.say("hi", say_id="other", voice=OTHER_VOICE)
    finished = await talking.game.gets(v1.SayFinished)
    assert (finished.say_id, outcome(finished)) == ("other", ("hi", False, None))
    assert talking.caller.phone.sound_seconds > 0
    assert talking.house.errors == []


@pytest.mark.parametrize(
    ("status", "told"), [(401, "DEEPGRAM_API_KEY"), (402, "credit"), (400, "DEEPGRAM_SPEAK_URL"), (403, "use another")]
)
async def test_a_refusal_for_good_is_told_at_once(status: int, told: str) -> None:
    async with broken(refuse_to_speak(status)) as talking:
        await talking.say("in vain", say_id="a")
        heard, error = await fails(talking, "a")
        assert heard == ""
        assert told in error
        await lives(talking)


@pytest.mark.slow
@pytest.mark.parametrize(("status", "told"), [(429, "too many connections"), (503, "503")])
async def test_a_service_that_stays_busy_is_given_up(status: int, told: str) -> None:
    async with broken(refuse_to_speak(status)) as talking:
        await talking.say("in vain", say_id="a")
        heard, error = await fails(talking, "a")
        assert heard == ""
        assert told in error
        await lives(talking)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_service_that_is_busy_for_a_moment_is_waited_for(status: int) -> None:
    async with broken(refuse_to_speak(status), SpeakPlan()) as talking:
        await talking.say("here I am")
        assert outcome(await talking.game.gets(v1.SayFinished)) == ("here I am", False, None)


@pytest.mark.slow
@pytest.mark.parametrize("plan", [SpeakPlan(ignore_upgrade=True), SpeakPlan(stall=When())], ids=["upgrade", "speak"])
async def test_a_service_that_never_answers_is_given_up(plan: SpeakPlan) -> None:
    async with broken(plan) as talking:
        await talking.say("in vain", say_id="a")
        assert (await fails(talking, "a"))[0] == ""
        await lives(talking)


@pytest.mark.slow
async def test_a_service_that_falls_silent_in_the_middle_of_a_sentence_is_given_up() -> None:
    async with broken(SpeakPlan(stall=When(bytes=1300))) as talking:
        await talking.say(words(20), say_id="a")
        heard, _ = await fails(talking, "a")
        assert words(20).startswith(heard)
        assert len(heard) < len(words(20))
        # all that there was of it was heard
        assert talking.caller.heard_words == words(3).split()
        await lives(talking)


@pytest.mark.parametrize(
    "plan",
    [
        SpeakPlan(drop=When(bytes=1300)),
        SpeakPlan(close=CloseWhen(bytes=1300)),
        SpeakPlan(close=CloseWhen(bytes=1300, code=1008, reason=TOO_MANY)),
    ],
    ids=["drop", "close", "limit"],
)
async def test_a_connection_that_ends_in_the_middle_of_a_sentence_fails_it(plan: SpeakPlan) -> None:
    async with broken(plan) as talking:
        await talking.say(words(20), say_id="a")
        heard, _ = await fails(talking, "a")
        assert words(20).startswith(heard)
        assert len(heard) < len(words(20))
        assert talking.caller.heard_words == words(3).split()
        await lives(talking)


async def test_too_many_characters_is_said_in_words() -> None:
    plan = SpeakPlan(close=CloseWhen(characters=1, code=1008, reason=TOO_MANY))
    async with broken(plan) as talking:
        await talking.say("in vain", say_id="a")
        heard, error = await fails(talking, "a")
        assert heard == ""
        assert "no more characters this minute" in error
        await lives(talking)


@pytest.mark.parametrize(
    "plan", [SpeakPlan(drop=When(characters=1)), SpeakPlan(close=CloseWhen(characters=1))], ids=["drop", "close"]
)
async def test_a_connection_that_ends_before_the_first_sound_is_replaced(plan: SpeakPlan) -> None:
    async with broken(plan, SpeakPlan()) as talking:
        await talking.say("here we are")
        assert outcome(await talking.game.gets(v1.SayFinished)) == ("here we are", False, None)
        assert talking.caller.heard_words == ["here", "we", "are"]


async def test_the_same_voice_is_heard_again_once_it_is_well() -> None:
    async with broken(SpeakPlan(drop=When(bytes=1300)), SpeakPlan()) as talking:
        await talking.say(words(20), say_id="a")
        await fails(talking, "a")
        await talking.say("better")
        assert outcome(await talking.game.gets(v1.SayFinished)) == ("better", False, None)
        assert talking.caller.heard_words[-1] == "better"


async def test_a_failed_sentence_takes_the_rest_of_its_saying_with_it_and_nothing_else() -> None:
    async with broken(SpeakPlan(drop=When(bytes=1300)), SpeakPlan()) as talking:
        await talking.say(f"{words(20)}. And more. And more.", say_id="a")
        await talking.say("next one", say_id="b")
        heard, _ = await fails(talking, "a")
        assert "more" not in heard
        finished = await talking.game.gets(v1.SayFinished)
        assert (finished.say_id, outcome(finished)) == ("b", ("next one", False, None))
        assert talking.caller.heard_words == [*words(3).split(), "next", "one"]


async def test_prompts_fail_silently_where_the_voice_is_broken() -> None:
    script = Script(then_speak=refuse_to_speak(401))
    async with open_talking_house(prompts=True, script=script) as house, house.v1_game() as game:
        async with house.phone() as caller:
            await caller.phone.key(game.code)
            await game.joined()
            await game.client.say("hi", voice=OTHER_VOICE)
            assert outcome(await game.gets(v1.SayFinished)) == ("hi", False, None)
        await game.gets(v1.CallEnded)
        assert [message for message in game.skipped if isinstance(message, v1.Error)] == []
        assert "the voice failed" in house.events
        assert house.errors == []


async def test_a_goodbye_in_a_broken_voice_ends_the_call_all_the_same() -> None:
    script = Script(then_speak=refuse_to_speak(401))
    async with open_talking_house(prompts=True, script=script) as house, house.phone() as caller:
        async with house.v1_game() as game:
            await caller.phone.key(game.code)
            await game.joined()
        await caller.is_hung_up_on("the game left")


@pytest.mark.slow
async def test_a_wordy_game_stays_within_the_services_limit() -> None:
    """2400 characters a minute and connection: another connection is opened before the first one is closed for it."""
    async with conversation(word_ms=25) as talking:
        sentence = " ".join(f"{number:040}" for number in range(7))
        for number in range(10):
            await talking.say(f"{sentence}.", say_id=str(number))
        finished = [await talking.game.gets(v1.SayFinished) for _ in range(10)]
        assert [each.dropped for each in finished] == [None] * 10
        assert all(
            record.closed is None or record.closed.code == 1000 for record in talking.house.speech.speak_connections
        )
