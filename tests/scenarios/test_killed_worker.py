"""A real process that has games is killed: its callers are told so, and its codes are free."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import trio

from phonegame.game.relay import GONE
from phonegame.local.v1_client import connect_v1
from phonegame.wire import v1
from tests.house import House, V1Game
from tests.redis_server import redis_server
from tests.scenarios.conversation import open_talking_house
from tests.two_workers import TWO
from tests.waiting import holds

CODE_SECONDS = 15
"""As the README promises."""


@dataclass
class Worker:
    address: str
    process: trio.Process


@asynccontextmanager
async def other_worker(house: House) -> AsyncIterator[Worker]:
    settings = house.phonegame.settings
    assert settings.redis_url is not None
    environment = {
        "PROXY_URL": "127.0.0.1:0",
        "PHONEGAME_VOICE": "none",
        "PHONEGAME_CODES": settings.codes,
        "PHONEGAME_REDIS_URL": settings.redis_url.get_secret_value(),
        "DEEPGRAM_URL": settings.deepgram_url,
        "DEEPGRAM_API_KEY": settings.deepgram_api_key.get_secret_value(),
        "TWILIO_PHONE_NUMBER": settings.twilio_phone_number,
    }
    command = [sys.executable, "-m", "phonegame", "serve"]
    process = await trio.lowlevel.open_process(command, env=environment, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        log = b""
        async with process.stderr:
            while (listening := re.search(rb"listening.*http://([0-9.:]+)", log)) is None:
                more = await process.stderr.receive_some()
                assert more, log.decode()
                log += more
            yield Worker(listening[1].decode(), process)
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()


@asynccontextmanager
async def game_at(address: str) -> AsyncIterator[V1Game]:
    async with connect_v1(f"ws://{address}/game") as client:
        game = V1Game(client)
        game.welcome = await game.gets(v1.Welcome)
        yield game


@pytest.mark.slow
@pytest.mark.skipif(TWO, reason="has its own two workers")
async def test_kill_9() -> None:
    more: dict[str, Any] = {"prompt_game_over": "game over", "seconds": 60}
    async with redis_server() as server, open_talking_house(redis_url=server.url, **more) as house:
        async with other_worker(house) as other, game_at(other.address) as game:
            await holds(lambda: game.code in house.phonegame.switchboard.active)
            async with house.phone() as caller:
                await caller.phone.key(game.code + "#")
                await game.joined()
                await caller.says("hello")
                await game.hears("hello")
                other.process.kill()
                with trio.fail_after(CODE_SECONDS):
                    await caller.is_hung_up_on("the game left")
                    await holds(lambda: game.code not in house.phonegame.switchboard.active)
        async with house.v1_game() as comes_back:
            await comes_back.client.send(game.ticket)
            refused = await comes_back.gets(v1.Error)
            assert (refused.code, refused.field, refused.message) == ("resume_failed", "resume_token", GONE)
