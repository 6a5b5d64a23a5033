"""A brain whose thoughts are written by the test, and take as long as it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trio

from phonegame.characters.brain import ActionCall, BrainError, Piece, Request, Text

Step = str | float | Piece | BrainError | Exception
"""What it does: says a text, waits, gives a piece, fails."""


def act(name: str, arguments: str = "{}", action_id: str = "") -> ActionCall:
    return ActionCall(action_id, name, arguments)


@dataclass
class FakeBrain:
    """Each thought takes the next of `thoughts`; behind the last one it has nothing to say."""

    thoughts: Sequence[Sequence[Step]] = ()
    opens: BrainError | None = None
    state: Any = None
    requests: list[Request] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    stopped: list[float] = field(default_factory=list)
    at_work: int = 0
    think_of: Callable[[Request], Sequence[Step]] | None = None
    """In place of `thoughts`."""
    name: str = "fake"

    @asynccontextmanager
    async def open(self, state: Any = None) -> AsyncIterator[FakeBrain]:
        if self.opens is not None:
            raise self.opens
        yield self

    @asynccontextmanager
    async def think(self, request: Request) -> AsyncIterator[AsyncIterator[Piece]]:
        number = len(self.requests)
        self.requests.append(request)
        self.begun.append(trio.current_time())
        self.at_work += 1
        assert self.at_work == 1, "two thoughts at a time"
        if self.think_of is not None:
            steps = self.think_of(request)
        else:
            steps = self.thoughts[number] if number < len(self.thoughts) else ()
        try:
            yield _Pieces(steps)
        finally:
            self.at_work -= 1
            self.stopped.append(trio.current_time())


class _Pieces:
    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = iter(steps)

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> Piece:
        await trio.lowlevel.checkpoint()
        for step in self._steps:
            match step:
                case str():
                    return Text(step)
                case float():
                    await trio.sleep(step)
                case Exception():
                    raise step
                case _:
                    return step
        raise StopAsyncIteration
