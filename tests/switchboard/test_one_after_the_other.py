"""Games that take one caller after the other: the last words of the one come before the first of the next."""

from __future__ import annotations

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.speak.saying import Saying
from phonegame.switchboard import (
    GameLeft,
    Refused,
    Say,
    SeatClosed,
    Switchboard,
)
from phonegame.switchboard.memory import HANDOVER_SECONDS
from tests.switchboard.played import Events, Phone, heard, ignore, is_refused, join, settled


async def test_the_next_caller_waits_until_the_last_words_are_through(switchboard: Switchboard) -> None:
    events = Events()
    async with (
        switchboard.open_seat(events.take, one_after_the_other=True) as seat,
        trio.open_nursery() as nursery,
    ):
        first = await join(switchboard, seat, "first")
        first.release_nowait()
        nursery.start_soon(join, switchboard, seat, "second")
        await wait_all_tasks_blocked()
        await settled(switchboard)
        assert events.started == [("first", 1)]
        assert await is_refused(switchboard, seat.code, "third") is Refused.BUSY
        first.deliver_nowait(heard("bye"))
        first.close_nowait("hung_up", 1)
    assert events.order == [
        ("first", "CallStarted"),
        ("first", "CallHeard"),
        ("first", "CallEnded"),
        ("second", "CallStarted"),
    ]


async def test_but_not_for_ever(switchboard: Switchboard, autojump_clock: MockClock) -> None:
    events = Events()
    async with switchboard.open_seat(events.take, one_after_the_other=True) as seat:
        first = await join(switchboard, seat, "first")
        first.release_nowait()
        began = trio.current_time()
        await join(switchboard, seat, "second")
        assert trio.current_time() - began == HANDOVER_SECONDS
        first.deliver_nowait(heard("too late"))
        first.close_nowait("hung_up", 1)
    assert events.order == [("first", "CallStarted"), ("first", "CallEnded"), ("second", "CallStarted")]


async def test_a_join_cancelled_while_it_waits_does_not_let_the_next_one_jump_the_queue(
    switchboard: Switchboard,
) -> None:
    events = Events()

    async def join_and_close(call_id: str) -> None:
        (await join(switchboard, seat, call_id)).close_nowait("hung_up", 1)

    async with (
        switchboard.open_seat(events.take, one_after_the_other=True) as seat,
        trio.open_nursery() as nursery,
    ):
        first = await join(switchboard, seat, "first")
        first.release_nowait()
        with trio.move_on_after(0):
            await join(switchboard, seat, "gone")
        nursery.start_soon(join_and_close, "next")
        await wait_all_tasks_blocked()
        await settled(switchboard)
        first.deliver_nowait(heard("bye"))
        first.close_nowait("hung_up", 1)
    assert events.order == [
        ("first", "CallStarted"),
        ("first", "CallHeard"),
        ("first", "CallEnded"),
        ("next", "CallStarted"),
        ("next", "CallEnded"),
    ]


async def test_a_game_that_leaves_tells_who_was_about_to_join(switchboard: Switchboard) -> None:
    events, phone = Events(), Phone(switchboard, "second")

    async with (
        switchboard.open_seat(events.take, one_after_the_other=True) as seat,
        trio.open_nursery() as nursery,
    ):
        first = await join(switchboard, seat, "first")
        first.release_nowait()
        nursery.start_soon(phone.join, seat.code)
        await wait_all_tasks_blocked()
        await settled(switchboard)
        seat.close_nowait(SeatClosed.SHUTDOWN)
        await settled(switchboard)
        assert phone.commands == [GameLeft()]
        first.close_nowait("hung_up", 1)
    assert events.started == [("first", 1)]


async def test_a_command_means_nobody_who_is_not_yet_announced(switchboard: Switchboard) -> None:
    phone = Phone(switchboard, "second")
    async with (
        switchboard.open_seat(ignore, one_after_the_other=True) as seat,
        trio.open_nursery() as nursery,
    ):
        first = await join(switchboard, seat, "first")
        first.release_nowait()
        nursery.start_soon(phone.join, seat.code)
        await wait_all_tasks_blocked()
        await settled(switchboard)
        assert seat.command_nowait(Say(Saying(say_id="1", text="for the first one"))) == []
        assert seat.calls == []
        first.close_nowait("hung_up", 1)
        await wait_all_tasks_blocked()
        await settled(switchboard)
        assert seat.calls == [("second", 1)]
    assert phone.commands == [GameLeft()]
