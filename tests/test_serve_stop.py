"""Signals to a real `phonegame serve` under live calls."""

from __future__ import annotations

import signal
import sys

import pytest
import trio

from phonegame.local.text_game import Closed
from tests.http_client import fetch
from tests.serving import open_serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send"),
]


async def test_sigterm_lets_a_call_end_and_then_the_server() -> None:
    async with open_serving() as serving, serving.line() as (game, caller):
        serving.signal(signal.SIGTERM)
        await serving.has_said("stopping")
        ready = await fetch(serving.house.address, "GET", "/readyz")
        assert (ready.status, ready.text.strip()) == (503, '{"status":"stopping"}')
        await caller.says("one pizza")
        await game.hears("one pizza")
        await caller.phone.hang_up()
        assert await game.next() == Closed(1012, "the server restarts; connect again")
        assert await serving.ends() == 0


async def test_a_call_that_lasts_too_long_is_ended_by_a_sentence() -> None:
    async with open_serving(PHONEGAME_STOP_SECONDS="0.5") as serving, serving.line() as (game, caller):
        serving.signal(signal.SIGTERM)
        await caller.hears_words("bye", "now")
        await caller.is_hung_up_on("the server is going down")
        assert await game.next() == Closed(1001, "the server is going down")
        assert await serving.ends() == 0


async def test_a_second_signal_ends_it_at_once() -> None:
    async with open_serving(PHONEGAME_STOP_SECONDS="600") as serving, serving.line() as (_, caller):
        serving.signal(signal.SIGTERM)
        await serving.has_said("stopping")
        # a wish that comes within a second is the same one
        while serving.process.poll() is None:
            serving.signal(signal.SIGTERM)
            with trio.move_on_after(0.5):
                await serving.ends()
        ended = await caller.phone.wait_ended()
        assert ended.by == "server"
        assert caller.heard_words == []


async def test_a_server_without_calls_ends_at_once() -> None:
    async with open_serving(PHONEGAME_STOP_SECONDS="600") as serving, serving.house.game() as game:
        serving.signal(signal.SIGINT)
        assert await game.next() == Closed(1012, "the server restarts; connect again")
        assert await serving.ends() == 0
