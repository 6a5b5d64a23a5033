"""What is said and what is keyed, together: a call is patched once."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.codes import CodePool
from phonegame.deepgram.messages import parse
from phonegame.front_desk import FrontDesk, TurnedAway
from phonegame.listen.transcript import Heard
from phonegame.spoken import CodeBook
from phonegame.switchboard import CallHeard, CallJoined, GameEvent, Refused, Seat
from phonegame.switchboard.memory import HANDOVER_SECONDS, MemorySwitchboard
from tests.listen.deepgram_says import results

CODES = ["4", "7", "42"]


def said(words: str, *, speech_final: bool = True, start: float = 1.0) -> Heard:
    raw = results(words, start, final=True)
    if not speech_final:
        raw = raw.replace('"speech_final": true', '"speech_final": false')
    message = parse(raw)
    assert message is not None
    return Heard(raw, message)


@dataclass
class Hall:
    """A switchboard on which every code is shown, and a desk at it."""

    switchboard: MemorySwitchboard
    seats: dict[str, Seat]
    desk: FrontDesk
    turned_away: list[TurnedAway] = field(default_factory=list)

    def events(self, code: str) -> list[GameEvent]:
        events: list[GameEvent] = []
        while self.seats[code].events.statistics().current_buffer_used:
            events.append(self.seats[code].events.receive_nowait())
        return events


@asynccontextmanager
async def open_hall(*, wrong_codes: int = 5) -> AsyncIterator[Hall]:
    book = CodeBook(CODES)
    switchboard = MemorySwitchboard(CodePool(CODES, random=random.Random(1)), game_queue=100)
    async with AsyncExitStack() as stack:
        seats = [await stack.enter_async_context(switchboard.open_seat()) for _ in CODES]
        turned_away: list[TurnedAway] = []
        desk = FrontDesk(switchboard, book, "call", wrong_codes=wrong_codes, turn_away=turned_away.append)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(desk.receive_keys, lambda: 0.0)
            yield Hall(switchboard, {seat.code: seat for seat in seats}, desk, turned_away)
            desk.leave_nowait()
            desk.close_nowait()


async def press(desk: FrontDesk, keys: str) -> None:
    for key in keys:
        desk.press_nowait(key)
    await wait_all_tasks_blocked()


async def test_a_code_that_waits_to_be_settled_does_not_count_once_another_was_keyed() -> None:
    async with open_hall() as hall:
        await hall.desk.hear(said("4", speech_final=False))
        await press(hall.desk, "42#")
        await hall.desk.settle()
        assert hall.events("42") == [CallJoined("call")]
        assert hall.events("4") == []


async def test_keys_that_wait_to_be_settled_do_not_count_once_another_code_was_said(
    autojump_clock: MockClock,
) -> None:
    async with open_hall() as hall:
        await press(hall.desk, "4")
        await hall.desk.hear(said("code 42"))
        await trio.sleep(10)
        assert hall.events("42") == [CallJoined("call")]
        assert hall.events("4") == []


async def test_wrong_codes_do_not_count_once_the_call_is_patched() -> None:
    async with open_hall(wrong_codes=1) as hall:
        await press(hall.desk, "42#")
        await press(hall.desk, "99#")
        await hall.desk.hear(said("code 99", start=5))
        await hall.desk.settle()
        assert hall.turned_away == []


async def test_a_key_that_is_pressed_after_the_end_does_no_harm() -> None:
    async with open_hall() as hall:
        hall.desk.close_nowait()
        hall.desk.press_nowait("1")
        await wait_all_tasks_blocked()
        hall.desk.press_nowait("1")
        assert hall.turned_away == []


async def test_what_is_said_while_the_line_is_being_made_reaches_the_game(autojump_clock: MockClock) -> None:
    async with open_hall() as hall:
        before = await hall.switchboard.join("42", "before")
        assert not isinstance(before, Refused)
        before.release_nowait()
        async with trio.open_nursery() as nursery:
            await press(hall.desk, "42#")
            nursery.start_soon(hall.desk.hear, said("one pizza", start=2))
            await trio.sleep(HANDOVER_SECONDS / 2)
            assert not hall.desk.joined.is_set()
        events = [event for event in hall.events("42") if getattr(event, "call_id", "") == "call"]
        assert [type(event) for event in events] == [CallJoined, CallHeard]


@pytest.mark.parametrize("way", ["keys", "voice"])
async def test_the_last_wrong_code_turns_the_call_away_once(way: str) -> None:
    async with open_hall(wrong_codes=2) as hall:
        for number in range(4):
            if way == "keys":
                await press(hall.desk, "99#")
            else:
                await hall.desk.hear(said("99", start=number + 1.0))
        assert hall.turned_away == [TurnedAway.WRONG_CODES]
