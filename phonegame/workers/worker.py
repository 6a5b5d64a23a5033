"""One worker, as its parent sees it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Sequence

import structlog
import trio

from phonegame.workers.control import NOW, RETIRE, STOP

START_SECONDS = 60
"""Until it listens, on a machine that is busy."""
END_SECONDS = 5
"""Between being told to end at once and being killed."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class WorkerFailed(Exception):
    """It has ended before it listened, or did not listen in time. It has told why in the log, as every process does."""


class Worker:
    """`run` starts it. The other methods tell it something, and do nothing when it has gone."""

    def __init__(self, number: int, arguments: Sequence[str], listening: socket.socket) -> None:
        """`number`: for logs, never used twice. `arguments`: of `phonegame serve`."""
        self.number = number
        self._arguments = arguments
        self._listening = listening
        self._ours: trio.SocketStream | None = None
        self.ended = trio.Event()
        self.pid = 0
        self.status: int | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Started when it listens; returns when it has ended. Raises `WorkerFailed` before it has started.

        Cancelled, it ends the process at once.
        """
        ours, theirs = socket.socketpair()
        try:
            with ours, theirs:
                self._ours = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
                process = await self._start(theirs)
                theirs.close()
                async with self._ours:
                    await self._watch(process, self._ours, task_status)
        finally:
            self._ours = None
            self.ended.set()

    async def _start(self, theirs: socket.socket) -> trio.Process:
        descriptors = (self._listening.fileno(), theirs.fileno())
        listen, control = map(str, descriptors)
        inner = ["--worker", str(self.number), "--listen-fd", listen, "--control-fd", control]
        process = await trio.lowlevel.open_process(
            [sys.executable, "-m", "phonegame", "serve", *self._arguments, *inner],
            stdin=subprocess.DEVNULL,
            pass_fds=descriptors,
            # Ctrl-C in the terminal is the parent's, who passes it on
            start_new_session=True,
        )
        self.pid = process.pid
        return process

    async def _watch(self, process: trio.Process, control: trio.SocketStream, status: trio.TaskStatus[None]) -> None:
        try:
            await self._wait_until_it_listens(process, control)
            log.info("worker listens", worker=self.number, pid=self.pid)
            status.started()
            self.status = await process.wait()
        finally:
            if process.returncode is None:
                with trio.CancelScope(shield=True):
                    await self._end(process)

    async def _wait_until_it_listens(self, process: trio.Process, control: trio.SocketStream) -> None:
        with trio.move_on_after(START_SECONDS):
            if await _receive(control):
                return
            self.status = await process.wait()
            raise WorkerFailed(f"worker {self.number} has not started (exit status {self.status})")
        raise WorkerFailed(f"worker {self.number} does not listen after {START_SECONDS} s")

    async def _end(self, process: trio.Process) -> None:
        await self._tell(NOW)
        with trio.move_on_after(END_SECONDS):
            await process.wait()
        if process.returncode is None:
            log.warning("worker is killed: it does not end", worker=self.number)
            process.kill()
            await process.wait()

    async def retire(self) -> None:
        await self._tell(RETIRE)

    async def stop(self) -> None:
        await self._tell(STOP)

    async def _tell(self, order: bytes) -> None:
        gone = (trio.BrokenResourceError, trio.ClosedResourceError)
        if self._ours is not None:
            with contextlib.suppress(*gone):
                await self._ours.send_all(order)


async def _receive(control: trio.SocketStream) -> bytes:
    try:
        return bytes(await control.receive_some(1))
    except trio.BrokenResourceError:
        return b""
