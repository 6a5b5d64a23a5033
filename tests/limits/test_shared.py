from __future__ import annotations

import pytest

from phonegame.limits import GuessLimits
from phonegame.limits.guesses import UNKNOWN_SHARE
from phonegame.limits.shared import Guesses
from tests.memory_notes import MemoryNotes


def open_workers(count: int) -> tuple[MemoryNotes, list[Guesses]]:
    notes = MemoryNotes()
    return notes, [Guesses(GuessLimits(3), 3, notes if count > 1 else None) for _ in range(count)]


async def exhaust(workers: list[Guesses], known_as: str | None) -> int:
    """How many wrong codes there were, at one worker after the other."""
    tries = 0
    while await workers[tries % len(workers)].allow_try(known_as):
        await workers[tries % len(workers)].count_wrong(known_as)
        tries += 1
    return tries


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_several_workers_allow_no_more_than_one(count: int) -> None:
    _, workers = open_workers(count)
    assert await exhaust(workers, "one") == 3
    assert await exhaust(workers, "another") == 3
    assert await exhaust(workers, None) == 3 * UNKNOWN_SHARE


async def test_without_redis_each_has_its_own_limit() -> None:
    notes, workers = open_workers(2)
    notes.is_away = True
    assert await exhaust(workers[:1], "one") == 3
    assert await exhaust(workers[1:], "one") == 3
