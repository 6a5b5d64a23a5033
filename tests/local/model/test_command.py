from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner

from phonegame.characters.brains import find_brain
from phonegame.local.model.command import model
from tests.characters.brains.asking import ask, text_of

COMMAND = [sys.executable, "-m", "phonegame", "model", "--port", "0", "--key", "planted"]


@pytest.mark.slow
async def test_the_program_prints_what_the_server_must_be_told() -> None:
    run = partial(trio.run_process, COMMAND, stdout=subprocess.PIPE, check=False)
    async with trio.open_nursery() as nursery:
        process = await nursery.start(run)
        printed = ""
        while printed.count("\n") < 3:
            printed += (await process.stdout.receive_some()).decode()
        told = dict(line.split("=", 1) for line in printed.splitlines() if not line.startswith("#"))
        assert told.keys() == {"PHONEGAME_MODEL", "PHONEGAME_MODEL_URL"}
        url = told["PHONEGAME_MODEL_URL"]
        async with find_brain(told["PHONEGAME_MODEL"], url=url, key="planted") as brain:
            assert text_of(await ask(brain, "hello")) == "You said: hello"
        nursery.cancel_scope.cancel()


def test_a_wrong_script_is_named(tmp_path: Path) -> None:
    script = tmp_path / "faults.toml"
    script.write_text("[[answer]]\nstall = 1", encoding="utf-8")
    result = CliRunner().invoke(model, ["--script", str(script)])
    assert result.exit_code == 2
    assert "stall" in result.output


async def test_a_taken_port_is_named() -> None:
    (listener, *_) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        port = listener.socket.getsockname()[1]
        command = [sys.executable, "-m", "phonegame", "model", "--port", str(port)]
        result = await trio.run_process(command, check=False, capture_stderr=True)
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr.decode()
