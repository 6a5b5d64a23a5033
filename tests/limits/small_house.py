"""python -m tests.limits.small_house: a server with few descriptors, as a process of its own. Prints its port.

Each websocket gets its messages back. `eat` takes up all descriptors that are left, `give` gives them back.
"""

from __future__ import annotations

import resource
from functools import partial
from pathlib import Path
from typing import IO, Any

import trio
from hypercorn.trio import serve

from phonegame import hypercorn_trio
from phonegame.asgi import RawWebsocket
from phonegame.hypercorn_trio import CallConfig
from phonegame.logs import set_up_logs

DESCRIPTORS = 128
ROOM = 16
"""What `most_connections` makes of it."""

eaten: list[IO[bytes]] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "websocket", "no lifespan here"
    socket = RawWebsocket(scope, receive, send)
    to_send, to_answer = trio.open_memory_channel[str](100)

    def take(batch: list[str]) -> None:
        for text in batch:
            to_send.send_nowait(text)

    async def answer() -> None:
        async for text in to_answer:
            if text == "eat":
                eat()
            elif text == "give":
                while eaten:
                    eaten.pop().close()
            await socket.send_text(text)

    with to_send, to_answer:
        async with trio.open_nursery() as nursery:
            await socket.accept(take)
            nursery.start_soon(answer)
            await socket.receive_until_closed()
            nursery.cancel_scope.cancel()


def eat() -> None:
    try:
        while True:
            eaten.append(Path("/dev/null").open("rb"))  # noqa: SIM115 - to be held
    except OSError:
        pass


async def main() -> None:
    config = CallConfig()
    config.bind = ["127.0.0.1:0"]
    async with trio.open_nursery() as nursery:
        (address,) = await nursery.start(partial(serve, app, config, mode="asgi"))
        print(address.rpartition(":")[2], flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    set_up_logs()
    hypercorn_trio.install()
    trio.run(main)
