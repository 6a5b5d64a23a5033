from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.dialling import DialLimits, DialQuota, DialRefused, Rule


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def quota(
    clock: Clock, *, per_minute: int = 100, per_game: int = 100, per_number: int = 100, at_once: int = 100
) -> DialQuota:
    return DialQuota(DialLimits(per_minute, per_game, per_number, at_once), clock)


def place(quota: DialQuota, game: str | None = "game", number: str = "number") -> Rule | None:
    """A call that is over at once."""
    try:
        with quota.taken(game, number):
            return None
    except DialRefused as refusal:
        return refusal.rule


def test_so_many_calls_a_minute_of_all_games_and_the_operator() -> None:
    clock = Clock()
    calls = quota(clock, per_minute=3)
    assert [place(calls, game, game or "") for game in ("a", "b", None, "c", None)] == [
        None,
        None,
        None,
        Rule.PER_MINUTE,
        Rule.PER_MINUTE,
    ]
    clock.now = 60
    assert place(calls) is None


def test_so_many_calls_a_minute_of_one_game() -> None:
    clock = Clock()
    calls = quota(clock, per_game=1)
    assert place(calls, "a") is None
    assert place(calls, "a") is Rule.PER_GAME
    assert place(calls, "b") is None
    clock.now = 60
    assert place(calls, "a") is None


def test_the_operator_has_no_limit_of_a_game() -> None:
    calls = quota(Clock(), per_game=1)
    assert [place(calls, None) for _ in range(3)] == [None] * 3


def test_so_many_calls_an_hour_to_one_number() -> None:
    clock = Clock()
    calls = quota(clock, per_number=2)
    assert [place(calls, None, "a"), place(calls, "x", "a"), place(calls, "y", "a")] == [None, None, Rule.PER_NUMBER]
    assert place(calls, None, "b") is None
    clock.now = 3599
    assert place(calls, None, "a") is Rule.PER_NUMBER
    clock.now = 3600
    assert place(calls, None, "a") is None


def test_so_many_calls_at_once() -> None:
    calls = quota(Clock(), at_once=2)
    with ExitStack() as under_way:
        under_way.enter_context(calls.taken("a", "1"))
        under_way.enter_context(calls.taken(None, "2"))
        assert place(calls) is Rule.AT_ONCE
    assert place(calls) is None


def test_a_refusal_tells_when_to_try_again() -> None:
    clock = Clock()
    calls = quota(clock, per_game=1)
    place(calls)
    clock.now = 20.5
    with (
        pytest.raises(DialRefused, match=r"1 call has been placed by this game .* try again in 40 s"),
        calls.taken("game", ""),
    ):
        pass


@pytest.mark.parametrize("limit", ["per_minute", "per_game", "per_number", "at_once"])
def test_a_limit_of_0_is_no_calls_at_all(limit: str) -> None:
    assert place(quota(Clock(), **{limit: 0})) is not None


@given(st.lists(st.tuples(st.floats(0, 90), st.sampled_from("ab"), st.sampled_from("xyz")), max_size=60))
def test_no_window_ever_holds_more_than_its_limit(wishes: list[tuple[float, str, str]]) -> None:
    clock = Clock()
    calls = quota(clock, per_minute=4, per_game=3, per_number=5)
    placed: list[tuple[float, str, str]] = []
    for pause, game, number in wishes:
        clock.now += pause
        refused = place(calls, game, number)
        minute = [each for each in placed if each[0] > clock.now - 60]
        hour = [each for each in placed if each[0] > clock.now - 3600]
        is_full = (
            len(minute) >= 4
            or sum(each[1] == game for each in minute) >= 3
            or sum(each[2] == number for each in hour) >= 5
        )
        assert (refused is not None) == is_full
        if refused is None:
            placed.append((clock.now, game, number))
