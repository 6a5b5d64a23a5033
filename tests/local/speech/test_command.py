from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trio
from click.testing import CliRunner

from phonegame.local.speech import encode_silence
from phonegame.local.speech.command import speech
from phonegame.local.speech.service import SpeechConfig, SpeechService
from tests.local.speech.client import connected

COMMAND = [sys.executable, "-m", "phonegame", "speech", "--port", "0", "--recogniser", "marker"]


@pytest.mark.slow
async def test_the_program_prints_its_addresses_and_serves_there() -> None:
    run = partial(trio.run_process, COMMAND, stdout=subprocess.PIPE, check=False)
    async with trio.open_nursery() as nursery:
        process = await nursery.start(run)
        listen_url, speak_url = (await process.stdout.receive_some()).decode().split()
        there = SpeechService(SpeechConfig(), port=urlsplit(listen_url).port or 0)
        assert (listen_url, speak_url) == (there.url, there.speak_url)
        async with connected(there) as client:
            await client.socket.send_message(encode_silence(20))
            await client.send(type="CloseStream")
            assert (await client.rest())[-1]["type"] == "Metadata"
        nursery.cancel_scope.cancel()


def test_codes_that_are_none_are_named() -> None:
    result = CliRunner().invoke(speech, ["--codes", "nonsense"])
    assert result.exit_code == 2
    assert "PHONEGAME_CODES" in result.output
    assert "nonsense" in result.output


def test_a_wrong_script_is_named(tmp_path: Path) -> None:
    script = tmp_path / "faults.toml"
    script.write_text("[[connection]]\nstall = 1", encoding="utf-8")
    result = CliRunner().invoke(speech, ["--script", str(script)])
    assert result.exit_code == 2
    assert "stall" in result.output


async def test_a_taken_port_is_named() -> None:
    (listener, *_) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        port = listener.socket.getsockname()[1]
        command = [sys.executable, "-m", "phonegame", "speech", "--port", str(port), "--recogniser", "marker"]
        result = await trio.run_process(command, check=False, capture_stderr=True)
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr.decode()
