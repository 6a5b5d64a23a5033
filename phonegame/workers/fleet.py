"""The parent of several workers. It serves nobody itself.

    async with trio.open_nursery() as processes:          a task for each process, also for those that are retired
        async with trio.open_nursery() as places:         a task for each place: sees to it that one worker serves there
            ...

A worker that ends by itself is replaced at once; one that ends again and again, after a pause, and meanwhile nobody is
sent to its place. A place is renewed by starting the next worker first and telling the one before to retire when that
listens, so that connections are taken all the time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog
import trio

from phonegame.workers.place import Place
from phonegame.workers.sockets import ListeningSockets
from phonegame.workers.worker import Worker

KILL_SECONDS = 10
"""More than a worker needs to end, before it is killed."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Fleet:
    def __init__(self, count: int, arguments: Sequence[str], sockets: ListeningSockets, stop_seconds: float) -> None:
        """`arguments`: of `phonegame serve`, for each worker. `stop_seconds`: how long it may take to stop."""
        self._arguments = arguments
        self._sockets = sockets
        self._stop_seconds = stop_seconds
        self._places = [Place(number, self._start, self._retire, sockets.give_up) for number in range(count)]
        self._workers: dict[Worker, trio.CancelScope] = {}
        """Each with the scope in which it runs."""
        self._started = 0
        self._renew = trio.Event()

    def renew_nowait(self) -> None:
        """One after the other is replaced by a new one, with the program and the settings that are there by then."""
        self._renew.set()

    async def run(
        self,
        wait_for_stop: Callable[[], Awaitable[None]],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Started when all listen. Raises `WorkerFailed`, in a group, where one of them does not start at first.

        When `wait_for_stop` returns, all workers are told to stop, and waited for. Cancelled, it ends them at once.
        """
        async with trio.open_nursery() as self._processes:
            async with trio.open_nursery() as places:
                # the first one alone: faults of the settings are told once
                await places.start(self._places[0].keep)
                async with trio.open_nursery() as starting:
                    for place in self._places[1:]:
                        starting.start_soon(places.start, place.keep)
                task_status.started()
                places.start_soon(self._renew_when_told)
                await wait_for_stop()
                places.cancel_scope.cancel()
            self._processes.cancel_scope.deadline = self._last_moment()
            for worker in list(self._workers):
                await worker.stop()

    def _last_moment(self) -> float:
        return trio.current_time() + self._stop_seconds + KILL_SECONDS

    async def _start(self, place: int) -> Worker:
        self._started += 1
        worker = Worker(self._started, self._arguments, self._sockets.of(place))
        await self._processes.start(self._run, worker)
        return worker

    async def _run(self, worker: Worker, *, task_status: trio.TaskStatus[None]) -> None:
        with trio.CancelScope() as scope:
            self._workers[worker] = scope
            try:
                await worker.run(task_status=task_status)
            finally:
                del self._workers[worker]

    async def _retire(self, worker: Worker) -> None:
        if (scope := self._workers.get(worker)) is not None:
            scope.deadline = self._last_moment()
        await worker.retire()

    async def _renew_when_told(self) -> None:
        while True:
            await self._renew.wait()
            self._renew = trio.Event()
            log.info("workers are replaced", count=len(self._places))
            for place in self._places:
                if not await place.renew():
                    log.error("no more workers are replaced")
                    break
            else:
                log.info("all workers are replaced")
