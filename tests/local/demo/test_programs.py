from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
import trio

from phonegame.local.demo.programs import Program, ProgramFailed, RunningProgram, run_program
from phonegame.local.demo.stage import KEY

VARIABLES = os.environ | {"PYTHONUNBUFFERED": "1"}
SPEECH = Program("speech service", ["speech", "--port", "0", "--recogniser", "deaf", "--key", KEY], VARIABLES)


async def pid_once_printed(pids: list[int], program: RunningProgram) -> str:
    match = await program.wait_for_line(r"ws://\S+")
    (child,) = [child for child in psutil.Process().children() if child.is_running()]
    pids.append(child.pid)
    return match[0]


async def test_a_program_is_gone_when_it_is_cancelled(tmp_path: Path) -> None:
    pids: list[int] = []
    async with trio.open_nursery() as nursery:
        url = await nursery.start(run_program, SPEECH, tmp_path, partial(pid_once_printed, pids))
        nursery.cancel_scope.cancel()
    assert url.startswith("ws://127.0.0.1:")
    assert not psutil.pid_exists(pids[0])
    assert (tmp_path / "speech-service.log").read_text().startswith(url)


async def test_a_program_that_ends_by_itself_is_told_with_its_last_lines(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        arguments = ["speech", "--recogniser", "deaf", "--port", str(taken.getsockname()[1])]
        program = Program("speech service", arguments, VARIABLES)
        with pytest.RaisesGroup(ProgramFailed, flatten_subgroups=True) as caught:
            await run_program(program, tmp_path, partial(pid_once_printed, []))
    (failure,) = caught.value.exceptions
    while isinstance(failure, BaseExceptionGroup):
        (failure,) = failure.exceptions
    assert isinstance(failure, ProgramFailed)
    assert str(failure).startswith("The speech service has ended by itself (exit status ")
    assert any("cannot listen" in line for line in failure.last_lines)


async def test_a_program_that_does_not_get_ready_is_stopped(tmp_path: Path) -> None:
    async def never(_program: RunningProgram) -> str:
        await trio.sleep_forever()
        raise AssertionError

    program = Program("speech service", SPEECH.arguments, VARIABLES, ready_seconds=0.1)
    with pytest.RaisesGroup(pytest.RaisesExc(ProgramFailed, match="not ready within"), flatten_subgroups=True):
        await run_program(program, tmp_path, never)
    assert not psutil.Process().children()


STARTER = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, *sys.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
os._exit(9)
"""


async def test_a_program_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    command = ["-m", "phonegame.local.supervised", "speech", "--port", "0", "--recogniser", "deaf"]
    with trio.fail_after(20):
        starter = [sys.executable, "-c", STARTER, *command]
        finished = await trio.run_process(starter, capture_stdout=True, check=False, cwd=tmp_path)
        assert finished.returncode == 9
        with suppress(psutil.NoSuchProcess):  # gone already
            await trio.to_thread.run_sync(psutil.Process(int(finished.stdout)).wait, 15)
