"""Clients that hold on to a connection without using it, through the real hypercorn as phonegame has it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked
from wsproto.events import CloseConnection, Request, TextMessage

from phonegame import hypercorn_websocket
from phonegame.asgi import RawWebsocket
from phonegame.hypercorn_trio import CallConfig
from tests.certificate import make_certificate
from tests.hypercorn_server import Application, Client, serving
from tests.leftovers import Holdings, back_to, holdings

LONG = 3600


def limited(**values: Any) -> CallConfig:
    """Without the limits that are not named."""
    config = CallConfig()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    config.graceful_timeout = 0.1
    config.handshake_seconds = config.body_seconds = config.ssl_handshake_timeout = config.keep_alive_timeout = LONG
    for name, value in values.items():
        setattr(config, name, value)
    return config


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers a request with its body."""
    assert scope["type"] == "http"
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        is_whole = not message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@asynccontextmanager
async def client_of(app: Any, config: CallConfig) -> AsyncIterator[trio.SocketStream]:
    async with serving(app, config) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
        yield stream


async def ends(stream: trio.abc.Stream) -> bytes:
    """What comes until the server closes the connection."""
    received = bytearray()
    with trio.fail_after(5), contextlib.suppress(trio.BrokenResourceError):
        async for data in stream:
            received += data
    return bytes(received)


async def drip(stream: trio.abc.Stream, data: bytes) -> None:
    """A byte at a time, again and again, for as long as the server takes them."""
    with trio.fail_after(5):
        try:
            while True:
                await stream.send_all(data)
                await trio.sleep(0.01)
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()


class TestHead:
    async def test_a_connection_that_asks_for_nothing_ends(self) -> None:
        async with client_of(echo, limited(handshake_seconds=0.05)) as stream:
            assert await ends(stream) == b""

    async def test_a_head_that_comes_byte_by_byte_ends(self) -> None:
        async with client_of(echo, limited(handshake_seconds=0.05)) as stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            await drip(stream, b"a")

    async def test_a_tls_handshake_that_never_comes_ends(self, tmp_path: Path) -> None:
        made = make_certificate(tmp_path)
        config = limited(ssl_handshake_timeout=0.05, certfile=str(made.cert), keyfile=str(made.key))
        async with client_of(echo, config) as stream:
            assert await ends(stream) == b""

    async def test_a_head_that_never_comes_over_tls_ends(self, tmp_path: Path) -> None:
        made = make_certificate(tmp_path)
        config = limited(handshake_seconds=0.05, certfile=str(made.cert), keyfile=str(made.key))
        trusting = ssl.create_default_context(cafile=str(made.authority))
        async with client_of(echo, config) as stream:
            tls = trio.SSLStream(stream, trusting, server_hostname="127.0.0.1", https_compatible=True)
            await tls.do_handshake()
            assert await ends(tls) == b""

    async def test_nothing_is_left_of_it(self) -> None:
        async with serving(echo, limited(handshake_seconds=0.05)) as port:
            await wait_all_tasks_blocked()
            before = holdings()
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                await ends(stream)
            assert await back_to(before) <= before

    @pytest.mark.parametrize("line", [b"X-Long: %s\r\n", b"X-%s: many\r\n" * 2], ids=["long", "many"])
    async def test_a_head_that_is_too_long_is_refused(self, line: bytes) -> None:
        async with client_of(echo, limited()) as stream:
            lines = line.replace(b"%s", b"a" * 20_000)
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n" + lines)
            assert (await ends(stream)).startswith(b"HTTP/1.1 431 ")

    async def test_an_address_that_is_too_long_is_refused(self) -> None:
        async with client_of(echo, limited()) as stream:
            await stream.send_all(b"GET /" + b"a" * 20_000)
            assert (await ends(stream)).startswith(b"HTTP/1.1 431 ")


class TestBody:
    async def test_one_that_never_comes_ends(self) -> None:
        async with client_of(echo, limited(body_seconds=0.05)) as stream:
            await stream.send_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
            assert await ends(stream) == b""

    async def test_one_that_comes_byte_by_byte_ends(self) -> None:
        async with client_of(echo, limited(body_seconds=0.05)) as stream:
            await stream.send_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
            await drip(stream, b"a")

    async def test_one_in_time_is_answered_however_long_that_takes(self) -> None:
        async def slowly(scope: Any, receive: Any, send: Any) -> None:
            await trio.sleep(0.2)
            await echo(scope, receive, send)

        async with client_of(slowly, limited(body_seconds=0.05, handshake_seconds=0.05)) as stream:
            await stream.send_all(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
            assert (await ends(stream)).endswith(b"hello")


class TestIdle:
    REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    async def test_a_connection_that_asks_for_nothing_more_ends(self) -> None:
        async with client_of(echo, limited(keep_alive_timeout=0.05)) as stream:
            await stream.send_all(self.REQUEST)
            assert (await ends(stream)).startswith(b"HTTP/1.1 200 ")

    async def test_it_may_ask_again_until_then(self) -> None:
        async with client_of(echo, limited(handshake_seconds=0.05, keep_alive_timeout=0.3)) as stream:
            answers = b""
            for _ in range(3):
                await stream.send_all(self.REQUEST)
                answers += await stream.receive_some()
                # longer than a first request may take
                await trio.sleep(0.1)
            answers += await ends(stream)
        assert answers.count(b"HTTP/1.1 200 ") == 3

    async def test_nothing_is_left_of_one_that_the_client_closes(self) -> None:
        async with serving(echo, limited()) as port:
            await wait_all_tasks_blocked()
            before = holdings()
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                await stream.send_all(self.REQUEST)
                await stream.receive_some()
            assert await back_to(before) <= before


class TestWebsocket:
    async def test_none_of_it_concerns_one_that_is_open(self) -> None:
        app = Application()
        times = {"handshake_seconds": 0.05, "body_seconds": 0.05, "keep_alive_timeout": 0.05}
        async with client_of(app, limited(**times)) as stream:
            client = Client(stream)
            await client.open()
            await trio.sleep(0.2)
            await client.send(TextMessage(data="still here"))
            assert await app.has(1) == ["still here"]

    @pytest.fixture(autouse=True)
    def _no_patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hypercorn_websocket, "CLOSING_SECONDS", 0.1)

    async def test_a_client_that_does_not_answer_1009_is_cut_off(self) -> None:
        app = Application(max_length=70_000)
        async with client_of(app, limited()) as stream:
            client = Client(stream)
            await client.open()
            await client.send(TextMessage(data="x" * 70_001))
            answer = await client.receive()
            assert isinstance(answer, CloseConnection)
            assert answer.code == 1009
            await ends(stream)
            assert await app.is_closed() == 1006

    async def test_nor_does_it_help_to_go_on_sending(self) -> None:
        app = Application(max_length=70_000)
        async with client_of(app, limited()) as stream:
            client = Client(stream)
            await client.open()
            await drip(stream, client.protocol.send(TextMessage(data="x" * 70_001)))
            assert await app.is_closed() == 1006

    async def test_a_client_that_does_not_read_our_close_is_cut_off(self) -> None:
        app = FloodingApplication()
        async with serving(app, limited()) as port:
            await wait_all_tasks_blocked()
            before = holdings()
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                await Client(stream).open()
                await app.is_closed()
                assert (
                    await back_to(Holdings(before.tasks, before.sockets + 1, before.channels))
                ).sockets <= before.sockets + 1

    async def test_a_handshake_that_is_none_ends_the_connection(self) -> None:
        upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        async with client_of(Application(), limited()) as stream:
            await stream.send_all(upgrade)
            assert (await ends(stream)).startswith(b"HTTP/1.1 400 ")

    async def test_a_client_that_sends_before_it_is_answered_ends_it_and_the_application_learns_that(self) -> None:
        app = HesitatingApplication()
        async with client_of(app, limited()) as stream:
            client = Client(stream)
            await client.send(Request(host="localhost", target="/"))
            await stream.send_all(bytes((0x81, 0x80, 0, 0, 0, 0)))
            await ends(stream)
            app.may_accept.set()
            assert await app.is_closed() == 1006


class FloodingApplication(Application):
    """Sends more than the client's buffers hold, and closes meanwhile."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        socket = RawWebsocket(scope, receive, send)
        await socket.accept(self._take)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.send_text, "x" * 20_000_000)
            await wait_all_tasks_blocked(0.01)
            nursery.start_soon(send, {"type": "websocket.close", "code": 1000, "reason": ""})
            self.close_code = await socket.receive_until_closed()
            self.closed.set()
            nursery.cancel_scope.cancel()


class HesitatingApplication(Application):
    def __init__(self) -> None:
        super().__init__()
        self.may_accept = trio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self.may_accept.wait()
        await super().__call__(scope, receive, send)
