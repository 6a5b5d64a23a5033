"""Another game has got the code meanwhile, as it may be after a failover of Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from wsproto.events import CloseConnection

from phonegame.game.close_codes import SERVICE_RESTART
from phonegame.switchboard import FromCall, SeatClosed
from phonegame.switchboard.memory import MemorySeat, MemorySwitchboard
from tests.game.arcade import open_arcade

Lost = Callable[[str | None], None]


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[Lost]:
    """What the games have to be told with, in the order in which they have come."""
    told: list[Lost] = []
    open_seat = MemorySwitchboard.open_seat

    @asynccontextmanager
    async def open_and_note(
        self: MemorySwitchboard,
        take: Callable[[FromCall], None],
        *,
        one_after_the_other: bool = False,
        game: str = "",
        code_lost: Lost | None = None,
    ) -> AsyncIterator[MemorySeat]:
        assert code_lost is not None
        told.append(code_lost)
        async with open_seat(self, take, one_after_the_other=one_after_the_other, game=game) as seat:
            yield seat

    monkeypatch.setattr(MemorySwitchboard, "open_seat", open_and_note)
    return told


async def test_a_v1_game_shows_another_one(lost: list[Lost]) -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        await game.welcome()
        lost[0]("new")
        assert (await game.next("code_changed"))["code"] == "new"
        await game.settles()


async def test_a_v1_game_for_which_there_is_none_is_closed(lost: list[Lost]) -> None:
    async with open_arcade() as arcade, arcade.v1() as game:
        await game.welcome()
        lost[0](None)
        assert await game.closed() == (SERVICE_RESTART, SeatClosed.CODE_LOST.value)


async def test_a_game_of_the_text_protocol_is_closed(lost: list[Lost]) -> None:
    async with open_arcade() as arcade, arcade.socket() as game:
        for _ in range(2):
            assert isinstance(await game.receive(), str)
        lost[0]("new")
        end = await game.receive()
        assert isinstance(end, CloseConnection)
        assert (end.code, end.reason) == (SERVICE_RESTART, SeatClosed.CODE_LOST.value)
