"""The demo's programs, each a process of its own with its log in a file; none outlives the demo.

A program is asked to stop by closing its standard input (`phonegame.local.supervised`), and killed when it takes too
long. Should the demo itself be killed, the system closes that pipe.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

STOP_SECONDS = 5.0
"""For a program to stop by itself."""
LAST_LINES = 12

# Ctrl-C in the terminal is for the demo alone, which then stops its programs in order.
_OUT_OF_REACH: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)} if os.name == "nt" else {"start_new_session": True}
)


class ProgramFailed(Exception):
    """A program ended by itself, or did not get ready in time."""

    def __init__(self, name: str, what: str, log: Path, last_lines: Sequence[str]) -> None:
        super().__init__(f"The {name} {what}.")
        self.log = log
        self.last_lines = last_lines


@dataclass(frozen=True, slots=True)
class Program:
    """`arguments` are those of the `phonegame` command; `variables` are its whole environment."""

    name: str
    arguments: Sequence[str]
    variables: Mapping[str, str]
    ready_seconds: float = 30.0


class RunningProgram:
    """What a program has printed so far."""

    def __init__(
        self, program: Program, process: trio.Process, log: Path, on_line: Callable[[str], None] = lambda _: None
    ) -> None:
        self.program = program
        self.log = log
        self._process = process
        self._on_line = on_line
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._changed = trio.Event()

    async def wait_for_line(self, pattern: str) -> re.Match[str]:
        """The first line that matches, of the last few or of those to come."""
        while True:
            for line in self._last_lines:
                if match := re.search(pattern, line):
                    await trio.lowlevel.checkpoint()
                    return match
            await self._changed.wait()

    async def copy_output(self) -> None:
        """Until the program ends."""
        assert self._process.stdout is not None
        rest = b""
        async with await trio.open_file(self.log, "wb") as log:
            async for data in self._process.stdout:
                await log.write(data)
                await log.flush()
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._take(line.decode(errors="replace").rstrip())
                self._changed.set()
                self._changed = trio.Event()

    def _take(self, line: str) -> None:
        self._last_lines.append(line)
        self._on_line(line)

    async def fail_when_ended(self) -> None:
        """Raises ProgramFailed."""
        status = await self._process.wait()
        raise self.failure(f"has ended by itself (exit status {status})")

    def failure(self, what: str) -> ProgramFailed:
        return ProgramFailed(self.program.name, what, self.log, list(self._last_lines))


async def run_program(
    program: Program,
    folder: Path,
    wait_until_ready: Callable[[RunningProgram], Awaitable[str]],
    on_line: Callable[[str], None] = lambda _: None,
    *,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Runs until cancelled; then the program is gone. Starts with what `wait_until_ready` gives.

    `on_line` is given every line that the program prints, as it comes.
    Raises ProgramFailed (in a group) when the program ends by itself or is not ready in time.
    """
    process = await _start(program, folder)
    running = RunningProgram(program, process, folder / f"{program.name.replace(' ', '-')}.log", on_line)
    async with trio.open_nursery() as outer:
        # reads on while the program stops: it must not wait for room in the pipe
        copying = trio.CancelScope(shield=True)
        outer.start_soon(_copy_within, copying, running)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(running.fail_when_ended)
                with trio.move_on_after(program.ready_seconds) as patience:
                    task_status.started(await wait_until_ready(running))
                if patience.cancelled_caught:
                    raise running.failure(f"was not ready within {program.ready_seconds:.0f} s")
        finally:
            with trio.CancelScope(shield=True):
                await _stop(process)
            # a grandchild might keep the pipe open
            copying.deadline = trio.current_time() + 1


async def _start(program: Program, folder: Path) -> trio.Process:
    """In `folder`, where no `.env` of the user's is read."""
    command = [sys.executable, "-m", "phonegame.local.supervised", *program.arguments]
    return await trio.lowlevel.open_process(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=program.variables,
        **_OUT_OF_REACH,
    )


async def _copy_within(scope: trio.CancelScope, running: RunningProgram) -> None:
    with scope:
        await running.copy_output()


async def _stop(process: trio.Process) -> None:
    assert process.stdin is not None
    await process.stdin.aclose()
    with trio.move_on_after(STOP_SECONDS):
        await process.wait()
    if process.returncode is None:
        _kill(process)
        await process.wait()


def _kill(process: trio.Process) -> None:
    """With whatever it has started, where the system can tell what that is."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
