"""An asyncio loop in a thread of its own, whose async iterators a trio task reads."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Generic, ParamSpec, TypeVar

import structlog
import trio

BUFFER = 64
"""Items that wait between the two: more than a voice needs ahead, and the source waits when they are not taken."""
CANCEL_SECONDS = 1.0
"""What has been cancelled ends within that, or it blocks the loop, or ignores it."""
CLOSE_SECONDS = 2 * CANCEL_SECONDS
MAX_BLOCKED = 4
"""Loops that stand still, each with a thread."""
MAX_STUBBORN = 32
"""Tasks that ignore their cancellation."""
MAX_BLOCKING = 64
"""Threads at once for what has no asynchronous way."""

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")
log = structlog.get_logger()


class Blocked(Exception):
    """The loop stands still, or so much ignores its cancellation that nothing more is begun."""


class AsyncioThread:
    """One loop at a time: a loop that is blocked is abandoned with all that runs in it, and another takes its place."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: _Loop | None = None
        self._blocked: list[_Loop] = []
        self._stubborn: list[_Reading[Any]] = []
        self._executor = DaemonExecutor(MAX_BLOCKING)

    @asynccontextmanager
    async def iterate(self, make: Callable[[], AsyncIterator[T]]) -> AsyncIterator[AsyncIterator[T]]:
        """Reads what `make`, called in the loop, gives; leaving cancels it, and waits until it has ended.

        Its errors come as they are. Raises Blocked.
        """
        loop = self._running()
        send, receive = trio.open_memory_channel[T](BUFFER)
        reading = _Reading(loop, make, send)
        loop.readings.add(reading)
        loop.call(reading.start)
        try:
            with receive:
                yield _Items(reading, receive)
        finally:
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._end(loop, reading)

    async def aclose(self) -> None:
        """Ends the loop. A thread that does not end in time is left to the end of the process."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.stop()
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await trio.to_thread.run_sync(loop.thread.join, CLOSE_SECONDS)

    def _running(self) -> _Loop:
        self._blocked = [loop for loop in self._blocked if loop.thread.is_alive()]
        self._stubborn = [reading for reading in self._stubborn if not reading.ended.is_set()]
        if len(self._blocked) >= MAX_BLOCKED or len(self._stubborn) >= MAX_STUBBORN:
            raise Blocked
        if self._loop is None:
            self._loop = _Loop(self._name, self._executor)
        return self._loop

    async def _end(self, loop: _Loop, reading: _Reading[Any]) -> None:
        answers = trio.Event()
        with trio.move_on_after(CANCEL_SECONDS):
            loop.call(reading.cancel)
            loop.call(reading.in_trio, answers.set)
            await reading.ended.wait()
        loop.readings.discard(reading)
        if reading.ended.is_set():
            return
        log.warning("asyncio task ignores its cancellation, and is abandoned", task=self._name)
        if answers.is_set():
            self._stubborn.append(reading)
        elif loop is self._loop:
            self._loop = None
            self._blocked.append(loop)
            loop.stop()
            for other in loop.readings:
                other.end(Blocked())


class _Loop:
    def __init__(self, name: str, executor: DaemonExecutor) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(executor)
        self.readings: set[_Reading[Any]] = set()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def call(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Does nothing once the loop has been closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: function(*args, **kwargs))

    def stop(self) -> None:
        self.call(self._loop.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            if tasks:
                self._loop.run_until_complete(asyncio.wait(tasks, timeout=CANCEL_SECONDS))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()


class _Reading(Generic[T]):
    """`start` and `cancel` are called in the loop; `ended` and `error` are for trio."""

    def __init__(
        self,
        loop: _Loop,
        make: Callable[[], AsyncIterator[T]],
        send: trio.MemorySendChannel[T],
    ) -> None:
        self._loop = loop
        self._make = make
        self._send = send
        self._token = trio.lowlevel.current_trio_token()
        self._room: asyncio.Semaphore | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_cancelled = False
        self.ended = trio.Event()
        self.error: BaseException | None = None

    def start(self) -> None:
        self._room = asyncio.Semaphore(BUFFER)
        self._task = asyncio.get_running_loop().create_task(self._read())
        self._task.add_done_callback(self._done)

    def cancel(self) -> None:
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()

    def took_one(self) -> None:
        """There is room for one more."""
        assert self._room is not None
        self._loop.call(self._room.release)

    def in_trio(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(lambda: function(*args, **kwargs))

    def end(self, error: BaseException | None) -> None:
        """In trio. The first word counts."""
        if not self.ended.is_set():
            self.error = error
            self.ended.set()
            self._send.close()

    async def _read(self) -> None:
        assert self._room is not None
        items = self._make()
        try:
            async for item in items:
                await self._room.acquire()
                self.in_trio(self._deliver, item)
        finally:
            if isinstance(items, AsyncGenerator):
                await items.aclose()

    def _deliver(self, item: T) -> None:
        # nobody wants it any more once the block has been left
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            self._send.send_nowait(item)

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            error = task.exception()
        else:
            error = None if self._is_cancelled else RuntimeError("cancelled itself")
        self.in_trio(self.end, error)


class _Items(Generic[T]):
    def __init__(self, reading: _Reading[T], receive: trio.MemoryReceiveChannel[T]) -> None:
        self._reading = reading
        self._receive = receive

    def __aiter__(self) -> _Items[T]:
        return self

    async def __anext__(self) -> T:
        try:
            item = await self._receive.receive()
        except trio.EndOfChannel:
            if self._reading.error is not None:
                raise self._reading.error from None
            raise StopAsyncIteration from None
        self._reading.took_one()
        return item


class DaemonExecutor(ThreadPoolExecutor):
    """A thread for each job, which keeps no process from ending: what blocks cannot be cancelled.

    asyncio takes no other class than this one's parent, of whose threads none is ever started.
    """

    def __init__(self, most: int) -> None:
        super().__init__(1)
        self._free = threading.Semaphore(most)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        future: Future[R] = Future()
        if not self._free.acquire(blocking=False):
            raise Blocked
        threading.Thread(target=self._work, args=(future, lambda: fn(*args, **kwargs)), daemon=True).start()
        return future

    def _work(self, future: Future[Any], job: Callable[[], Any]) -> None:
        try:
            if future.set_running_or_notify_cancel():
                try:
                    result = job()
                except BaseException as error:  # noqa: ASYNC103, BLE001 - it belongs to whoever waits for the result
                    future.set_exception(error)
                else:
                    future.set_result(result)
        finally:
            self._free.release()
