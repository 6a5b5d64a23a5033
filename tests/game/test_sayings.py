"""Whatever happens, each `say` gets exactly one final receipt from each call that it was for, before that call ends."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from phonegame.codes import CodePool
from phonegame.game.v1_game import V1Game
from phonegame.speak.saying import Dropped
from phonegame.switchboard import SeatClosed
from phonegame.switchboard.memory import MemorySwitchboard
from phonegame.wire import v1
from tests.game.arcade import PlayedCall

CALLS = 4
QUEUE = 12


@dataclass
class Recorder:
    """A websocket that has read everything at once."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    game: V1Game | None = None

    def serve_nowait(self, game: V1Game, *, resumed: bool) -> None:
        self.game = game
        self.wake_nowait()

    def wake_nowait(self) -> None:
        assert self.game is not None
        while (text := self.game.mailbox.next_nowait()) is not None:
            self.messages.append(json.loads(text))

    def finish_nowait(self, code: int, reason: str) -> None:
        pass

    def drop_nowait(self, code: int, reason: str) -> None:
        pass


@dataclass
class World:
    """`expected` counts receipts by say_id and call."""

    switchboard: MemorySwitchboard
    game: V1Game
    calls: dict[str, PlayedCall] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    expected: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    refused: int = 0
    numbers: int = 0

    async def join(self, eager: bool) -> None:
        if len(self.calls) - len(self.released) == CALLS:
            return
        self.numbers += 1
        call = PlayedCall(f"call {self.numbers}", receipts=eager)
        await call.join(self.switchboard, next(iter(self.switchboard.active)))
        self.calls[call.call_id] = call

    def say(self, say_id: str, to: list[str] | None) -> None:
        there = [call_id for call_id in self.calls if call_id not in self.released]
        meant = there if to is None else [call_id for call_id in there if call_id in to]
        open_before = self.is_open(say_id)
        if to is not None and len(to) == 1:
            self.game.obey(v1.Say(text="Hello.", say_id=say_id, call_id=to[0]))
        elif to is not None:
            players = tuple(self.calls[call_id].line.player for call_id in meant)
            self.game.obey(v1.Say(text="Hello.", say_id=say_id, players=players))
        else:
            self.game.obey(v1.Say(text="Hello.", say_id=say_id))
        if open_before:
            self.refused += 1
        elif meant:
            self.expected.update((say_id, call_id) for call_id in meant)
        else:
            self.expected[say_id, None] += 1

    def is_open(self, say_id: str) -> bool:
        expected = sum(count for (each, _), count in self.expected.items() if each == say_id)
        return expected > receipts(self.recorder.messages)[say_id]

    @property
    def recorder(self) -> Recorder:
        recorder = self.game._connection
        assert isinstance(recorder, Recorder)
        return recorder


def receipts(messages: list[dict[str, Any]]) -> Counter[str]:
    return Counter(message["say_id"] for message in messages if message["type"] == "say_finished")


SAY_IDS = st.sampled_from(["a", "b", "c", "d"])
ACTIONS = st.one_of(
    st.tuples(st.just("join"), st.booleans()),
    st.tuples(st.just("say"), SAY_IDS, st.none() | st.lists(st.integers(0, 5), max_size=3, unique=True)),
    st.tuples(st.just("finish"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("release"), st.integers(0, 5)),
    st.tuples(st.just("close"), st.integers(0, 5)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTIONS, max_size=60))
def test_every_say_gets_one_receipt_from_each_call(actions: list[Any]) -> None:
    async def scenario() -> None:
        switchboard = MemorySwitchboard(CodePool(["1"], random=Random(1)))
        game, recorder = V1Game("", known_as="game", away_seconds=60, queue=QUEUE), Recorder()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(game.run, switchboard, recorder)
            await trio.testing.wait_all_tasks_blocked()
            world = World(switchboard, game)
            game.obey(v1.Accept(callers=CALLS))
            for action in actions:
                await perform(world, *action)
            for call in world.calls.values():
                call.hang_up()
            game.end_nowait(SeatClosed.SHUTDOWN)
        check(world, recorder.messages)

    trio.run(scenario)


async def perform(world: World, action: str, *arguments: Any) -> None:
    ids = list(world.calls)
    if action == "join":
        await world.join(*arguments)
    elif action == "say":
        say_id, to = arguments
        world.say(say_id, None if to is None else [ids[index] for index in to if index < len(ids)])
    elif arguments[0] < len(ids):
        call = world.calls[ids[arguments[0]]]
        if action == "finish" and arguments[1] < len(call.sayings):
            # over again, maybe, or for a call that has ended
            call.finish(call.sayings[arguments[1]], Dropped.CLEARED)
        elif action in ("release", "close"):
            world.released.add(call.call_id)
            call.line.release_nowait()
            if action == "close":
                call.hang_up()


def check(world: World, messages: list[dict[str, Any]]) -> None:
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    finished = [message for message in messages if message["type"] == "say_finished"]
    assert Counter((message["say_id"], message["call_id"]) for message in finished) == world.expected
    codes = Counter(message["code"] for message in messages if message["type"] == "error")
    assert codes["say_id_in_use"] == world.refused
    for call_id in world.calls:
        kinds = [message["type"] for message in messages if message.get("call_id") == call_id]
        assert kinds[0] == "call_started"
        assert kinds[-1] == "call_ended"
        assert kinds.count("call_ended") == 1
