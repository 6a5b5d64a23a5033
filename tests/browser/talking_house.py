"""A house in a thread of its own, for a browser that is driven on the test's: callers are moved from there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import trio

from tests.cable import Cable, lay_cable
from tests.house import Caller, House
from tests.in_thread import in_thread
from tests.scenarios.conversation import open_talking_house

T = TypeVar("T")
SECONDS = 90
"""The longest that a test may take."""
PATIENCE_SECONDS = 15


@dataclass
class TalkingHouse:
    house: House
    cable: Cable
    _token: trio.lowlevel.TrioToken
    _calls: trio.Nursery
    _end: trio.Event

    @property
    def url(self) -> str:
        return f"http://{self.cable.address}"

    def do(self, act: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Over there, while this thread waits."""

        async def in_time() -> T:
            with trio.fail_after(PATIENCE_SECONDS):
                return await act(*args)

        return trio.from_thread.run(in_time, trio_token=self._token)

    def cut_cable(self) -> None:
        trio.from_thread.run_sync(self.cable.cut, trio_token=self._token)

    def phone(self) -> Caller:
        """Who calls, and stays to the end of the test."""
        caller: Caller = self.do(self._calls.start, self._call)
        return caller

    async def _call(self, *, task_status: trio.TaskStatus[Caller] = trio.TASK_STATUS_IGNORED) -> None:
        async with self.house.phone() as caller:
            task_status.started(caller)
            await self._end.wait()

    def joins(self, caller: Caller, code: str) -> None:
        self.do(caller.phone.key, f"{code}#")

    def says(self, caller: Caller, sentence: str) -> None:
        self.do(caller.says, sentence)

    def hears(self, caller: Caller, word: str) -> None:
        """Waits until the phone has said it."""
        try:
            self.do(caller.reaches, word)
        except trio.TooSlowError:
            raise AssertionError(f"{word!r} is not in {caller.heard_words}") from None


@contextmanager
def talking_house(**settings: Any) -> Iterator[TalkingHouse]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[TalkingHouse]:
        async with (
            open_talking_house(seconds=SECONDS, **settings) as house,
            lay_cable(house.address) as cable,
            trio.open_nursery() as calls,
        ):
            end = trio.Event()
            yield TalkingHouse(house, cable, trio.lowlevel.current_trio_token(), calls, end)
            end.set()
            # a page that is closed as a test closes it says no goodbye
            house.phonegame.end_nowait()

    with in_thread(opened) as there:
        yield there
