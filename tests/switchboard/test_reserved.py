"""A slot that waits for somebody who is being rung up."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.switchboard import (
    CallEnded,
    Caller,
    CallStarted,
    CallStatus,
    Clear,
    Command,
    GameLeft,
    HangUp,
    Refused,
    Reserved,
    Seat,
    SeatClosed,
    Switchboard,
)
from phonegame.switchboard.memory import HANDOVER_SECONDS
from tests.switchboard.played import Events, heard, ignore, is_refused, join, settled

CALLER = Caller(call_id="out", known_as="player", direction="outgoing")
RINGING = CallStatus("ringing")


async def reserve(switchboard: Switchboard, seat: Seat, commands: list[Command] | None = None) -> Reserved:
    take = ignore if commands is None else commands.append
    outcome = await switchboard.reserve(seat.code, CALLER, take)
    assert not isinstance(outcome, Refused)
    return outcome


async def test_it_counts_as_a_caller(switchboard: Switchboard) -> None:
    async with switchboard.open_seat(ignore) as seat:
        seat.accept_nowait(2)
        await join(switchboard, seat)
        reserved = await reserve(switchboard, seat)
        assert reserved.player == 2
        assert await is_refused(switchboard, seat.code) is Refused.BUSY
        assert await switchboard.reserve(seat.code, CALLER, ignore) is Refused.BUSY
        reserved.give_back_nowait()
        assert (await join(switchboard, seat, "next")).player == 2


async def test_there_is_none_where_no_game_is(switchboard: Switchboard) -> None:
    assert await switchboard.reserve("no game", CALLER, ignore) is Refused.UNKNOWN


async def test_it_becomes_a_line_and_keeps_its_slot(switchboard: Switchboard) -> None:
    events = Events()
    async with switchboard.open_seat(events.take) as seat:
        ringing: list[Command] = []
        talking: list[Command] = []
        reserved = await reserve(switchboard, seat, ringing)
        reserved.deliver_nowait(RINGING)
        line = await reserved.begin(talking.append)
        line.deliver_nowait(heard("hello"))
        reserved.deliver_nowait(CallStatus("machine"))
        seat.command_nowait(Clear())
        await settled(switchboard)
        reserved.give_back_nowait()
        line.close_nowait("hung_up", 1.5)
        reserved.deliver_nowait(RINGING)
        await settled(switchboard)
        assert [event.event for event in events.all] == [
            RINGING,
            CallStarted(CALLER),
            heard("hello"),
            CallStatus("machine"),
            CallEnded("hung_up", 1.5),
        ]
        assert {(event.call_id, event.player) for event in events.all} == {("out", 1)}
        assert (ringing, talking) == ([], [Clear()])


async def test_one_that_is_given_back_has_no_call_to_end(switchboard: Switchboard) -> None:
    events = Events()
    async with switchboard.open_seat(events.take) as seat:
        reserved = await reserve(switchboard, seat)
        for _ in range(2):
            reserved.give_back_nowait()
        reserved.deliver_nowait(RINGING)
        assert events.all == []


async def test_a_ringing_phone_can_be_hung_up_and_told_nothing_else(switchboard: Switchboard) -> None:
    async with switchboard.open_seat(ignore) as seat:
        commands: list[Command] = []
        await reserve(switchboard, seat, commands)
        assert seat.calls == []
        assert seat.command_nowait(Clear()) == []
        assert seat.command_nowait(Clear(), ["out"]) == []
        assert seat.command_nowait(HangUp(), ["somebody else"]) == []
        assert seat.command_nowait(HangUp(), [1]) == ["out"]
        await settled(switchboard)
        assert commands == [HangUp()]


async def test_a_caller_who_is_joining_yet_is_not_hung_up_for_another(
    switchboard: Switchboard, autojump_clock: MockClock
) -> None:
    async with switchboard.open_seat(ignore, one_after_the_other=True) as seat:
        before = await join(switchboard, seat)
        before.release_nowait()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(join, switchboard, seat, "next")
            await wait_all_tasks_blocked()
            await settled(switchboard)
            assert seat.command_nowait(HangUp()) == []


async def test_it_learns_that_the_game_has_left(switchboard: Switchboard) -> None:
    async with switchboard.open_seat(ignore) as seat:
        commands: list[Command] = []
        reserved = await reserve(switchboard, seat, commands)
        seat.close_nowait(SeatClosed.LEFT)
        await settled(switchboard)
        assert commands == [GameLeft()]
        reserved.give_back_nowait()


async def test_its_line_waits_for_the_last_words_of_the_caller_before(
    switchboard: Switchboard, autojump_clock: MockClock
) -> None:
    events = Events()
    async with switchboard.open_seat(events.take, one_after_the_other=True) as seat:
        before = await join(switchboard, seat, "before")
        before.release_nowait()
        reserved = await reserve(switchboard, seat)
        began = trio.current_time()
        await reserved.begin(ignore)
        assert trio.current_time() == pytest.approx(began + HANDOVER_SECONDS)
        assert [event.call_id for event in events.all] == ["before", "before", "out"]


@pytest.mark.parametrize("way", ["given back", "cancelled"])
async def test_one_that_is_lost_while_its_line_begins_leaves_its_slot_free(
    way: str, switchboard: Switchboard, autojump_clock: MockClock
) -> None:
    events = Events()
    async with switchboard.open_seat(events.take, one_after_the_other=True) as seat:
        before = await join(switchboard, seat, "before")
        before.release_nowait()
        reserved = await reserve(switchboard, seat)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reserved.begin, ignore)
            await wait_all_tasks_blocked()
            if way == "cancelled":
                nursery.cancel_scope.cancel()
            else:
                reserved.give_back_nowait()
        assert (await join(switchboard, seat, "next")).player == 1
        assert events.started == [("before", 1), ("next", 1)]
