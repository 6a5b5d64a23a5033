"""One recording's task: takes from the tape what is fact, and has a thread write it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import trio

from phonegame.recording.files import RecordingFiles
from phonegame.recording.lines import Fields, line
from phonegame.recording.tape import Tape

FINISH_SECONDS = 5.0
"""How long the last of it may take to be written, before the recording is given up."""
SALVAGE_SECONDS = 1.0
MOST_LINES_BYTES = 16 * 1024 * 1024
"""A game's largest message has 4 MiB."""

T = TypeVar("T")


class RecordingFailed(Exception):
    """Why it could not be written to its end: words for a game, without the server's paths."""


class Writer:
    """`note`, then `run` in a task, and `stop_nowait` at the end."""

    def __init__(self, folder: Path, name: str, tape: Tape, threads: trio.CapacityLimiter) -> None:
        """`threads`: of all recordings, so that a disk that hangs does not hold up whatever else needs threads."""
        self.tape = tape
        self._files = RecordingFiles(folder, name)
        self._threads = threads
        self._lines = bytearray()
        self._work = trio.Event()
        self._stopped = False
        # the last of it is written whoever is cancelled
        self._patience = trio.CancelScope(shield=True)
        tape.on_ready = lambda: self._work.set()
        tape.on_overfull = self._patience.cancel

    def note(self, at: float, event: str, fields: Fields) -> None:
        self._lines += line(at, event, fields)
        if len(self._lines) > MOST_LINES_BYTES:
            self._patience.cancel()

    def stop_nowait(self) -> None:
        """Nothing more comes. `run` writes what there is, and returns."""
        self._stopped = True
        self._work.set()
        if math.isinf(self._patience.deadline):
            self._patience.deadline = trio.current_time() + FINISH_SECONDS

    async def run(self) -> None:
        """Raises `RecordingFailed`, and leaves what could be written. Cancellation does not end it: `stop_nowait`."""
        failure: OSError | None = None
        try:
            with self._patience:
                await self._write_all()
                return
        except OSError as error:
            failure = error
        with trio.move_on_after(SALVAGE_SECONDS, shield=True):
            await self._in_thread(self._files.salvage)
        why = failure.strerror if failure is not None else "the disk is too slow"
        raise RecordingFailed(f"the recording cannot be written: {why}") from failure

    async def _write_all(self) -> None:
        await self._in_thread(self._files.open)
        while not self._stopped:
            await self._work.wait()
            self._work = trio.Event()
            await self._write(rest=False)
        await self._write(rest=True)
        await self._in_thread(self._files.finish)

    async def _write(self, *, rest: bool) -> None:
        left, right = self.tape.take(rest=rest)
        lines, self._lines = bytes(self._lines), bytearray()
        await self._in_thread(lambda: self._files.write(left, right, lines))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(work, limiter=self._threads, abandon_on_cancel=True)
