"""A game in Node, by the JavaScript client: driven from here, and listened to."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import environment
import pytest
import trio

CLIENT = environment.ROOT / "phonegame" / "clients" / "javascript"
DRIVER = Path(__file__).with_name("driver.mjs")
HAS_WEBSOCKET = "process.exit(typeof WebSocket === 'function' ? 0 : 1)"

Json = dict[str, Any]


def node() -> list[str]:
    """The command for a Node that has WebSocket, from 20 on behind a flag. Skips the test where there is none."""
    path = shutil.which("node")
    for flags in ([], ["--experimental-websocket"]):
        with suppress(OSError):
            if path and subprocess.run([path, *flags, "-e", HAS_WEBSOCKET], check=False).returncode == 0:
                return [path, "--no-warnings", *flags]
    pytest.skip("there is no Node with WebSocket")


@dataclass
class JavaScriptGame:
    process: trio.Process
    told: list[Json] = field(default_factory=list)
    """Everything that it has printed."""
    _ids: Iterator[int] = field(default_factory=count)
    _news: trio.lowlevel.ParkingLot = field(default_factory=trio.lowlevel.ParkingLot)

    async def read(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        async for piece in self.process.stdout:
            *lines, rest = (rest + piece).split(b"\n")
            self.told += map(json.loads, lines)
            self._news.unpark_all()

    async def begins(self, method: str, *args: Any) -> int:
        """Gives the id of what is called; `answer` waits for what becomes of it."""
        assert self.process.stdin is not None
        call = next(self._ids)
        await self.process.stdin.send_all(json.dumps({"id": call, "method": method, "args": args}).encode() + b"\n")
        return call

    async def does(self, method: str, *args: Any) -> Any:
        answer = await self.answer(await self.begins(method, *args))
        assert "error" not in answer, answer
        return answer["value"]

    async def fails(self, method: str, *args: Any) -> Json:
        answer = await self.answer(await self.begins(method, *args))
        assert "error" in answer, answer
        return answer

    async def answer(self, call: int) -> Json:
        return await self._first(lambda each: each.get("answer") == call)

    async def event(self, kind: str, **fields: Any) -> Json:
        """The first one of this type, with these fields."""
        found = await self._first(
            lambda each: each.get("event") == kind and fields.items() <= each["detail"].items(),
        )
        detail: Json = found["detail"]
        return detail

    def events(self, kind: str) -> list[Json]:
        return [each["detail"] for each in self.told if each.get("event") == kind]

    async def _first(self, fits: Any) -> Json:
        while True:
            for each in self.told:
                if fits(each):
                    return each
            await self._news.park()


@asynccontextmanager
async def javascript_game(url: str, **options: Any) -> AsyncIterator[JavaScriptGame]:
    command = [*node(), str(DRIVER), (CLIENT / "phonegame.js").as_uri(), url, json.dumps(options)]
    process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    game = JavaScriptGame(process)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(game.read)
            yield game
            assert process.stdin is not None
            await process.stdin.aclose()
            # says goodbye
            assert await process.wait() == 0
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
            assert process.stdout is not None
            await process.stdout.aclose()
