"""What calls and games see of a server that goes down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import trio
from hypercorn.trio import serve
from wsproto.events import RejectConnection

from phonegame.app import create_app
from phonegame.asgi import RawWebsocket
from phonegame.local.game_client import connect_game
from phonegame.local.text_game import Closed
from phonegame.serve import hypercorn_config
from tests.house import House, open_house
from tests.raw_websocket import connect

GOING_DOWN = "the server is going down"


@asynccontextmanager
async def under_hypercorn_s_command(
    house: House, stop: trio.Event, graceful_timeout: float = 3
) -> AsyncIterator[House]:
    """Another server of the same settings, run as hypercorn's worker runs it, with no word of ours before the end."""
    settings = house.phonegame.settings
    app = create_app(settings)
    config = hypercorn_config(settings)
    config.graceful_timeout = graceful_timeout
    async with trio.open_nursery() as nursery:
        run = partial(serve, app, config, shutdown_trigger=stop.wait, mode="asgi")
        (url,) = await nursery.start(run)
        yield replace(house, phonegame=app.extensions["phonegame"], address=url.partition("://")[2])


async def test_a_game_that_comes_meanwhile_is_told_and_gets_no_code() -> None:
    async with open_house() as house:
        house.phonegame.end_nowait()
        async with connect_game(house.game_url) as game:
            assert await game.receive() == Closed(1001, GOING_DOWN)
        assert "game in" not in house.events


async def test_a_call_that_comes_meanwhile_is_not_accepted() -> None:
    async with open_house() as house:
        house.phonegame.end_nowait()
        async with connect(house.address) as phone:
            answer = await phone.upgrade("/twilio")
        assert isinstance(answer, RejectConnection)
        assert answer.status_code == 503
        assert house.errors == []


async def test_a_call_is_refused_by_a_close_where_the_asgi_server_can_do_no_more() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "websocket", "path": "/twilio"}
    async with open_house() as house:
        house.phonegame.end_nowait()
        await house.phonegame.serve_call(RawWebsocket(scope, receive, send), lambda: None)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_server_that_goes_down_is_healthy() -> None:
    async with open_house() as house:
        house.phonegame.end_nowait()
        host, _, port = house.address.rpartition(":")
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert bytes(await stream.receive_some()).startswith(b"HTTP/1.1 200")


async def test_calls_and_games_are_told_where_hypercorn_s_own_command_runs_the_server() -> None:
    stop = trio.Event()
    async with (
        open_house() as house,
        under_hypercorn_s_command(house, stop) as other,
        other.game() as game,
        other.phone() as caller,
    ):
        await caller.joins(game)
        stop.set()
        assert await game.next() == Closed(1001, GOING_DOWN)
        await caller.is_hung_up_on(GOING_DOWN)
