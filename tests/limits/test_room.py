from __future__ import annotations

from contextlib import ExitStack

import pytest

from phonegame.limits.room import MOST_CONNECTIONS, Doing, Room, most_connections


class Visitor:
    def __init__(self, doing: Doing = Doing.WAITING) -> None:
        self.doing = doing
        self.closed = False

    def close_nowait(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("descriptors", "connections"),
    [
        (None, MOST_CONNECTIONS),
        (1024, 240),
        (256, 48),
        (65536, MOST_CONNECTIONS - 16),
        (1_000_000, MOST_CONNECTIONS),
        (10, 1),
    ],
)
def test_each_connection_may_become_a_call(descriptors: int | None, connections: int) -> None:
    assert most_connections(descriptors) == connections


class TestRoom:
    def enter(self, stack: ExitStack, room: Room, *visitors: Visitor) -> list[bool]:
        return [stack.enter_context(room.place(visitor)) for visitor in visitors]

    def test_who_has_waited_longest_makes_way(self) -> None:
        room = Room(2)
        first, second, third, fourth = (Visitor() for _ in range(4))
        with ExitStack() as stack:
            assert self.enter(stack, room, first, second, third) == [True, True, True]
            assert [visitor.closed for visitor in (first, second, third)] == [True, False, False]
            assert self.enter(stack, room, fourth) == [True]
            assert [visitor.closed for visitor in (first, second, third)] == [True, True, False]
            assert len(room) == 2
        assert len(room) == 0

    def test_calls_and_games_stay(self) -> None:
        room = Room(2)
        call, loris, newcomer = Visitor(Doing.WEBSOCKET), Visitor(), Visitor()
        with ExitStack() as stack:
            self.enter(stack, room, call, loris)
            assert self.enter(stack, room, newcomer) == [True]
            assert (call.closed, loris.closed) == (False, True)

    def test_who_is_being_answered_stays(self) -> None:
        room = Room(2)
        answered, loris = Visitor(Doing.ANSWERING), Visitor()
        with ExitStack() as stack:
            self.enter(stack, room, answered, loris)
            assert self.enter(stack, room, Visitor()) == [True]
            assert (answered.closed, loris.closed) == (False, True)

    def test_and_may_have_to_make_way_once_it_waits_again(self) -> None:
        room = Room(1)
        answered = Visitor(Doing.ANSWERING)
        with ExitStack() as stack:
            self.enter(stack, room, answered)
            assert self.enter(stack, room, Visitor()) == [False]
            answered.doing = Doing.WAITING
            assert self.enter(stack, room, Visitor()) == [True]
            assert answered.closed

    def test_there_is_no_room_beside_calls(self) -> None:
        room = Room(2)
        with ExitStack() as stack:
            self.enter(stack, room, Visitor(Doing.WEBSOCKET), Visitor(Doing.WEBSOCKET))
            assert self.enter(stack, room, Visitor()) == [False]
            assert len(room) == 2

    def test_there_is_again_when_one_has_ended(self) -> None:
        room = Room(1)
        with ExitStack() as stack:
            self.enter(stack, room, Visitor(Doing.WEBSOCKET))
        with room.place(Visitor()) as has_place:
            assert has_place
