"""Beside a thread, so on the real clock: nothing here waits for time to pass."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trio

from phonegame.characters.budget import Limit
from phonegame.characters.day import DayBudget, DayPurse
from phonegame.characters.entries import CallBegan, CallerSaid, CharacterSaid, Entry, Summary
from phonegame.characters.keeping import keeper as keeper_module
from phonegame.characters.keeping.file import MemoryFile
from phonegame.characters.keeping.keeper import MAX_STATE, Keeper, Recollection
from phonegame.characters.keeping.records import Whose, forget, load
from phonegame.characters.memory import Memory

WHOSE = Whose("player", "game", "Witness")
DAY = 86400.0


class Talk:
    """What a keeper needs of a conversation."""

    def __init__(self, *entries: Entry) -> None:
        self.memory = Memory([CallBegan(), *entries])
        self.state: Any = None

    def recall(self, entries: tuple[Entry, ...], state: Any) -> None:
        self.memory.recall(entries)
        self.state = state


@dataclass
class Clock:
    now: float = 1000 * DAY

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def keeping(path: Path, day: DayPurse | None = None, clock: Clock | None = None) -> AsyncIterator[Keeper]:
    keeper = Keeper(MemoryFile(path), day or DayPurse(DayBudget()), days=90, clock=clock or Clock())
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(keeper.run)
            yield keeper
            nursery.cancel_scope.cancel()


async def recalled(keeper: Keeper, talk: Any) -> Recollection:
    recollection = keeper.recollection("player", "game", "Witness")
    assert recollection is not None
    await recollection.recall(talk)
    return recollection


def kept(path: Path) -> tuple[Entry, ...]:
    with closing(MemoryFile(path)) as file:
        return load(file, WHOSE, 1000 * DAY, 0).entries


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, nothing is left out."""
    monkeypatch.setattr(keeper_module, "RECALL_SECONDS", 20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.sqlite"


async def test_who_withholds_the_number_is_not_remembered(path: Path) -> None:
    async with keeping(path) as keeper:
        assert keeper.recollection(None, "game", "Witness") is None


async def test_what_is_kept_at_the_last_moment_is_saved(path: Path) -> None:
    async with keeping(path) as keeper:
        talk: Any = Talk(CallerSaid("one"))
        (await recalled(keeper, talk)).keep_nowait(talk)
    assert kept(path) == (CallBegan(), CallerSaid("one"))


async def test_the_next_call_recalls_what_the_last_one_has_just_left(path: Path) -> None:
    async with keeping(path) as keeper:
        first: Any = Talk(CallerSaid("one"))
        first_recollection = await recalled(keeper, first)
        first.state = {"coins": 3}
        first_recollection.keep_nowait(first)
        second: Any = Talk()
        await recalled(keeper, second)
        assert second.memory.entries == (CallBegan(), CallerSaid("one"), CallBegan())
        assert second.state == {"coins": 3}


async def test_what_was_summed_up_takes_the_place_of_what_was_recalled(path: Path) -> None:
    async with keeping(path) as keeper:
        first: Any = Talk(CallerSaid("one"))
        (await recalled(keeper, first)).keep_nowait(first)
        second: Any = Talk(CallerSaid("two"))
        recollection = await recalled(keeper, second)
        second.memory.sum_up(second.memory.entries[:2], Summary("short"))
        recollection.keep_nowait(second)
    assert kept(path) == (Summary("short"), CallBegan(), CallerSaid("two"))


async def test_a_conversation_that_began_before_its_memory_was_there_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "RECALL_SECONDS", 0)
    async with keeping(path) as keeper:
        talk: Any = Talk(CallerSaid("one"))
        recollection = await recalled(keeper, talk)
        assert not recollection.is_loaded
        recollection.keep_nowait(talk)
    assert kept(path) == (CallBegan(), CallerSaid("one"))


async def test_who_is_forgotten_during_the_call_stays_forgotten(path: Path) -> None:
    async with keeping(path) as keeper:
        talk: Any = Talk(CallerSaid("one"))
        recollection = await recalled(keeper, talk)
        recollection.keep_nowait(talk)
        # behind what was to be saved
        await recalled(keeper, Talk())
        with closing(MemoryFile(path)) as other:
            assert forget(other, "player") == 1
        recollection.keep_nowait(talk)
    assert kept(path) == ()


async def test_a_file_that_fails_costs_memories_and_not_the_call(path: Path) -> None:
    async with keeping(path) as keeper:
        first: Any = Talk(CallerSaid("one"))
        recollection = await recalled(keeper, first)
        assert recollection.kept is not None
        with closing(sqlite3.connect(path)) as other:
            other.execute("ALTER TABLE conversation RENAME TO lost")
            other.commit()
            second: Any = Talk(CallerSaid("two"))
            assert (await recalled(keeper, second)).kept is None
            recollection.keep_nowait(first)
            other.execute("ALTER TABLE lost RENAME TO conversation")
            other.commit()
        recollection.keep_nowait(first)
    assert kept(path) == (CallBegan(), CallerSaid("one"))


async def test_a_state_that_is_too_large_is_left_out(path: Path) -> None:
    async with keeping(path) as keeper:
        talk: Any = Talk(CharacterSaid("one"))
        recollection = await recalled(keeper, talk)
        talk.state = "x" * MAX_STATE
        recollection.keep_nowait(talk)
        other: Any = Talk()
        await recalled(keeper, other)
        assert other.state is None
        assert CharacterSaid("one") in other.memory.entries


async def test_who_has_not_called_for_long_is_forgotten(path: Path) -> None:
    clock = Clock()
    async with keeping(path, clock=clock) as keeper:
        talk: Any = Talk(CallerSaid("one"))
        (await recalled(keeper, talk)).keep_nowait(talk)
    clock.now += 91 * DAY
    async with keeping(path, clock=clock) as keeper:
        talk = Talk()
        await recalled(keeper, talk)
        assert talk.memory.entries == (CallBegan(),)


async def test_a_day_s_spending_outlives_the_server_and_is_shared(path: Path) -> None:
    first, second, third = (DayPurse(DayBudget(tokens=100), lambda: "2030-01-01") for _ in range(3))
    async with keeping(path, first):
        first.spend(Limit.TOKENS, 60)
    async with keeping(path, second), keeping(path, third):
        assert second.used_up(0) is third.used_up(0) is None
        second.spend(Limit.TOKENS, 40)
    async with keeping(path, fourth := DayPurse(DayBudget(tokens=100), lambda: "2030-01-01")):
        assert fourth.used_up(0) is Limit.DAY_TOKENS
