"""What calls and games may rely on, whichever switchboard is between them."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from structlog.testing import capture_logs

from phonegame.speak.saying import Receipt, Saying
from phonegame.switchboard import (
    MAX_CALLERS,
    CallEnded,
    Caller,
    CallHeard,
    CallKeyed,
    CallStarted,
    Clear,
    Command,
    Expect,
    FromCall,
    GameAway,
    GameLeft,
    HangUp,
    Line,
    NoCodeFree,
    Refused,
    Say,
    SayFinished,
    Seat,
    SeatClosed,
    Switchboard,
)
from tests.switchboard.played import Events, Phone, heard, ignore, is_refused, join, settled


class TestCodes:
    async def test_each_game_has_its_own(self, switchboard: Switchboard) -> None:
        async with (
            switchboard.open_seat(ignore) as one,
            switchboard.open_seat(ignore) as two,
            switchboard.open_seat(ignore) as three,
        ):
            assert {one.code, two.code, three.code} == {"1", "2", "3"} == set(switchboard.active)
        assert not switchboard.active

    async def test_none_free_is_said_and_disturbs_nobody(self, switchboard: Switchboard) -> None:
        events = Events()
        async with (
            switchboard.open_seat(events.take) as seat,
            switchboard.open_seat(ignore),
            switchboard.open_seat(ignore),
        ):
            line = await join(switchboard, seat)
            with pytest.raises(NoCodeFree, match="3"):
                async with switchboard.open_seat(ignore):
                    pytest.fail("there are three codes only")
            line.deliver_nowait(heard("hello"))
            await settled(switchboard)
            assert events.of("call") == [heard("hello")]
            line.close_nowait("hung_up", 1)

    async def test_a_code_that_comes_back_is_free_at_once_where_no_other_is(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat(ignore), switchboard.open_seat(ignore):
            async with switchboard.open_seat(ignore) as seat:
                code = seat.code
            async with switchboard.open_seat(ignore) as seat:
                assert seat.code == code

    async def test_a_code_that_comes_back_waits_behind_the_others(self, switchboard: Switchboard) -> None:
        codes = []
        for _ in range(3):
            async with switchboard.open_seat(ignore) as seat:
                codes.append(seat.code)
        assert sorted(codes) == ["1", "2", "3"]

    async def test_an_error_in_the_game_gives_it_back(self, switchboard: Switchboard) -> None:
        with pytest.raises(ZeroDivisionError):
            async with switchboard.open_seat(ignore):
                raise ZeroDivisionError
        assert not switchboard.active

    async def test_so_does_a_cancellation(self, switchboard: Switchboard) -> None:
        with trio.CancelScope() as scope:
            async with switchboard.open_seat(ignore):
                scope.cancel()
                await trio.sleep_forever()
        assert not switchboard.active

    @pytest.mark.parametrize("why", SeatClosed)
    async def test_so_does_a_closed_seat_and_leaving_it_later_does_no_harm(
        self, why: SeatClosed, switchboard: Switchboard
    ) -> None:
        async with switchboard.open_seat(ignore) as seat:
            seat.close_nowait(why)
            await settled(switchboard)
            assert not switchboard.active
            seat.close_nowait(SeatClosed.SHUTDOWN)
            assert seat.closed is why
            async with switchboard.open_seat(ignore), switchboard.open_seat(ignore), switchboard.open_seat(ignore):
                assert len(switchboard.active) == 3
        assert not switchboard.active

    async def test_a_game_that_leaves_by_itself_was_not_closed(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat(ignore) as seat:
            pass
        assert seat.closed is None


class TestJoin:
    async def test_an_unknown_code_is_refused(self, switchboard: Switchboard) -> None:
        assert await is_refused(switchboard, "1") is Refused.UNKNOWN
        async with switchboard.open_seat(ignore) as seat:
            pass
        assert await is_refused(switchboard, seat.code) is Refused.UNKNOWN

    @pytest.mark.parametrize("one_after_the_other", [False, True])
    async def test_a_second_caller_is_refused_and_the_first_not_disturbed(
        self, one_after_the_other: bool, switchboard: Switchboard
    ) -> None:
        events = Events()
        async with switchboard.open_seat(events.take, one_after_the_other=one_after_the_other) as seat:
            line = await join(switchboard, seat, "first")
            assert await is_refused(switchboard, seat.code, "second") is Refused.BUSY
            line.deliver_nowait(heard("hello"))
            line.close_nowait("hung_up", 1.5)
        assert events.started == [("first", 1)]
        assert events.of("first") == [heard("hello"), CallEnded("hung_up", 1.5)]

    async def test_the_game_learns_who_calls(self, switchboard: Switchboard) -> None:
        events = Events()
        caller = Caller(call_id="call", known_as="hash", shown="+1***42", direction="outgoing")
        async with switchboard.open_seat(events.take) as seat:
            line = await switchboard.join(seat.code, caller, ignore)
            assert not isinstance(line, Refused)
            assert line.player == 1
        assert events.all == [FromCall("call", 1, CallStarted(caller))]

    async def test_games_get_their_own_calls_only(self, switchboard: Switchboard) -> None:
        events_one, events_two = Events(), Events()
        phone_one, phone_two = Phone(switchboard, "a"), Phone(switchboard, "b")
        async with switchboard.open_seat(events_one.take) as one, switchboard.open_seat(events_two.take) as two:
            line_one, line_two = await phone_one.join(one.code), await phone_two.join(two.code)
            line_two.deliver_nowait(heard("two"))
            line_one.deliver_nowait(heard("one"))
            assert one.command_nowait(Clear()) == ["a"]
            await settled(switchboard)
            assert (phone_one.commands, phone_two.commands) == ([Clear()], [])
            line_one.close_nowait("hung_up", 1)
            line_two.close_nowait("hung_up", 1)
        assert events_one.of("a") == [heard("one"), CallEnded("hung_up", 1)]
        assert events_two.of("b") == [heard("two"), CallEnded("hung_up", 1)]

    async def test_events_come_in_order_and_none_is_left_out(self, switchboard: Switchboard) -> None:
        events = Events()
        said = [heard(f"word{number}") for number in range(50)]
        async with switchboard.open_seat(events.take) as seat:
            line = await join(switchboard, seat)
            for each in said:
                line.deliver_nowait(each)
            line.close_nowait("hung_up", 1)
        assert events.of("call") == [*said, CallEnded("hung_up", 1)]

    async def test_as_many_callers_as_the_game_accepts(self, switchboard: Switchboard) -> None:
        events = Events()
        async with switchboard.open_seat(events.take) as seat:
            seat.accept_nowait(MAX_CALLERS)
            for number in range(MAX_CALLERS):
                await join(switchboard, seat, f"call {number}")
            assert await is_refused(switchboard, seat.code) is Refused.BUSY
        assert events.started == [(f"call {number}", number + 1) for number in range(MAX_CALLERS)]

    async def test_who_is_there_stays_when_the_game_accepts_fewer(self, switchboard: Switchboard) -> None:
        async with switchboard.open_seat(ignore) as seat:
            seat.accept_nowait(3)
            lines = [await join(switchboard, seat, call_id) for call_id in "abc"]
            seat.accept_nowait(2)
            assert seat.calls == [("a", 1), ("b", 2), ("c", 3)]
            lines[0].close_nowait("hung_up", 1)
            assert await is_refused(switchboard, seat.code) is Refused.BUSY
            lines[1].close_nowait("hung_up", 1)
            assert (await join(switchboard, seat, "d")).player == 1

    @pytest.mark.parametrize("callers", [0, -1, MAX_CALLERS + 1])
    async def test_no_game_accepts_fewer_than_one_or_more_than_there_are_slots(
        self, callers: int, switchboard: Switchboard
    ) -> None:
        async with switchboard.open_seat(ignore) as seat:
            with pytest.raises(ValueError, match=str(callers)):
                seat.accept_nowait(callers)


class TestLines:
    async def test_a_released_line_lets_the_next_caller_in_while_last_words_still_come(
        self, switchboard: Switchboard
    ) -> None:
        events = Events()
        async with switchboard.open_seat(events.take) as seat:
            first = await join(switchboard, seat, "first")
            first.release_nowait()
            second = await join(switchboard, seat, "second")
            second.deliver_nowait(heard("hello"))
            first.deliver_nowait(heard("bye"))
            first.close_nowait("hung_up", 1)
            second.close_nowait("hung_up", 1)
        assert events.started == [("first", 1), ("second", 1)]
        assert events.of("first") == [heard("bye"), CallEnded("hung_up", 1)]
        assert events.of("second") == [heard("hello"), CallEnded("hung_up", 1)]

    async def test_closing_releases_as_well_and_both_may_be_done_again(self, switchboard: Switchboard) -> None:
        events = Events()
        async with switchboard.open_seat(events.take) as seat:
            line = await join(switchboard, seat, "first")
            line.close_nowait("hung_up", 1)
            line.close_nowait("again", 2)
            line.release_nowait()
            second = await join(switchboard, seat, "second")
            line.release_nowait()
            assert await is_refused(switchboard, seat.code, "third") is Refused.BUSY
            second.close_nowait("hung_up", 3)
        assert events.of("first") == [CallEnded("hung_up", 1)]
        assert events.of("second") == [CallEnded("hung_up", 3)]

    async def test_nothing_comes_of_a_closed_line(self, switchboard: Switchboard) -> None:
        events = Events()
        async with switchboard.open_seat(events.take) as seat:
            line = await join(switchboard, seat)
            line.close_nowait("hung_up", 1)
            line.deliver_nowait(CallKeyed("5"))
        assert events.of("call") == [CallEnded("hung_up", 1)]

    async def test_a_cancelled_join_leaves_no_trace(self, switchboard: Switchboard) -> None:
        events = Events()
        async with switchboard.open_seat(events.take) as seat:
            with trio.CancelScope() as scope:
                scope.cancel()
                await join(switchboard, seat, "gone")
            line = await join(switchboard, seat, "next")
            line.close_nowait("hung_up", 1)
        assert events.order == [("next", "CallStarted"), ("next", "CallEnded")]

    async def test_a_game_that_leaves_lets_go_of_every_caller(self, switchboard: Switchboard) -> None:
        events = Events()
        phones = [Phone(switchboard, call_id) for call_id in "ab"]
        async with switchboard.open_seat(events.take) as seat:
            seat.accept_nowait(2)
            lines = [await phone.join(seat.code) for phone in phones]
            seat.command_nowait(GameAway())
        assert [phone.commands for phone in phones] == [[GameAway(), GameLeft()]] * 2
        before = list(events.all)
        for line in lines:
            line.deliver_nowait(heard("hello?"))
            line.close_nowait("game_left", 1)
        assert events.all == before

    async def test_a_released_caller_does_not_learn_it(self, switchboard: Switchboard) -> None:
        phone = Phone(switchboard)
        async with switchboard.open_seat(ignore) as seat:
            line = await phone.join(seat.code)
            line.release_nowait()
        assert phone.commands == []


class TestCommands:
    async def test_they_come_in_order(self, switchboard: Switchboard) -> None:
        phone = Phone(switchboard)
        commands: list[Command] = [
            *(Say(Saying(say_id=str(number))) for number in range(5)),
            Clear(),
            HangUp(at_once=True),
        ]
        async with switchboard.open_seat(ignore) as seat:
            await phone.join(seat.code)
            for command in commands:
                assert seat.command_nowait(command) == ["call"]
            await settled(switchboard)
            assert phone.commands == commands

    async def test_nobody_takes_one_before_and_after_a_call(self, switchboard: Switchboard) -> None:
        phone = Phone(switchboard)
        async with switchboard.open_seat(ignore) as seat:
            assert seat.command_nowait(Clear()) == []
            line = await phone.join(seat.code)
            line.release_nowait()
            await settled(switchboard)
            assert seat.command_nowait(Clear()) == []
            assert seat.calls == []
        assert seat.command_nowait(Clear()) == []
        assert phone.commands == []

    async def test_one_that_is_given_when_the_call_starts_reaches_it(self, switchboard: Switchboard) -> None:
        phone = Phone(switchboard)
        seats: list[Seat] = []

        def greet(event: FromCall) -> None:
            assert seats[0].command_nowait(Expect(("pizza",)), [event.call_id]) == ["call"]

        async with switchboard.open_seat(greet) as seat:
            seats.append(seat)
            await phone.join(seat.code)
            assert phone.commands == [Expect(("pizza",))]

    @pytest.mark.parametrize(
        ("to", "reached"),
        [
            ("all", ["a", "b", "c"]),
            (["b"], ["b"]),
            ([3, 1], ["a", "c"]),
            (["c", 1], ["a", "c"]),
            ([1, "a"], ["a"]),
            (["nobody", 7, "all"], []),
            ([], []),
            (["1"], []),
        ],
    )
    async def test_they_go_to_one_or_several_or_all(
        self, to: Any, reached: list[str], switchboard: Switchboard
    ) -> None:
        phones = [Phone(switchboard, call_id) for call_id in "abc"]
        async with switchboard.open_seat(ignore) as seat:
            seat.accept_nowait(3)
            for phone in phones:
                await phone.join(seat.code)
            assert seat.command_nowait(Clear(), to) == reached
            await settled(switchboard)
            assert [phone.call_id for phone in phones if phone.commands] == reached

    async def test_one_that_ends_another_call_as_well_does_not_reach_that_one(self, switchboard: Switchboard) -> None:
        lines: list[Line] = []
        taken: list[Command] = []

        def end_all(command: Command) -> None:
            taken.append(command)
            for line in lines:
                line.release_nowait()

        async with switchboard.open_seat(ignore) as seat:
            seat.accept_nowait(2)
            for call_id in "ab":
                line = await switchboard.join(seat.code, Caller(call_id=call_id), end_all)
                assert not isinstance(line, Refused)
                lines.append(line)
            assert seat.command_nowait(HangUp(at_once=True))[0] == "a"
            await settled(switchboard)
        assert taken == [HangUp(at_once=True)]


class TestErrorsAtOneEnd:
    """Neither end can do anything about the other's."""

    async def test_of_the_game_are_logged_and_do_not_reach_the_call(self, switchboard: Switchboard) -> None:
        events = Events()

        def fail_once(event: FromCall) -> None:
            events.take(event)
            if len(events.all) == 1:
                raise ZeroDivisionError

        with capture_logs() as logged:
            async with switchboard.open_seat(fail_once) as seat:
                line = await join(switchboard, seat)
                line.deliver_nowait(heard("still here"))
                line.close_nowait("hung_up", 1)
        assert events.of("call") == [heard("still here"), CallEnded("hung_up", 1)]
        assert [(entry["log_level"], entry["what"]) for entry in logged] == [("error", "FromCall")]

    async def test_of_a_call_do_not_reach_the_game_or_another_call(self, switchboard: Switchboard) -> None:
        def fail(_: Command) -> None:
            raise ZeroDivisionError

        phone = Phone(switchboard, "b")
        async with switchboard.open_seat(ignore) as seat:
            seat.accept_nowait(2)
            await switchboard.join(seat.code, Caller(call_id="a"), fail)
            await phone.join(seat.code)
            assert seat.command_nowait(Clear()) == ["a", "b"]
        assert phone.commands == [Clear(), GameLeft()]
        assert not switchboard.active

    async def test_a_game_may_close_its_seat_while_it_takes_an_event(self, switchboard: Switchboard) -> None:
        phone = Phone(switchboard)
        taken: list[FromCall] = []

        def give_up(event: FromCall) -> None:
            taken.append(event)
            if isinstance(event.event, CallHeard):
                seat.close_nowait(SeatClosed.TOO_SLOW)

        async with switchboard.open_seat(give_up) as seat, switchboard.open_seat(ignore):
            line = await phone.join(seat.code)
            line.deliver_nowait(heard("blah"))
            line.deliver_nowait(heard("blah"))
            await settled(switchboard)
            assert len(taken) == 2
            assert phone.commands == [GameLeft()]
            assert len(switchboard.active) == 1
            line.close_nowait("game_left", 1)

    async def test_a_receipt_may_come_while_the_command_is_given(self, switchboard: Switchboard) -> None:
        events, lines = Events(), list[Line]()
        refusal = SayFinished("1", Receipt(heard="", seconds=0))

        async with switchboard.open_seat(events.take) as seat:
            line = await switchboard.join(
                seat.code, Caller(call_id="call"), lambda _: lines[0].deliver_nowait(refusal) if lines else None
            )
            assert not isinstance(line, Refused)
            lines.append(line)
            seat.command_nowait(Say(Saying(say_id="1")))
            await settled(switchboard)
            assert events.of("call") == [refusal]
            lines.clear()
