"""Through the real hypercorn. A failure here after an upgrade of it: phonegame/hypercorn_trio.py no longer fits."""

from __future__ import annotations

import errno
import inspect
import re
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import h2.connection
import h2.events
import hypercorn.protocol.h2
import hypercorn.protocol.h11
import hypercorn.trio.run
import pytest
import trio
from hypercorn.config import Config
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.trio import serve
from hypercorn.trio.tcp_server import TCPServer
from trio.testing import wait_all_tasks_blocked
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Pong, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from phonegame import hypercorn_trio
from phonegame.asgi import DIRECT, VANISHED, Batch, RawWebsocket
from phonegame.hypercorn_trio import CallTCPServer, CallWSStream
from phonegame.local.phone.dial import reset_on_close
from phonegame.sockets import DEAD_AFTER_SECONDS
from tests.certificate import make_certificate
from tests.leftovers import holdings


@dataclass
class Application:
    """Takes one websocket's messages down. `said` are the texts, batch by batch."""

    said: list[Batch] = field(default_factory=list)
    offered: bool = False
    socket: RawWebsocket | None = None
    closed: trio.Event = field(default_factory=trio.Event)
    subprotocol: str | None = None
    max_length: int | None = None
    close_code: int | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket", "no lifespan here"
        self.offered = DIRECT in scope["extensions"]
        self.socket = RawWebsocket(scope, receive, send)
        await self.socket.accept(self._take, subprotocol=self.subprotocol, max_length=self.max_length)
        self.close_code = await self.socket.receive_until_closed()
        self.closed.set()

    def _take(self, batch: Batch) -> None:
        self.said.append(batch)

    async def is_closed(self) -> int:
        """Gives the code with which the peer has closed."""
        with trio.fail_after(5):
            await self.closed.wait()
        assert self.close_code is not None
        return self.close_code

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.said for text in batch]

    async def has(self, count: int) -> list[str]:
        """Waits for so many texts, and gives them."""
        with trio.fail_after(5):  # noqa: ASYNC912 - there may be nothing to wait for
            while len(self.texts) < count:
                await wait_all_tasks_blocked(0.001)
        return self.texts


@dataclass
class Client:
    """Writes several frames as one segment."""

    stream: trio.abc.Stream
    protocol: WSConnection = field(default_factory=lambda: WSConnection(ConnectionType.CLIENT))

    async def open(self, **request: Any) -> AcceptConnection:
        await self.send(Request(host="localhost", target="/", **request))
        answer = await self.receive()
        assert isinstance(answer, AcceptConnection)
        return answer

    async def send(self, *events: Event) -> None:
        await self.stream.send_all(b"".join(self.protocol.send(event) for event in events))

    async def receive(self) -> Event:
        with trio.fail_after(5):
            while True:
                for event in self.protocol.events():
                    if not isinstance(event, Ping):
                        return event
                self.protocol.receive_data(bytes(await self.stream.receive_some()))


def config_for(**values: Any) -> Config:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    config.graceful_timeout = 0.1
    for name, value in values.items():
        setattr(config, name, value)
    return config


@asynccontextmanager
async def serving(app: Any, config: Config) -> AsyncIterator[int]:
    """Gives the port."""
    hypercorn_trio.install()
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve, app, config, shutdown_trigger=stop.wait, mode="asgi"))
        yield int(addresses[0].rpartition(":")[2])
        stop.set()


@asynccontextmanager
async def connected(app: Any, config: Config | None = None) -> AsyncIterator[Client]:
    async with serving(app, config or config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
        client = Client(stream)
        await client.open()
        yield client


@asynccontextmanager
async def serving_tls(app: Any, folder: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """Gives the port, and what a client trusts."""
    made = make_certificate(folder)
    async with serving(app, config_for(certfile=str(made.cert), keyfile=str(made.key))) as port:
        yield port, ssl.create_default_context(cafile=str(made.authority))


def parameters(function: Callable[..., object]) -> list[str]:
    return list(inspect.signature(function).parameters)


class TestFit:
    def test_the_classes_are_looked_up_where_they_are_replaced(self) -> None:
        source = inspect.getsource(hypercorn.trio.run.worker_serve)
        assert re.search(r"partial\(\s*TCPServer,", source)
        assert "= WSStream(" in inspect.getsource(H11Protocol)
        assert "= WSStream(" in inspect.getsource(H2Protocol)
        hypercorn_trio.install()
        assert hypercorn.trio.run.TCPServer is CallTCPServer  # type: ignore[attr-defined]
        assert hypercorn.protocol.h11.WSStream is CallWSStream  # type: ignore[attr-defined]
        assert hypercorn.protocol.h2.WSStream is CallWSStream  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("function", "names"),
        [
            (TCPServer.run, ["self"]),
            (TCPServer.protocol_send, ["self", "event"]),
            (TCPServer._read_data, ["self"]),
            (WSStream._handle_events, ["self"]),
            (WSStream._accept, ["self", "message"]),
            (WSStream._send_wsproto_event, ["self", "event"]),
            (WSStream.handle, ["self", "event"]),
        ],
    )
    def test_the_methods_that_are_replaced_or_called_are_there(
        self, function: Callable[..., object], names: list[str]
    ) -> None:
        assert inspect.iscoroutinefunction(function)
        assert parameters(function) == names

    def test_the_application_is_the_first_argument_of_a_websocket(self) -> None:
        assert parameters(WSStream)[:2] == ["app", "config"]


class TestMessages:
    async def test_they_come_in_one_batch_where_they_came_in_one_segment(self) -> None:
        app = Application()
        async with connected(app) as client:
            assert app.offered
            await client.send(*(TextMessage(data=f"frame {number}") for number in range(5)))
            assert await app.has(5) == [f"frame {number}" for number in range(5)]
        assert len(app.said) == 1

    async def test_a_message_that_comes_byte_by_byte_is_one(self) -> None:
        app = Application()
        async with connected(app) as client:
            data = client.protocol.send(TextMessage(data="snail's pace"))
            for index in range(len(data)):
                await client.stream.send_all(data[index : index + 1])
                await wait_all_tasks_blocked()
            assert await app.has(1) == ["snail's pace"]

    async def test_what_is_sent_in_fragments_is_one_message_in_its_place(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.send(
                TextMessage(data="first"),
                TextMessage(data="second, ", message_finished=False),
                TextMessage(data="in two parts"),
                TextMessage(data="third"),
            )
            assert await app.has(3) == ["first", "second, in two parts", "third"]

    async def test_a_binary_message_is_an_empty_text_in_its_place(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.send(TextMessage(data="first"), BytesMessage(data=b"\0"), TextMessage(data="third"))
            assert await app.has(3) == ["first", "", "third"]

    async def test_a_ping_between_them_is_answered(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.send(TextMessage(data="first"), Ping(payload=b"you there?"), TextMessage(data="second"))
            assert await client.receive() == Pong(payload=b"you there?")
            assert await app.has(2) == ["first", "second"]

    async def test_what_stands_before_a_close_in_the_same_segment_comes_before_it(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.send(TextMessage(data="last words"), CloseConnection(code=1000))
            assert isinstance(await client.receive(), CloseConnection)
            with trio.fail_after(5):
                await app.closed.wait()
        assert app.said == [["last words"]]

    async def test_a_connection_that_breaks_is_a_close(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.send(TextMessage(data="last words"))
            await client.stream.aclose()
            with trio.fail_after(5):
                await app.closed.wait()
        assert app.said == [["last words"]]

    async def test_the_application_sends_and_closes(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.send(TextMessage(data="hello"))
            await app.has(1)
            assert app.socket is not None
            await app.socket.send_text("hello yourself")
            assert await client.receive() == TextMessage(data="hello yourself")
            await app.socket.close(1000, "that is all")
            assert await client.receive() == CloseConnection(code=1000, reason="that is all")
            await client.send(CloseConnection(code=1000))

    async def test_too_long_a_message_is_refused_with_a_code(self) -> None:
        app = Application()
        async with connected(app, config_for(websocket_max_message_size=1000)) as client:
            await client.send(TextMessage(data="x" * 100_000))
            answer = await client.receive()
        assert isinstance(answer, CloseConnection)
        assert answer.code == 1009
        assert app.said == []


class TestSubprotocols:
    async def test_the_application_chooses_one_of_those_that_are_offered(self) -> None:
        app = Application(subprotocol="two")
        async with serving(app, config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
            answer = await Client(stream).open(subprotocols=["one", "two"])
            assert answer.subprotocol == "two"
            assert app.socket is not None
            assert app.socket.subprotocols == ["one", "two"]

    async def test_or_none(self) -> None:
        app = Application()
        async with serving(app, config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
            answer = await Client(stream).open(subprotocols=["one"])
            assert answer.subprotocol is None


class TestCloseCode:
    @pytest.mark.parametrize("code", [1000, 1001, 1011, 4000])
    async def test_is_the_peer_s(self, code: int) -> None:
        app = Application()
        async with connected(app) as client:
            await client.send(CloseConnection(code=code))
            assert isinstance(await client.receive(), CloseConnection)
            assert await app.is_closed() == code

    async def test_is_1005_where_the_peer_has_given_none(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.stream.send_all(bytes((0x88, 0x80, 0, 0, 0, 0)))
            assert await app.is_closed() == 1005

    @pytest.mark.parametrize("how", [reset_on_close, lambda _: None], ids=["reset", "end of stream"])
    async def test_is_1006_where_the_peer_has_vanished(self, how: Callable[[trio.SocketStream], None]) -> None:
        app = Application()
        async with serving(app, config_for()) as port:
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                await Client(stream).open()
                how(stream)
            assert await app.is_closed() == VANISHED

    async def test_is_1006_after_a_frame_that_is_none(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.stream.send_all(bytes((0xFF, 0x80, 0, 0, 0, 0)))
            assert await app.is_closed() == VANISHED


class TestPause:
    async def test_nothing_is_read_until_the_application_resumes(self) -> None:
        app = Application()
        async with connected(app) as client:
            await client.send(TextMessage(data="first"))
            await app.has(1)
            assert app.socket is not None
            app.socket.pause_nowait()
            # what a read that waits already brings is handed over
            await client.send(TextMessage(data="second"))
            await app.has(2)
            await client.send(TextMessage(data="third"))
            await wait_all_tasks_blocked(0.01)
            assert app.texts == ["first", "second"]
            app.socket.resume_nowait()
            assert await app.has(3) == ["first", "second", "third"]

    async def test_the_peer_waits_when_the_buffers_are_full(self) -> None:
        app = PausingApplication()
        async with connected(app) as client:
            with trio.move_on_after(0.2) as patience:
                for _ in range(1000):
                    await client.send(TextMessage(data="x" * 50_000))
            assert patience.cancelled_caught
            assert app.socket is not None

    async def test_the_application_closes_meanwhile(self) -> None:
        app = PausingApplication()
        async with connected(app) as client:
            await client.send(TextMessage(data="first"))
            await app.has(1)
            assert app.socket is not None
            await client.send(TextMessage(data="second"))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(app.socket.close, 1000, "that is all")
                assert await client.receive() == CloseConnection(code=1000, reason="that is all")
                await client.send(CloseConnection(code=1000))
                await app.is_closed()
                nursery.cancel_scope.cancel()

    async def test_over_tls_as_well(self, tmp_path: Path) -> None:
        app = PausingApplication()
        async with serving_tls(app, tmp_path) as (port, trusting):
            stream = await trio.open_ssl_over_tcp_stream("127.0.0.1", port, ssl_context=trusting, https_compatible=True)
            async with stream:
                client = Client(stream)
                await client.open()
                await client.send(TextMessage(data="first"))
                await app.has(1)
                await client.send(TextMessage(data="second"))
                await wait_all_tasks_blocked(0.01)
                assert app.texts == ["first"]
                assert app.socket is not None
                app.socket.resume_nowait()
                assert await app.has(2) == ["first", "second"]

    async def test_a_peer_that_is_gone_meanwhile_is_noticed_by_the_next_write(self) -> None:
        app = PausingApplication()
        async with serving(app, config_for()) as port:
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                client = Client(stream)
                await client.open()
                await client.send(TextMessage(data="first"))
                await app.has(1)
                reset_on_close(stream)
            assert app.socket is not None
            with trio.fail_after(5):  # noqa: ASYNC912 - there may be nothing to wait for
                while not app.closed.is_set():
                    await app.socket.send_text("are you there?")
                    await trio.lowlevel.checkpoint()
            assert app.close_code == VANISHED


class PausingApplication(Application):
    """Wants to read nothing after the first message."""

    def _take(self, batch: Batch) -> None:
        super()._take(batch)
        assert self.socket is not None
        self.socket.pause_nowait()


class TestMessageLimit:
    """Each application has its own; hypercorn's setting is for those that name none."""

    @pytest.mark.parametrize("length", [70_000, 400_000])
    async def test_a_longer_one_lets_longer_messages_through(self, length: int) -> None:
        app = Application(max_length=400_000)
        async with connected(app, config_for(websocket_max_message_size=1000)) as client:
            await client.send(TextMessage(data="first"), TextMessage(data="x" * length), TextMessage(data="third"))
            assert [len(text) for text in await app.has(3)] == [5, length, 5]

    async def test_it_counts_for_fragments_too(self) -> None:
        app = Application(max_length=100_000)
        async with connected(app) as client:
            for _ in range(3):
                await client.send(TextMessage(data="x" * 50_000, message_finished=False))
            answer = await client.receive()
            assert isinstance(answer, CloseConnection)
            assert answer.code == 1009
        assert app.said == []

    async def test_what_is_longer_still_is_refused_with_a_code(self) -> None:
        app = Application(max_length=100_000)
        async with connected(app) as client:
            await client.send(TextMessage(data="x" * 100_001))
            answer = await client.receive()
            assert isinstance(answer, CloseConnection)
            assert answer.code == 1009


async def test_the_socket_is_closed_when_its_peer_is_gone_and_the_application_is_not() -> None:
    app = LingeringApplication()
    async with serving(app, config_for()) as port:
        before = holdings().sockets
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await Client(stream).open()
        assert await app.is_closed() == VANISHED
        with trio.fail_after(5):  # noqa: ASYNC912 - there may be nothing to wait for
            while holdings().sockets > before:
                await wait_all_tasks_blocked(0.01)
        app.may_end.set()


@dataclass
class LingeringApplication(Application):
    may_end: trio.Event = field(default_factory=trio.Event)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__(scope, receive, send)
        await self.may_end.wait()


async def test_a_connection_is_served_when_no_descriptor_is_left_to_read_it_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: int) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    app = Application()
    async with connected(app) as client:
        monkeypatch.setattr(socket, "fromfd", none_left)
        for number in range(3):
            await client.send(TextMessage(data=f"frame {number}"))
            assert len(await app.has(number + 1)) == number + 1
    assert app.closed.is_set()


class TestCompression:
    """A frame of 58 kB could become 60 MB."""

    async def test_is_never_agreed_to(self) -> None:
        app = Application()
        async with serving(app, config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
            client = Client(stream)
            answer = await client.open(extensions=[PerMessageDeflate()])
            assert answer.extensions == []
            assert not any(name.lower() == b"sec-websocket-extensions" for name, _ in answer.extra_headers)
            await client.send(TextMessage(data="not compressed"))
            assert await app.has(1) == ["not compressed"]

    async def test_what_is_compressed_all_the_same_ends_the_connection(self) -> None:
        app = Application()
        async with connected(app) as client:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            bomb = deflate.compress(bytes(10_000_000)) + deflate.flush(zlib.Z_SYNC_FLUSH)
            assert len(bomb) < 2**16
            head = bytes((0xC1, 0x80 | 126)) + len(bomb).to_bytes(2, "big") + bytes(4)
            await client.stream.send_all(head + bomb)
            with trio.fail_after(5):
                await app.closed.wait()
        assert app.said == []

    async def test_is_never_agreed_to_over_http_2(self) -> None:
        app = Application()
        async with serving(app, config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
            http = h2.connection.H2Connection()
            http.initiate_connection()
            http.send_headers(1, HTTP_2_REQUEST)
            await stream.send_all(http.data_to_send())
            headers = await http_2_response(stream, http)
            assert headers[b":status"] == b"200"
            assert b"sec-websocket-extensions" not in headers
            websocket = Connection(ConnectionType.CLIENT)
            http.send_data(1, websocket.send(TextMessage(data="the long way")))
            await stream.send_all(http.data_to_send())
            assert await app.has(1) == ["the long way"]


HTTP_2_REQUEST = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "http"),
    (":path", "/"),
    (":authority", "localhost"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-extensions", "permessage-deflate"),
]


async def http_2_response(stream: trio.abc.Stream, http: h2.connection.H2Connection) -> dict[bytes, bytes]:
    with trio.fail_after(5):
        while True:
            for event in http.receive_data(bytes(await stream.receive_some())):
                if isinstance(event, h2.events.ResponseReceived):
                    return {bytes(name): bytes(value) for name, value in event.headers}


async def test_a_socket_that_takes_no_option_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS answers EINVAL where the peer has gone already."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    with trio.socket.socket() as sock:
        monkeypatch.setattr(type(sock), "setsockopt", refuse)
    app = Application()
    async with connected(app) as client:
        await client.send(TextMessage(data="hello"))
        assert await app.has(1) == ["hello"]


async def test_an_error_before_anything_is_read_ends_that_connection_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("whatever")

    app = Application()
    async with serving(app, config_for()) as port:
        with monkeypatch.context() as failing:
            failing.setattr("phonegame.hypercorn_trio.notice_dead_peer", fail)
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                with trio.fail_after(5):
                    assert await stream.receive_some() == b""
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await Client(stream).open()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system's options have other names")
async def test_an_accepted_connection_notices_a_dead_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    class Spying(CallTCPServer):
        async def _read_data(self) -> None:
            accepted: Any = self.stream
            options = (
                accepted.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                accepted.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
            )
            seen.append(options)
            await super()._read_data()

    monkeypatch.setattr("phonegame.hypercorn_trio.CallTCPServer", Spying)
    async with connected(Application()):
        pass
    assert seen == [(1, DEAD_AFTER_SECONDS * 1000)]


async def test_all_of_it_over_tls(tmp_path: Path) -> None:
    app = Application()
    async with serving_tls(app, tmp_path) as (port, trusting):
        stream = await trio.open_ssl_over_tcp_stream("127.0.0.1", port, ssl_context=trusting, https_compatible=True)
        async with stream:
            client = Client(stream)
            await client.open()
            await client.send(*(TextMessage(data=f"frame {number}") for number in range(5)))
            await client.send(Ping(payload=b"?"), BytesMessage(data=b"\0"), TextMessage(data="the end"))
            assert await client.receive() == Pong(payload=b"?")
            assert await app.has(7) == [*(f"frame {number}" for number in range(5)), "", "the end"]
            await client.send(CloseConnection(code=1000))
            assert isinstance(await client.receive(), CloseConnection)
    assert app.closed.is_set()
    assert app.offered
