"""The README's games for phonegame.v1, run as people would run them, at a server that plays a call."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from phonegame.wire import v1
from tests.local.text_server import Visit, text_server
from tests.wire.messages import CALL

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
EXAMPLES = README.partition("### phonegame.v1")[2].partition("## Characters")[0]
ADDRESS = "ws://127.0.0.1:5000/game"
HAS_WEBSOCKET = "process.exit(typeof WebSocket === 'function' ? 0 : 1)"

WELCOME = v1.Welcome(phone_number="+15550100", code="42", resume_token="t", resumed=False, away_seconds=60.0)
INTERIM = v1.Transcript(
    **CALL,
    text="one",
    is_final=False,
    speech_final=False,
    confidence=0.9,
    start=1.0,
    duration=0.5,
    words=[v1.Word(word="one", start=1.0, end=1.5, confidence=0.9)],
)
FINAL = v1.Transcript(
    **CALL,
    text="One pizza.",
    is_final=True,
    speech_final=True,
    confidence=0.9,
    start=1.0,
    duration=1.0,
    words=[],
)
SILENCE = v1.Transcript(
    **CALL, text="", is_final=True, speech_final=True, confidence=0.0, start=2.0, duration=1.0, words=[]
)
INTERRUPTED = v1.SayFinished(**CALL, say_id="s1", heard="Welcome!", seconds=0.4, interrupted=True, dropped=None)
PROBLEM = v1.Error(code="queue_full", message="Too many are waiting.")
EVENTS: list[v1.ServerMessage] = [INTERIM, FINAL, SILENCE, INTERRUPTED, PROBLEM]


def example(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", EXAMPLES, re.DOTALL)
    return str(code)


async def play(command: list[str], language: str) -> tuple[str, list[object]]:
    """Runs the game until the server has no more to say. Gives what it has printed, and what it has sent."""
    heard: list[object] = []

    async def visit(server: Visit) -> None:
        await server.say(v1.encode(WELCOME, None))
        await server.say(v1.encode(v1.CallStarted(**CALL, direction="incoming", caller=None), 1))
        heard.append(v1.parse(await server.hear()))
        for seq, message in enumerate(EVENTS, 2):
            await server.say(v1.encode(message, seq))
        await server.close(1001, "the server is going down")

    async with text_server(visit, v1.SUBPROTOCOL) as url:
        code = example(language).replace(ADDRESS, url)
        assert code != example(language)
        with trio.fail_after(20):
            ended = await trio.run_process([*command, code], capture_stdout=True, stderr=subprocess.STDOUT, check=False)
    return ended.stdout.decode(), heard


@pytest.mark.slow
async def test_the_game_in_python_hears_and_speaks() -> None:
    printed, heard = await play([sys.executable, "-c"], "python")
    assert printed.splitlines() == [
        "Call +15550100 and say 42",
        "Player 2: One pizza.",
        "The caller has heard only: Welcome!",
        "Too many are waiting.",
    ]
    assert heard == [v1.Say(text="Welcome! What would you like to order?")]


def node() -> list[str] | None:
    """The command for a Node that has WebSocket, from 20 on behind a flag."""
    path = shutil.which("node")
    if path is None:
        return None
    for flags in ([], ["--experimental-websocket"]):
        with suppress(OSError):
            asked = subprocess.run([path, *flags, "-e", HAS_WEBSOCKET], check=False)
            if asked.returncode == 0:
                return [path, "--no-warnings", *flags, "-e"]
    return None


@pytest.mark.slow
async def test_the_game_in_javascript_hears_and_speaks() -> None:
    command = node()
    if command is None:
        pytest.skip("there is no Node with WebSocket")
    printed, heard = await play(command, "javascript")
    assert printed.splitlines() == [
        "Call +15550100 and say 42",
        "Player 2: One pizza.",
        "Too many are waiting.",
        "Gone: 1001 the server is going down",
    ]
    assert heard == [v1.Say(text="Welcome! What would you like to order?")]
