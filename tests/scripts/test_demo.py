from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import environment
import psutil
import pytest
import trio

DEMO = [sys.executable, "-m", "phonegame.local.demo", "--calls"]
IN_CALL = b"the caller says"
START_SECONDS = 40

# On Windows a signal reaches one process alone only if that leads a group
OF_ITS_OWN: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)} if os.name == "nt" else {}
)
STOP: signal.Signals = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)

# the hand-over is tested in the environment at hand: making one needs the internet
HAND_OVER = f"""
import sys
sys.path.insert(0, {str(environment.ROOT / "scripts")!r})
import demo, environment
environment.ensure = lambda *_, **__: sys.executable
raise SystemExit(demo.main(sys.argv[1:]))
"""


def test_the_script_hands_its_arguments_over_and_gives_the_exit_status_back() -> None:
    helped = subprocess.run([sys.executable, "-c", HAND_OVER, "--help"], capture_output=True, text=True, check=False)
    assert helped.returncode == 0
    assert "--once" in helped.stdout
    refused = subprocess.run([sys.executable, "-c", HAND_OVER, "--twice"], capture_output=True, check=False)
    assert refused.returncode == 2


@pytest.mark.slow
@pytest.mark.timeout(120)  # two calls at the pace of speech
def test_once_caller_and_game_hear_each_other() -> None:
    command = [sys.executable, "-c", HAND_OVER, "--once"]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=110, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "3 of 3 sentences" in finished.stdout
    assert "the phone heard    one pepperoni pizza coming up" in finished.stdout
    assert "the character says We also have" in finished.stdout
    assert "  interrupted " in finished.stdout
    assert 'the game is asked  add_to_order(count=2, what="lemonade")' in finished.stdout
    assert 'the game answers   {"minutes": 12}' in finished.stdout
    assert "3 actions" in finished.stdout
    assert "4 of 4 answers" in finished.stdout
    for word in ("dialling", "ringing", "answered"):
        assert f"the game is told   {word}\n" in finished.stdout
    assert "the phone          picks up\n" in finished.stdout
    assert "1 of 1 sentences" in finished.stdout
    assert "2 of 2 answers" in finished.stdout
    assert finished.stderr == ""


@asynccontextmanager
async def demo_in_a_call() -> AsyncIterator[tuple[trio.Process, list[psutil.Process]]]:
    """The demo while its caller speaks, and the processes that it has started."""
    process = await trio.lowlevel.open_process(DEMO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **OF_ITS_OWN)
    assert process.stdout is not None
    try:
        async with process.stdout:
            output = b""
            with trio.fail_after(START_SECONDS):
                while IN_CALL not in output:
                    received = await process.stdout.receive_some()
                    assert received, output.decode()
                    output += received
            children = psutil.Process(process.pid).children(recursive=True)
            assert len(children) >= 3
            yield process, children
    finally:
        process.kill()
        with trio.move_on_after(5, shield=True):
            await process.wait()


@pytest.mark.slow
async def test_ctrl_c_leaves_no_process_behind() -> None:
    async with demo_in_a_call() as (process, children):
        process.send_signal(STOP)
        with trio.fail_after(15):
            assert await process.wait() == 130
        assert not [child for child in children if child.is_running()]


@pytest.mark.slow
async def test_a_demo_that_is_killed_leaves_no_process_behind() -> None:
    async with demo_in_a_call() as (process, children):
        process.kill()
        _, alive = await trio.to_thread.run_sync(lambda: psutil.wait_procs(children, timeout=15))
        for child in alive:
            child.kill()
        assert not alive
