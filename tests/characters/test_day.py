from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from phonegame.characters.budget import Budget, CallBudget, Limit
from phonegame.characters.day import DayBudget, DayPurse
from phonegame.characters.setting import End
from tests.characters.phone_talk import talk


class Calendar:
    def __init__(self) -> None:
        self.day = "2030-01-01"

    def __call__(self) -> str:
        return self.day


def nothing() -> None:
    pass


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        (Limit.TURNS, Limit.DAY_TURNS),
        (Limit.TOKENS, Limit.DAY_TOKENS),
        (Limit.CHARACTERS, Limit.DAY_CHARACTERS),
    ],
)
async def test_all_calls_pay_from_one_purse_until_midnight(
    what: Limit, limit: Limit, autojump_clock: MockClock
) -> None:
    today = Calendar()
    day = DayPurse(DayBudget(turns=100, tokens=100, characters=100), today)
    first, second = (Budget(CallBudget(turns=80, tokens=80, characters=80), 0, also=day) for _ in range(2))
    first.spend(what, 60)
    second.spend(what, 39)
    assert first.used_up(0) is second.used_up(0) is None
    second.spend(what, 1)
    assert first.used_up(0) is second.used_up(0) is limit
    today.day = "2030-01-02"
    assert first.used_up(0) is second.used_up(0) is None


async def test_the_last_answer_of_the_day_is_given(autojump_clock: MockClock) -> None:
    async with talk(["One."], ["Two."], also=DayPurse(DayBudget(turns=1))) as call:
        await call.until(1.0)
        call.says("Hello.")
        await call.ended.wait()
        assert call.end is End.DAY_TURNS
        assert call.game.notes[1:] == ["said One.", "said No more day_turns."]


async def test_a_purse_without_limits_is_never_empty(autojump_clock: MockClock) -> None:
    day = DayPurse(DayBudget())
    day.spend(Limit.TOKENS, 1e12)
    with day.talking(nothing):
        await trio.sleep(80_000)
        assert day.used_up(trio.current_time()) is None
        assert day.ends_at == float("inf")


async def test_minutes_of_conversations_at_once_add_up(autojump_clock: MockClock) -> None:
    day, began = DayPurse(DayBudget(minutes=3)), trio.current_time()
    nearer: list[float] = []
    with day.talking(lambda: nearer.append(day.ends_at - began)):
        assert day.ends_at == began + 180
        await trio.sleep(60)
        with day.talking(nothing):
            assert day.ends_at == began + 60 + 60
            await trio.sleep(30)
        assert nearer == [60 + 60]
        assert day.ends_at == began + 90 + 60
        await trio.sleep(59.9)
        assert day.used_up(trio.current_time()) is None
        await trio.sleep(0.1)
        assert day.used_up(trio.current_time()) is Limit.DAY_MINUTES
    await trio.sleep(60)
    _, amounts = day.take_unsaved()
    assert amounts == {Limit.DAY_MINUTES.value: pytest.approx(3)}


async def test_what_other_processes_spend_is_learned_and_nothing_is_counted_twice(autojump_clock: MockClock) -> None:
    today = Calendar()
    day = DayPurse(DayBudget(tokens=100), today)
    day.spend(Limit.TOKENS, 30)
    taken = day.take_unsaved()
    assert taken == (today.day, {"limit_day_tokens": 30.0})
    day.spend(Limit.TOKENS, 9)
    day.learn(today.day, {"limit_day_tokens": 90.0})
    assert day.used_up(0) is None
    day.spend(Limit.TOKENS, 1)
    assert day.used_up(0) is Limit.DAY_TOKENS
    assert day.take_unsaved() == (today.day, {"limit_day_tokens": 10.0})
    day.give_back(today.day, {"limit_day_tokens": 10.0})
    assert day.take_unsaved() == (today.day, {"limit_day_tokens": 10.0})


async def test_what_is_of_yesterday_does_not_count(autojump_clock: MockClock) -> None:
    today = Calendar()
    day = DayPurse(DayBudget(tokens=100), today)
    day.spend(Limit.TOKENS, 30)
    today.day = "2030-01-02"
    day.learn("2030-01-01", {"limit_day_tokens": 500.0})
    day.give_back("2030-01-01", {"limit_day_tokens": 500.0})
    assert day.used_up(0) is None
    assert day.take_unsaved() == ("2030-01-02", {})


async def test_a_conversation_ends_when_another_one_has_spent_the_minutes_of_both(autojump_clock: MockClock) -> None:
    day = DayPurse(DayBudget(minutes=2))
    async with talk(silence_seconds=0, also=day) as call:
        with day.talking(call.conversation.look_again_nowait):
            await call.until(60.0)
            with day.talking(nothing):
                await call.ended.wait()
        assert call.end is End.DAY_MINUTES
        assert call.game.told[-1] == (91.0, "said No more day_minutes.")


async def test_with_an_empty_purse_nothing_is_said_but_that(autojump_clock: MockClock) -> None:
    day = DayPurse(DayBudget(tokens=10))
    day.spend(Limit.TOKENS, 10)
    async with talk(["Never."], also=day) as call:
        await call.ended.wait()
        assert call.end is End.DAY_TOKENS
        assert call.game.notes == ["said No more day_tokens."]
        assert call.brain.requests == []


async def test_a_reply_ends_where_the_characters_of_the_day_do(autojump_clock: MockClock) -> None:
    day = DayPurse(DayBudget(characters=70))
    async with talk(["A sentence of thirty letters. "], ["A sentence of thirty letters. "] * 9, also=day) as call:
        for at in (1.0, 4.0):
            await call.until(at)
            call.says("Hello.")
        await call.ended.wait()
        assert call.end is End.DAY_CHARACTERS
        assert call.game.notes[1:] == [
            "said A sentence of thirty letters.",
            "said A sentence of thirty letters. A sentence of thirty letters.",
            "said No more day_characters.",
        ]
