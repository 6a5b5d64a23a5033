from __future__ import annotations

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.board import Board, TooManyViewers, Viewer
from phonegame.board.board import MAX_CHANGED, MAX_VIEWERS
from phonegame.board.shown import Change, GameShown
from phonegame.ended import Ended
from phonegame.switchboard import Caller, CallStatus
from tests.browser.crowd import FakeCall, fake_call

CALLEE = Caller(call_id="d1", shown="+1202***0147", direction="outgoing")


def board(*, past_calls: int = 5, lines: int = 50, games: list[GameShown] | None = None) -> Board:
    return Board(lambda: list(games or []), past_calls=past_calls, lines=lines)


async def whole(viewer: Viewer) -> Change:
    change = await viewer.receive()
    assert change.whole
    return change


def end(call: FakeCall) -> None:
    call.notes.end(Ended.HUNG_UP)


async def test_the_first_change_is_all_that_there_is() -> None:
    games = [GameShown("42", "phonegame.v1")]
    where = board(games=games)
    with fake_call(where, "c1", "42") as call, where.viewer("c1") as viewer:
        call.says("hello")
        change = await whole(viewer)
        assert [shown.id for shown in change.calls] == ["c1"]
        assert change.games == games
        assert change.line is not None
        assert "hello" in [entry.text for entry in change.line.entries]


async def test_then_only_what_has_changed_is_told() -> None:
    where = board()
    with fake_call(where, "c1"), fake_call(where, "c2") as second, where.viewer(None) as viewer:
        await whole(viewer)
        second.notes.patch("42")
        change = await viewer.receive()
        assert [shown.id for shown in change.calls] == ["c2"]
        assert not change.whole
        assert change.games is None
        assert change.line is None


async def test_what_changes_twice_is_told_once_as_it_is_by_then() -> None:
    where = board()
    with fake_call(where, "c1") as call, where.viewer(None) as viewer:
        await whole(viewer)
        call.notes.patch("42")
        call.notes.play("Luigi")
        (shown,) = (await viewer.receive()).calls
        assert shown.doing == "in game 42, talks to Luigi"


async def test_of_the_call_that_is_looked_at_new_and_changed_lines_are_told() -> None:
    where = board()
    with fake_call(where, "c1") as call, fake_call(where, "c2") as other, where.viewer("c1") as viewer:
        call.says("one", is_final=False)
        await whole(viewer)
        call.says("one pizza")
        call.answers("Very well.")
        other.says("never told")
        line = (await viewer.receive()).line
        assert line is not None
        assert [entry.text for entry in line.entries] == ["one pizza", "Very well."]


async def test_what_is_said_in_other_calls_wakes_nobody(autojump_clock: MockClock) -> None:
    where = board()
    with fake_call(where, "c1") as call, where.viewer(None) as viewer:
        await whole(viewer)
        call.says("hello")
        with trio.move_on_after(60) as scope:
            await viewer.receive()
        assert scope.cancelled_caught


async def test_a_viewer_that_waits_is_woken() -> None:
    where = board()
    got: list[Change] = []
    with where.viewer(None) as viewer:
        await whole(viewer)

        async def receive() -> None:
            got.append(await viewer.receive())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            await wait_all_tasks_blocked()
            with fake_call(where, "c1"):
                pass
    assert [shown.id for shown in got[0].calls] == ["c1"]


async def test_games_that_come_and_go_are_told(autojump_clock: MockClock) -> None:
    games: list[GameShown] = []
    where = Board(lambda: list(games), past_calls=5, lines=5)
    with where.viewer(None) as viewer:
        await whole(viewer)
        games.append(GameShown("7", "text"))
        assert (await viewer.receive()).games == [GameShown("7", "text")]
        games.clear()
        assert (await viewer.receive()).games == []


async def test_past_calls_are_kept_up_to_their_number() -> None:
    where = board(past_calls=2)
    with where.viewer(None) as viewer:
        await whole(viewer)
        for number in range(4):
            with fake_call(where, f"c{number}") as call:
                end(call)
        change = await viewer.receive()
        assert change.gone == ["c0", "c1"]
        assert [shown.id for shown in change.calls] == ["c2", "c3"]
    assert [shown.id for shown in where.calls] == ["c3", "c2"]
    assert where.find("c0") is None


async def test_where_none_is_kept_a_call_that_ends_is_gone() -> None:
    where = board(past_calls=0)
    with where.viewer("c1") as viewer:
        with fake_call(where, "c1") as call:
            await whole(viewer)
            end(call)
        change = await viewer.receive()
        assert (change.gone, change.calls, change.line) == (["c1"], [], None)
    assert where.calls == []


async def test_a_viewer_that_asks_for_nothing_remembers_little_and_is_told_all_anew() -> None:
    where = board(past_calls=3)
    with where.viewer(None) as viewer:
        await whole(viewer)
        for number in range(MAX_CHANGED + 10):
            with fake_call(where, f"c{number}"):
                pass
        assert viewer.remembers <= MAX_CHANGED
        assert len((await whole(viewer)).calls) == 3


async def test_a_cancelled_wait_loses_nothing(autojump_clock: MockClock) -> None:
    where = board()
    with fake_call(where, "c1") as call, where.viewer(None) as viewer:
        await whole(viewer)
        call.notes.patch("42")
        with trio.CancelScope() as scope:
            scope.cancel()
            await viewer.receive()
        assert scope.cancelled_caught
        assert [shown.game for shown in (await viewer.receive()).calls] == ["42"]


async def test_there_is_room_for_so_many_viewers_and_again_when_one_has_gone() -> None:
    where = board()
    viewers = [where.viewer(None) for _ in range(MAX_VIEWERS)]
    for viewer in viewers:
        viewer.__enter__()
    assert not where.has_room
    with pytest.raises(TooManyViewers), where.viewer(None):
        raise AssertionError("there is no room")
    viewers[0].__exit__(None, None, None)
    with where.viewer(None):
        assert not where.has_room


async def test_a_board_that_is_closed_ends_who_waits_and_who_comes() -> None:
    where = board()
    with where.viewer(None) as viewer:
        await whole(viewer)

        async def wait_for_end() -> None:
            with pytest.raises(trio.EndOfChannel):
                await viewer.receive()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_for_end)
            await wait_all_tasks_blocked()
            where.close_nowait()
    with where.viewer(None) as late, pytest.raises(trio.EndOfChannel):
        await late.receive()


async def test_a_change_can_be_written_and_read() -> None:
    where = board()
    with fake_call(where, "c1", "42") as call, where.viewer("c1") as viewer:
        call.says("hello")
        change = await whole(viewer)
    assert msgspec.json.decode(msgspec.json.encode(change), type=Change).line == change.line


class TestACallThatWePlace:
    def tell(self, where: Board, *statuses: CallStatus) -> None:
        for status in statuses:
            where.tell_status(CALLEE, "42", status)

    async def test_rings_then_is_the_call_that_somebody_is_on(self) -> None:
        where = board()
        self.tell(where, CallStatus("dialling"))
        assert [shown.doing for shown in where.calls] == ["dialling, for game 42"]
        self.tell(where, CallStatus("ringing"))
        assert [shown.doing for shown in where.calls] == ["ringing, for game 42"]
        self.tell(where, CallStatus("answered"))
        assert [shown.doing for shown in where.calls] == ["answered, being connected, for game 42"]
        with where.notes() as notes:
            notes.begin(Caller(call_id="c1", direction="outgoing"), "d1")
            notes.patch(None)
            # the carrier tells later who has answered
            self.tell(where, CallStatus("machine"))
            assert [(shown.id, shown.doing, shown.caller) for shown in where.calls] == [
                ("d1", "in game 42", "+1202***0147")
            ]

    @pytest.mark.parametrize(
        ("status", "why"),
        [
            ("busy", "the phone was busy"),
            ("no_answer", "nobody has answered"),
            ("cancelled", "the call was taken back"),
        ],
    )
    async def test_that_nobody_is_on_is_a_past_one(self, status: str, why: str) -> None:
        where = board()
        self.tell(where, CallStatus("dialling"), msgspec.convert({"type": "CallStatus", "status": status}, CallStatus))
        (shown,) = where.calls
        assert (shown.doing, shown.ended is not None) == (f"ended: {why}", True)

    async def test_that_has_failed_says_what_the_carrier_says(self) -> None:
        where = board()
        self.tell(where, CallStatus("dialling"), CallStatus("failed", reason="the number does not exist"))
        assert where.calls[0].problem == "The number does not exist"
