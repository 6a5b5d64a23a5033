from __future__ import annotations

import pytest
import trio

from phonegame.local.game_client import GameUnreachableError, connect_game
from phonegame.local.game_socket import open_game_socket
from phonegame.local.text_game import Closed, Code, Heard, PhoneNumber
from tests.local.text_server import CODE, NUMBER, Visit, final, text_server


async def greet_and_wait(server: Visit) -> None:
    await server.greet()
    await server.wait_closed()


async def test_a_game_is_greeted_hears_and_speaks() -> None:
    said: list[str] = []

    async def visit(server: Visit) -> None:
        await server.greet()
        said.append(await server.hear())
        await server.say(final("one pizza"))

    async with text_server(visit) as url, connect_game(url) as game:
        assert [await game.receive(), await game.receive()] == [PhoneNumber(NUMBER), Code(CODE)]
        await game.say("What would you like?")
        assert await game.receive() == Heard("one pizza", 4.2, 1.62)
        assert await game.receive() == Closed(1000, None)
    assert said == ["What would you like?"]


async def test_what_is_said_after_the_end_is_lost_in_silence() -> None:
    async def visit(server: Visit) -> None:
        await server.close(1013, "no code")

    async with text_server(visit) as url, connect_game(url) as game:
        assert await game.receive() == Closed(1013, "no code")
        await game.say("hello?")
        assert await game.receive() == Closed(1013, "no code")


async def test_leaving_the_block_is_a_goodbye() -> None:
    send_code, codes = trio.open_memory_channel[int](1)

    async def visit(server: Visit) -> None:
        send_code.send_nowait(await server.wait_closed())

    async with text_server(visit) as url:
        async with connect_game(url):
            pass
        with trio.fail_after(5):
            assert await codes.receive() == 1000


async def test_what_the_block_raises_comes_out_as_it_is() -> None:
    async with text_server(greet_and_wait) as url:
        with pytest.raises(ZeroDivisionError):
            async with connect_game(url):
                raise ZeroDivisionError


async def test_a_socket_that_vanishes_says_no_goodbye() -> None:
    send_code, codes = trio.open_memory_channel[int](1)

    async def visit(server: Visit) -> None:
        send_code.send_nowait(await server.wait_closed())

    async with text_server(visit) as url, open_game_socket(url, None) as socket:
        await socket.vanish()
        assert await socket.receive() == Closed(1006, None)
        with trio.fail_after(5):
            assert await codes.receive() == 1006


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://127.0.0.1:5000/game", "looks like ws://"),
        ("ws:///game", "looks like ws://"),
    ],
)
async def test_an_address_that_is_none_says_what_one_looks_like(url: str, what: str) -> None:
    with pytest.raises(GameUnreachableError, match=what):
        async with connect_game(url):
            pass


async def test_nothing_at_the_address_says_how_to_start_the_server() -> None:
    listener, *_ = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    with pytest.raises(GameUnreachableError, match="phonegame serve"):
        async with connect_game(f"ws://127.0.0.1:{port}/game"):
            pass


async def test_a_server_without_the_subprotocol_is_told_apart() -> None:
    async with text_server(greet_and_wait) as url:
        with pytest.raises(GameUnreachableError, match=r"does not speak phonegame\.v1"):
            async with open_game_socket(url, None, "phonegame.v1"):
                pass
