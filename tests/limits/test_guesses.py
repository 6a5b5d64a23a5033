from __future__ import annotations

import pytest

from phonegame.limits import GuessLimits
from phonegame.limits.buckets import Buckets


def exhaust(limits: GuessLimits, known_as: str | None, now: float) -> int:
    """Tries wrong codes for as long as it may."""
    tries = 0
    while limits.allow_try(known_as, now):
        limits.count_wrong(known_as, now)
        tries += 1
    return tries


class TestGuessLimits:
    def test_a_number_has_so_many_at_once(self) -> None:
        assert exhaust(GuessLimits(20), "one", 0) == 20

    def test_then_one_more_for_each_share_of_an_hour(self) -> None:
        limits = GuessLimits(20)
        exhaust(limits, "one", 0)
        assert not limits.allow_try("one", 179)
        assert exhaust(limits, "one", 181) == 1

    def test_after_an_hour_all_of_them_and_no_more(self) -> None:
        limits = GuessLimits(20)
        exhaust(limits, "one", 0)
        assert exhaust(limits, "one", 100_000) == 20

    def test_another_number_has_its_own(self) -> None:
        limits = GuessLimits(20)
        exhaust(limits, "one", 0)
        assert exhaust(limits, "two", 0) == 20

    @pytest.mark.parametrize("unknown", [None, ""])
    def test_callers_without_a_number_share_ten_times_as_many(self, unknown: str | None) -> None:
        limits = GuessLimits(20)
        assert exhaust(limits, unknown, 0) == 200
        assert not limits.allow_try(None, 0)
        assert limits.allow_try("one", 0)

    def test_a_known_number_does_not_use_up_theirs(self) -> None:
        limits = GuessLimits(20)
        exhaust(limits, "unknown", 0)
        assert exhaust(limits, None, 0) == 200

    def test_right_codes_cost_nothing(self) -> None:
        limits = GuessLimits(1)
        assert all(limits.allow_try("one", 0) for _ in range(100))

    def test_wrong_codes_that_were_not_allowed_are_no_debt(self) -> None:
        limits = GuessLimits(20)
        for _ in range(1000):
            limits.count_wrong("one", 0)
        assert limits.allow_try("one", 181)


class TestBuckets:
    def test_the_one_not_used_for_longest_is_forgotten(self) -> None:
        buckets = Buckets(1, 3600, most=2)
        for name in ("one", "two", "three"):
            assert buckets.take(name, 0)
        assert len(buckets) == 2
        assert [buckets.has_one(name, 0) for name in ("one", "two", "three")] == [True, False, False]

    def test_those_in_use_stay(self) -> None:
        buckets = Buckets(2, 3600, most=2)
        for name in ("one", "two", "one", "three"):
            assert buckets.take(name, 0)
        assert not buckets.has_one("one", 0)

    def test_full_ones_take_no_memory(self) -> None:
        buckets = Buckets(5, 60)
        for number in range(1000):
            buckets.take(str(number), 0)
        buckets.take("one", 60)
        assert len(buckets) == 1

    def test_asking_takes_no_memory(self) -> None:
        buckets = Buckets(5, 60)
        assert all(buckets.has_one(str(number), 0) for number in range(1000))
        assert len(buckets) == 0
