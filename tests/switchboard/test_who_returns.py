"""Who calls again with the same number is the same player."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from phonegame.switchboard import Seat, Switchboard, slots
from tests.switchboard.played import ignore, join

SLOT_SECONDS = 10


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes, even of this clock's, are hundreds of real questions to a Redis."""
    monkeypatch.setattr(slots, "SLOT_SECONDS", SLOT_SECONDS)


async def come_and_go(switchboard: Switchboard, seat: Seat, number: str | None) -> int:
    line = await join(switchboard, seat, number=number)
    line.close_nowait("hung_up", 1)
    return line.player


async def test_who_calls_again_in_time_gets_his_own(switchboard: Switchboard, autojump_clock: MockClock) -> None:
    async with switchboard.open_seat(ignore) as seat:
        seat.accept_nowait(3)
        lines = [await join(switchboard, seat, number, number) for number in ("ann", "bob", "cem")]
        lines[0].release_nowait()
        lines[1].release_nowait()
        await trio.sleep(SLOT_SECONDS - 1)
        assert (await join(switchboard, seat, "again", "bob")).player == 2


async def test_nobody_else_gets_it_while_there_is_another(switchboard: Switchboard) -> None:
    async with switchboard.open_seat(ignore) as seat:
        seat.accept_nowait(3)
        assert await come_and_go(switchboard, seat, "ann") == 1
        assert await come_and_go(switchboard, seat, "bob") == 2
        assert await come_and_go(switchboard, seat, None) == 3
        assert await come_and_go(switchboard, seat, "cem") == 3
        assert await come_and_go(switchboard, seat, "ann") == 1


async def test_who_has_been_gone_for_longest_loses_his_where_there_is_no_other(switchboard: Switchboard) -> None:
    async with switchboard.open_seat(ignore) as seat:
        seat.accept_nowait(2)
        assert await come_and_go(switchboard, seat, "ann") == 1
        assert await come_and_go(switchboard, seat, "bob") == 2
        assert await come_and_go(switchboard, seat, "ann") == 1
        assert await come_and_go(switchboard, seat, "cem") == 2
        assert await come_and_go(switchboard, seat, "ann") == 1
        assert await come_and_go(switchboard, seat, "bob") == 2


async def test_it_is_not_kept_for_ever(switchboard: Switchboard, autojump_clock: MockClock) -> None:
    async with switchboard.open_seat(ignore) as seat:
        seat.accept_nowait(2)
        assert await come_and_go(switchboard, seat, "ann") == 1
        await trio.sleep(SLOT_SECONDS)
        assert await come_and_go(switchboard, seat, "bob") == 1


async def test_who_is_not_known_keeps_none(switchboard: Switchboard) -> None:
    async with switchboard.open_seat(ignore) as seat:
        seat.accept_nowait(2)
        assert await come_and_go(switchboard, seat, None) == 1
        assert await come_and_go(switchboard, seat, "ann") == 1


async def test_two_calls_with_one_number_have_two(switchboard: Switchboard) -> None:
    async with switchboard.open_seat(ignore) as seat:
        seat.accept_nowait(2)
        assert (await join(switchboard, seat, "a", "ann")).player == 1
        assert (await join(switchboard, seat, "b", "ann")).player == 2
