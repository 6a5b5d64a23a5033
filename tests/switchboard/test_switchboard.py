"""What calls and games may rely on, whichever switchboard is between them: each runs through the same tests.

To add one: a function like `open_memory`, and its line in `IMPLEMENTATIONS`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.codes import CodePool
from phonegame.deepgram.messages import parse
from phonegame.listen.transcript import Heard
from phonegame.switchboard import (
    CallHeard,
    CallJoined,
    CallLeft,
    GameEvent,
    Line,
    NoCodeFree,
    Refused,
    Seat,
    SeatClosed,
    Switchboard,
)
from phonegame.switchboard.memory import SENTENCES, MemorySwitchboard
from tests.listen.deepgram_says import results

OpenSwitchboard = Callable[..., AbstractAsyncContextManager[Switchboard]]


@asynccontextmanager
async def open_memory(codes: list[str], game_queue: int) -> AsyncIterator[Switchboard]:
    yield MemorySwitchboard(CodePool(codes, random=Random(1)), game_queue=game_queue)


IMPLEMENTATIONS: dict[str, OpenSwitchboard] = {"memory": open_memory}


@pytest.fixture(params=IMPLEMENTATIONS)
def implementation(request: Any) -> OpenSwitchboard:
    return IMPLEMENTATIONS[request.param]


@pytest.fixture
async def switchboard(implementation: OpenSwitchboard) -> AsyncIterator[Switchboard]:
    """Three codes, and ten events that wait for a game."""
    async with implementation(["1", "2", "3"], 10) as switchboard:
        yield switchboard


def heard(text: str) -> Heard:
    raw = results(text, final=True)
    message = parse(raw)
    assert message is not None
    return Heard(raw, message)


async def join(switchboard: Switchboard, code: str, call_id: str = "call") -> Line:
    outcome = await switchboard.join(code, call_id)
    assert not isinstance(outcome, Refused)
    return outcome


async def receive(seat: Seat, count: int) -> list[GameEvent]:
    events: list[GameEvent] = []
    with trio.fail_after(5):  # noqa: ASYNC912 - there may be nothing to wait for
        while len(events) < count:
            events.append(await seat.events.receive())
    return events


async def receive_rest(seat: Seat) -> list[GameEvent]:
    with trio.fail_after(5):
        return [event async for event in seat.events]


async def hears_the_end(line: Line) -> None:
    with trio.fail_after(5), pytest.raises(trio.EndOfChannel):
        await line.sentences.receive()


class TestCodes:
    async def test_each_game_has_its_own(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as one, switchboard.open_seat() as two, switchboard.open_seat() as three:
            assert {one.code, two.code, three.code} == {"1", "2", "3"} == set(switchboard.active)
        assert not switchboard.active

    async def test_none_free_is_said_and_disturbs_nobody(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat, switchboard.open_seat(), switchboard.open_seat():
            line = await join(switchboard, seat.code)
            with pytest.raises(NoCodeFree, match="3"):
                async with switchboard.open_seat():
                    pytest.fail("there are three codes only")
            line.deliver_nowait(heard("hello"))
            assert await receive(seat, 2) == [CallJoined("call"), CallHeard("call", heard("hello"))]
            line.close_nowait()

    async def test_a_code_that_comes_back_is_free_at_once_where_no_other_is(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat(), switchboard.open_seat():
            async with switchboard.open_seat() as seat:
                code = seat.code
            async with switchboard.open_seat() as seat:
                assert seat.code == code

    async def test_a_code_that_comes_back_waits_behind_the_others(self, switchboard: Switchboard) -> None:
        codes = []
        for _ in range(3):
            async with switchboard.open_seat() as seat:
                codes.append(seat.code)
        assert sorted(codes) == ["1", "2", "3"]

    async def test_an_error_in_the_game_gives_it_back(self, switchboard: Switchboard) -> None:
        with pytest.raises(ZeroDivisionError):
            async with switchboard.open_seat():
                raise ZeroDivisionError
        assert not switchboard.active

    async def test_so_does_a_cancellation(self, switchboard: Switchboard) -> None:
        with trio.CancelScope() as scope:
            async with switchboard.open_seat():
                scope.cancel()
                await trio.sleep_forever()
        assert not switchboard.active

    @pytest.mark.parametrize("why", SeatClosed)
    async def test_so_does_a_closed_seat_and_leaving_it_later_does_no_harm(
        self, why: SeatClosed, switchboard: Switchboard
    ) -> None:
        async with switchboard.open_seat() as seat:
            seat.close_nowait(why)
            assert not switchboard.active
            seat.close_nowait(SeatClosed.SHUTDOWN)
            assert seat.closed is why
            async with switchboard.open_seat(), switchboard.open_seat(), switchboard.open_seat():
                assert len(switchboard.active) == 3
        assert not switchboard.active

    async def test_a_game_that_leaves_by_itself_was_not_closed(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            pass
        assert seat.closed is None


class TestJoin:
    async def test_an_unknown_code_is_refused(self, switchboard: Switchboard) -> None:
        assert await switchboard.join("1", "call") is Refused.UNKNOWN
        async with switchboard.open_seat() as seat:
            pass
        assert await switchboard.join(seat.code, "call") is Refused.UNKNOWN

    async def test_a_second_caller_is_refused_and_the_first_not_disturbed(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            line = await join(switchboard, seat.code, "first")
            assert await switchboard.join(seat.code, "second") is Refused.BUSY
            line.deliver_nowait(heard("hello"))
            line.close_nowait()
            events = await receive(seat, 3)
        assert events == [CallJoined("first"), CallHeard("first", heard("hello")), CallLeft("first")]

    async def test_games_get_their_own_calls_only(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as one, switchboard.open_seat() as two:
            line_one, line_two = await join(switchboard, one.code, "a"), await join(switchboard, two.code, "b")
            line_two.deliver_nowait(heard("two"))
            line_one.deliver_nowait(heard("one"))
            assert await receive(one, 2) == [CallJoined("a"), CallHeard("a", heard("one"))]
            assert await receive(two, 2) == [CallJoined("b"), CallHeard("b", heard("two"))]
            assert one.say_nowait("for a") == 1
            assert await line_one.sentences.receive() == "for a"
            with pytest.raises(trio.WouldBlock):
                line_two.sentences.receive_nowait()
            line_one.close_nowait()
            line_two.close_nowait()

    async def test_events_come_in_order_and_none_is_left_out(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            line = await join(switchboard, seat.code)
            said = [heard(f"word{number}") for number in range(8)]
            for each in said:
                line.deliver_nowait(each)
            line.close_nowait()
            events = await receive(seat, 10)
        assert events == [CallJoined("call"), *(CallHeard("call", each) for each in said), CallLeft("call")]


class TestLines:
    async def test_a_released_line_lets_the_next_caller_in_when_its_last_words_are_through(
        self, switchboard: Switchboard
    ) -> None:
        lines: list[Line] = []

        async def join_next() -> None:
            lines.append(await join(switchboard, seat.code, "second"))

        async with switchboard.open_seat() as seat, trio.open_nursery() as nursery:
            first = await join(switchboard, seat.code, "first")
            first.release_nowait()
            nursery.start_soon(join_next)
            await wait_all_tasks_blocked()
            assert lines == []
            assert await switchboard.join(seat.code, "third") is Refused.BUSY
            first.deliver_nowait(heard("bye"))
            first.close_nowait()
            events = await receive(seat, 4)
            assert events[:3] == [CallJoined("first"), CallHeard("first", heard("bye")), CallLeft("first")]
            assert events[3] == CallJoined("second")
            await wait_all_tasks_blocked()
            lines[0].close_nowait()

    async def test_closing_releases_as_well_and_both_may_be_done_again(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            line = await join(switchboard, seat.code, "first")
            line.close_nowait()
            line.close_nowait()
            line.release_nowait()
            second = await join(switchboard, seat.code, "second")
            line.release_nowait()
            assert await switchboard.join(seat.code, "third") is Refused.BUSY
            second.close_nowait()
            events = await receive(seat, 4)
        assert events == [CallJoined("first"), CallLeft("first"), CallJoined("second"), CallLeft("second")]

    async def test_a_cancelled_join_leaves_no_trace(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            with trio.CancelScope() as scope:
                scope.cancel()
                await switchboard.join(seat.code, "gone")
            line = await join(switchboard, seat.code, "next")
            line.close_nowait()
            assert await receive(seat, 2) == [CallJoined("next"), CallLeft("next")]

    async def test_a_join_cancelled_while_it_waits_does_not_let_the_next_one_jump_the_queue(
        self, switchboard: Switchboard
    ) -> None:
        async def join_and_close(call_id: str) -> None:
            (await join(switchboard, seat.code, call_id)).close_nowait()

        async with switchboard.open_seat() as seat, trio.open_nursery() as nursery:
            first = await join(switchboard, seat.code, "first")
            first.release_nowait()
            with trio.move_on_after(0):
                await switchboard.join(seat.code, "gone")
            nursery.start_soon(join_and_close, "next")
            await wait_all_tasks_blocked()
            first.deliver_nowait(heard("bye"))
            first.close_nowait()
            events = await receive(seat, 5)
        assert events == [
            CallJoined("first"),
            CallHeard("first", heard("bye")),
            CallLeft("first"),
            CallJoined("next"),
            CallLeft("next"),
        ]

    async def test_a_game_that_leaves_lets_go_of_the_caller(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            line = await join(switchboard, seat.code)
            seat.say_nowait("good bye")
        with trio.fail_after(5):
            assert await line.sentences.receive() == "good bye"
        await hears_the_end(line)
        line.deliver_nowait(heard("hello?"))
        line.close_nowait()

    async def test_and_of_one_who_was_about_to_join(self, switchboard: Switchboard) -> None:
        async def join_too_late() -> None:
            line = await join(switchboard, seat.code, "second")
            await hears_the_end(line)
            line.close_nowait()

        async with switchboard.open_seat() as seat, trio.open_nursery() as nursery:
            first = await join(switchboard, seat.code, "first")
            first.release_nowait()
            nursery.start_soon(join_too_late)
            await wait_all_tasks_blocked()
            seat.close_nowait(SeatClosed.SHUTDOWN)
            first.close_nowait()


class TestSentences:
    async def test_they_come_in_order(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            line = await join(switchboard, seat.code)
            for number in range(5):
                assert seat.say_nowait(f"sentence {number}") == 1
            for number in range(5):
                assert await line.sentences.receive() == f"sentence {number}"
            line.close_nowait()

    async def test_nobody_takes_one_before_and_after_a_call(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            assert seat.say_nowait("anybody?") == 0
            line = await join(switchboard, seat.code)
            line.release_nowait()
            assert seat.say_nowait("anybody?") == 0
            await hears_the_end(line)
            line.close_nowait()

    async def test_nor_does_a_caller_who_is_not_yet_announced(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat, trio.open_nursery() as nursery:
            first = await join(switchboard, seat.code, "first")
            first.release_nowait()
            nursery.start_soon(switchboard.join, seat.code, "second")
            await wait_all_tasks_blocked()
            assert seat.say_nowait("for the first one") == 0
            first.close_nowait()

    async def test_only_so_many_wait(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            line = await join(switchboard, seat.code)
            assert sum(seat.say_nowait("and another thing") for _ in range(SENTENCES + 5)) == SENTENCES
            await line.sentences.receive()
            assert seat.say_nowait("there is room again") == 1
            line.close_nowait()


class TestSlowGame:
    async def test_it_loses_its_seat_after_what_was_queued(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as seat:
            line = await join(switchboard, seat.code)
            for number in range(9):
                line.deliver_nowait(heard(f"word{number}"))
            assert set(switchboard.active) == {seat.code}
            line.deliver_nowait(heard("one too many"))
            assert seat.closed is SeatClosed.TOO_SLOW
            assert not switchboard.active
            await hears_the_end(line)
            events = await receive_rest(seat)
            assert events == [CallJoined("call"), *(CallHeard("call", heard(f"word{n}")) for n in range(9))]
            line.deliver_nowait(heard("and more"))
            line.close_nowait()

    async def test_no_other_game_is_concerned(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat() as slow, switchboard.open_seat() as quick:
            slow_line, line = await join(switchboard, slow.code), await join(switchboard, quick.code)
            for _ in range(20):
                slow_line.deliver_nowait(heard("blah"))
            line.deliver_nowait(heard("hello"))
            assert await receive(quick, 2) == [CallJoined("call"), CallHeard("call", heard("hello"))]
            assert set(switchboard.active) == {quick.code}
            slow_line.close_nowait()
            line.close_nowait()
