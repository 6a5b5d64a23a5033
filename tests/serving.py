"""`phonegame serve` as a process of its own, or several: signals, ends, and what its log says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import trio

from phonegame.local.speech.script import Script
from phonegame.local.speech.service import SpeechConfig, SpeechService, serve_speech
from tests.house import KEY, LISTEN, MARKER_VOICE, NUMBER, SPEAK, Caller, Game, House
from tests.ports import free_port

PATIENCE_SECONDS = 60
"""For processes on a machine that is busy."""


@dataclass
class Serving:
    """`house`: games and phones for it; there is no `phonegame` in it, since that is elsewhere."""

    process: trio.Process
    house: House
    folder: str
    """Where it runs."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    changed: trio.Event = field(default_factory=trio.Event)

    async def follow_log(self) -> None:
        assert self.process.stderr is not None
        rest = b""
        async for data in self.process.stderr:
            *whole, rest = (rest + data).split(b"\n")
            self.lines += [_fields(line) for line in whole]
            self.changed.set()
            self.changed = trio.Event()

    def says(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    async def has_said(self, event: str, times: int = 1) -> dict[str, Any]:
        """Gives the last of these lines."""
        while len(found := self.says(event)) < times:
            await self.changed.wait()
        return found[times - 1]

    @property
    def pids(self) -> dict[int, int]:
        """Of all workers so far, by number."""
        return {line["worker"]: line["pid"] for line in self.says("worker listens")}

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    async def ends(self) -> int:
        """Gives the exit status."""
        return await self.process.wait()

    @asynccontextmanager
    async def line(self) -> AsyncIterator[tuple[Game, Caller]]:
        """A game and a caller on the phone with it: on one worker, where workers do not know each other's games."""
        async with self.house.game() as game, self._meeting(game) as caller:
            yield game, caller

    @asynccontextmanager
    async def _meeting(self, game: Game) -> AsyncIterator[Caller]:
        while True:
            async with self.house.phone() as caller:
                await caller.phone.key(game.code + "#")
                with trio.move_on_after(1) as patience:
                    await game.joined()
                if not patience.cancelled_caught:
                    yield caller
                    return


def _fields(line: bytes) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError:
        fields = {"event": line.decode()}
    return fields


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "phonegame", "serve", *arguments]


def is_alive(pid: int) -> bool:
    """One that has ended, and that nobody has asked about yet, is not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def are_gone(*pids: int) -> None:
    """Of processes that are not ours: nothing tells of their end."""
    while any(map(is_alive, pids)):  # noqa: ASYNC110
        await trio.sleep(0.02)


@asynccontextmanager
async def open_serving(
    *arguments: str, program: Callable[..., list[str]] = command, ready: str = "listening", **variables: str
) -> AsyncIterator[Serving]:
    """Once its log says `ready`: `phonegame serve ARGUMENTS`, with these variables. Killed at the end, if need be."""
    async with trio.open_nursery() as nursery:
        config = SpeechConfig(recogniser="marker", key=KEY, script=Script(), voice="marker")
        speech: SpeechService = await nursery.start(serve_speech, config)
        address = f"127.0.0.1:{free_port()}"
        with TemporaryDirectory() as folder:
            environment = _environment(speech, address) | variables
            process = await trio.lowlevel.open_process(
                program(*arguments), stderr=subprocess.PIPE, cwd=Path(folder), env=environment
            )
            house: Any = House(None, address, speech)  # type: ignore[arg-type]
            serving = Serving(process, house, folder)
            nursery.start_soon(serving.follow_log)
            try:
                with trio.fail_after(PATIENCE_SECONDS):
                    await serving.has_said(ready)
                    yield serving
            finally:
                _kill(serving)
                with trio.CancelScope(shield=True):
                    await process.wait()
        nursery.cancel_scope.cancel()


def _kill(serving: Serving) -> None:
    for pid in [*serving.pids.values(), serving.process.pid]:
        if serving.process.returncode is None and is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def _environment(speech: SpeechService, address: str) -> dict[str, str]:
    names = ("PATH", "HOME", "LANG", "SYSTEMROOT", "PYTHONPATH")
    return {name: os.environ[name] for name in names if name in os.environ} | {
        "DEEPGRAM_URL": speech.url + LISTEN,
        "DEEPGRAM_SPEAK_URL": speech.speak_url + SPEAK,
        "DEEPGRAM_API_KEY": KEY,
        "TWILIO_PHONE_NUMBER": NUMBER,
        "PROXY_URL": address,
        "PHONEGAME_VOICE": MARKER_VOICE,
        "PHONEGAME_LOG": "json",
        "PHONEGAME_MAX_BUSY": "0",
        "PHONEGAME_MAX_LAG_SECONDS": "0",
        "PHONEGAME_PROMPT_WELCOME": "none",
        "PHONEGAME_PROMPT_SAY_CODE": "none",
        "PHONEGAME_PROMPT_JOINED": "none",
        "PHONEGAME_PROMPT_CLOSING": "bye now",
    }
