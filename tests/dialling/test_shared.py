from __future__ import annotations

import pytest

from phonegame.dialling import DialLimits, DialRefused, Rule
from phonegame.dialling.shared import SharedDialLimits
from tests.memory_notes import MemoryNotes

LIMITS = DialLimits(dial_per_minute=3, dial_per_game=2, dial_per_number=2, dial_at_once=100)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_calls_of_all_workers_count() -> None:
    clock = Clock()
    notes = MemoryNotes(clock)
    one, another = SharedDialLimits(LIMITS, notes), SharedDialLimits(LIMITS, notes)
    for number, worker in enumerate([one, another, one]):
        await worker.count(f"game {number}", f"number {number}")
    with pytest.raises(DialRefused, match="PHONEGAME_DIAL_PER_MINUTE") as refused:
        await another.count("game", "number")
    assert refused.value.rule is Rule.PER_MINUTE
    clock.now = 60
    await another.count("game", "number")


@pytest.mark.parametrize(
    ("calls", "rule"),
    [
        ([("game", "1"), ("game", "2"), ("game", "3")], Rule.PER_GAME),
        ([("game", "1"), (None, "1"), (None, "1")], Rule.PER_NUMBER),
    ],
    ids=["one game", "one number"],
)
async def test_each_rule_has_its_name(calls: list[tuple[str | None, str]], rule: Rule) -> None:
    limits = SharedDialLimits(LIMITS, MemoryNotes())
    *allowed, last = calls
    for game, number in allowed:
        await limits.count(game, number)
    with pytest.raises(DialRefused) as refused:
        await limits.count(*last)
    assert refused.value.rule is rule


async def test_who_has_called_in_is_known_to_all_workers() -> None:
    notes = MemoryNotes()
    await SharedDialLimits(LIMITS, notes).remember("hash")
    assert await SharedDialLimits(LIMITS, notes).has_called("hash")
    assert not await SharedDialLimits(LIMITS, notes).has_called("another")


async def test_without_redis_nobody_has_called_in_elsewhere_and_own_limits_are_left() -> None:
    notes = MemoryNotes()
    limits = SharedDialLimits(LIMITS, notes)
    await limits.remember("hash")
    notes.is_away = True
    assert not await limits.has_called("hash")
    for _ in range(10):
        await limits.count("game", "number")
