"""A place where one worker serves, whichever it is at the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
import trio

from phonegame.workers.worker import Worker, WorkerFailed

PAUSES = (0, 0.5, 1, 2, 5, 10)
"""Before each new attempt where the ones before have not lasted; the last one counts from then on."""
LASTING_SECONDS = 10
"""A worker that has served so long has not failed at its start."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Place:
    """Where one worker serves. `keep` is its task."""

    def __init__(
        self,
        number: int,
        start: Callable[[int], Awaitable[Worker]],
        retire: Callable[[Worker], Awaitable[None]],
        give_up: Callable[[int], None],
    ) -> None:
        """`start`: gives a worker that listens. Raises `WorkerFailed`."""
        self._number = number
        self._start = start
        self._retire = retire
        self._give_up = give_up
        self.worker: Worker | None = None
        self._renew = trio.Event()
        self._renewed = trio.Event()
        self._fails = 0

    async def renew(self) -> bool:
        """False: the new worker has not started, and the one before goes on."""
        before = self.worker
        self._renewed = trio.Event()
        self._renew.set()
        await self._renewed.wait()
        return self.worker is not before

    async def keep(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """For ever. The first worker must start; raises `WorkerFailed` otherwise."""
        self.worker = await self._start(self._number)
        task_status.started()
        while True:
            began = trio.current_time()
            if await self._wait_for_end(self.worker):
                log.error("worker has ended by itself", worker=self.worker.number, status=self.worker.status)
                self._fails = 0 if trio.current_time() - began >= LASTING_SECONDS else self._fails + 1
                self.worker = await self._replace()
            else:
                await self._start_next(self.worker)

    async def _wait_for_end(self, worker: Worker) -> bool:
        """False: it is to be replaced."""
        async with trio.open_nursery() as nursery:

            async def wait(event: trio.Event) -> None:
                await event.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(wait, worker.ended)
            nursery.start_soon(wait, self._renew)
        return worker.ended.is_set()

    async def _replace(self) -> Worker:
        while True:
            if self._fails:
                self._give_up(self._number)
            await trio.sleep(PAUSES[min(self._fails, len(PAUSES) - 1)])
            try:
                return await self._start(self._number)
            except (WorkerFailed, OSError) as error:
                self._fails += 1
                log.error("worker does not start; it is tried again", why=str(error))

    async def _start_next(self, before: Worker) -> None:
        self._renew = trio.Event()
        try:
            self.worker = await self._start(self._number)
            await self._retire(before)
        except WorkerFailed as error:
            log.error("the new worker does not start; the one before goes on", why=str(error))
        finally:
            self._renewed.set()
