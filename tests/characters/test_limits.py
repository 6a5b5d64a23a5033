from __future__ import annotations

import pytest
from trio.testing import MockClock

from phonegame.characters.brain import Usage
from phonegame.characters.budget import Budget, CallBudget, Limit
from phonegame.characters.setting import End
from phonegame.interruption import Interruption
from phonegame.speak.saying import Saying
from tests.characters.caller_says import final
from tests.characters.phone_talk import Talk, talk


async def says_hello(call: Talk, *times: float) -> None:
    for at in times:
        await call.until(at)
        call.says("Hello.")
    await call.ended.wait()


async def test_turns(autojump_clock: MockClock) -> None:
    async with talk(["One."], ["Two."], ["Three."], budget=CallBudget(turns=2)) as call:
        await says_hello(call, 1.0, 2.0)
        assert call.end is End.TURNS
        assert call.game.notes[1:] == ["said One.", "said Two.", "said No more turns."]


async def test_who_interrupts_the_last_answer_is_heard_to_the_end(autojump_clock: MockClock) -> None:
    async with talk(["A long answer, indeed."], ["Two."], budget=CallBudget(turns=1)) as call:
        await call.until(1.0)
        call.says("Hello.")
        await call.until(1.5)
        call.begins("but")
        await call.until(3.0)
        assert (call.end, call.speech.is_speaking) == (None, False)
        call.says("But I ask again.")
        await call.ended.wait()
        assert call.game.notes[1:] == ["said A long --", "said No more turns."]


async def test_the_last_answer_goes_on_behind_noise(autojump_clock: MockClock) -> None:
    async with talk(["A long answer, indeed."], budget=CallBudget(turns=1)) as call:
        await call.until(1.0)
        call.says("Hello.")
        await call.until(1.5)
        call.begins("the")
        await call.until(1.9)
        call.hear(final("", 1.0))
        await call.ended.wait()
        assert call.game.notes[1:] == ["said A long --", "said A long answer, indeed.", "said No more turns."]


async def test_a_turn_that_waited_for_the_answer_before_it_is_one_of_its_own(autojump_clock: MockClock) -> None:
    never = Interruption("never")
    async with talk(["A long answer."], ["Two."], ["Three."], budget=CallBudget(turns=2), interruption=never) as call:
        await says_hello(call, 1.0, 1.3)
        assert call.game.notes[1:] == ["said A long answer.", "said Two.", "said No more turns."]


async def test_tokens_as_the_brain_tells(autojump_clock: MockClock) -> None:
    thoughts = [["One.", Usage(400, 50)], ["Two.", Usage(500, 60)], ["Three."]]
    async with talk(*thoughts, budget=CallBudget(tokens=1000)) as call:
        await says_hello(call, 1.0, 2.0)
        assert call.end is End.TOKENS
        assert call.game.notes[1:] == ["said One.", "said Two.", "said No more tokens."]


async def test_tokens_estimated(autojump_clock: MockClock) -> None:
    async with talk(["One."], ["Two."], persona="x" * 4000, budget=CallBudget(tokens=1000)) as call:
        await says_hello(call, 1.0)
        assert call.game.notes[1:] == ["said One.", "said No more tokens."]


async def test_a_script_has_no_tokens(autojump_clock: MockClock) -> None:
    async with talk(["One."], script="x", persona="x" * 4000, budget=CallBudget(tokens=1000)) as call:
        await call.until(1.0)
        call.says("Hello.")
        await call.until(3.0)
        assert call.end is None


async def test_minutes(autojump_clock: MockClock) -> None:
    async with talk(silence_seconds=0, budget=CallBudget(minutes=1)) as call:
        await call.ended.wait()
        assert (call.now, call.end) == (60.8, End.MINUTES)
        assert call.game.told[-1] == (60.8, "said No more minutes.")


async def test_a_reply_is_not_broken_off_when_time_is_up(autojump_clock: MockClock) -> None:
    async with talk(["x" * 100], silence_seconds=0, budget=CallBudget(minutes=0.05)) as call:
        await says_hello(call, 2.0)
        assert call.game.told[1:] == [(7.0, f"said {'x' * 100}"), (7.8, "said No more minutes.")]


async def test_characters_spoken(autojump_clock: MockClock) -> None:
    sentences = ["A sentence of thirty letters. "] * 20
    async with talk(sentences, budget=CallBudget(characters=90)) as call:
        await says_hello(call, 1.0)
        assert call.end is End.CHARACTERS
        assert call.game.notes[1:] == [
            "said A sentence of thirty letters. A sentence of thirty letters. A sentence of thirty letters.",
            "said No more characters.",
        ]


async def test_the_game_s_words_cost_the_character_nothing(autojump_clock: MockClock) -> None:
    async with talk(budget=CallBudget(characters=90)) as call:
        await call.until(1.0)
        call.speech.say(Saying(say_id="1", text="x" * 200))
        await call.until(13.0)
        assert call.end is None


@pytest.mark.parametrize("limit", [Limit.TURNS, Limit.TOKENS, Limit.CHARACTERS])
def test_a_budget_without_limits_is_never_used_up(limit: Limit) -> None:
    budget = Budget(CallBudget(), 0)
    budget.spend(limit, 1e9)
    assert budget.used_up(1e9) is None


def test_another_purse_may_be_empty_earlier() -> None:
    day = Budget(CallBudget(tokens=100, minutes=2), 0)
    first, second = (Budget(CallBudget(tokens=80, minutes=5), 0, also=day) for _ in range(2))
    first.spend(Limit.TOKENS, 60)
    assert second.used_up(0) is None
    second.spend(Limit.TOKENS, 60)
    assert first.used_up(0) is second.used_up(0) is Limit.TOKENS
    assert first.ends_at == 120
