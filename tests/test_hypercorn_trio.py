"""Through the real hypercorn. A failure here after an upgrade of it: phonegame/hypercorn_trio.py no longer fits."""

from __future__ import annotations

import errno
import inspect
import re
import socket
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypercorn.protocol
import hypercorn.protocol.h11
import hypercorn.trio.run
import pytest
import trio
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import TrioSingleTask
from trio.testing import wait_all_tasks_blocked
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.extensions import PerMessageDeflate

from phonegame import hypercorn_trio
from phonegame.hypercorn_trio import CallH11Protocol, CallTCPServer
from phonegame.hypercorn_websocket import CallWSStream
from phonegame.sockets import DEAD_AFTER_SECONDS
from tests.hypercorn_server import Application, Client, config_for, connected, serving, serving_tls


def parameters(function: Callable[..., object]) -> list[str]:
    return list(inspect.signature(function).parameters)


class TestFit:
    def test_the_classes_are_looked_up_where_they_are_replaced(self) -> None:
        source = inspect.getsource(hypercorn.trio.run)
        assert re.search(r"trio\.run\(partial\(worker_serve, app, config,", source)
        assert re.search(r"partial\(\s*TCPServer,", source)
        assert "= WSStream(" in inspect.getsource(H11Protocol)
        assert "self.protocol = H11Protocol(" in inspect.getsource(ProtocolWrapper)
        hypercorn_trio.install()
        assert hypercorn.trio.run.TCPServer is CallTCPServer  # type: ignore[attr-defined]
        assert hypercorn.protocol.h11.WSStream is CallWSStream  # type: ignore[attr-defined]
        assert hypercorn.protocol.H11Protocol is CallH11Protocol  # type: ignore[attr-defined]

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
            (TCPServer._idle_timeout, ["self"]),
            (TrioSingleTask.restart, ["self", "task_group", "action"]),
            (TrioSingleTask.stop, ["self"]),
            (H11Protocol._check_protocol, ["self", "event"]),
            (H11Protocol._create_stream, ["self", "request"]),
            (H11Protocol._send_error_response, ["self", "status_code"]),
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
            async with trio.open_nursery() as nursery:
                nursery.start_soon(app.socket.close, 1000, "that is all")
                assert await client.receive() == CloseConnection(code=1000, reason="that is all")
                await client.send(CloseConnection(code=1000))
                await app.is_closed()
                nursery.cancel_scope.cancel()

    async def test_too_long_a_message_is_refused_with_a_code(self) -> None:
        app = Application()
        async with connected(app, config_for(websocket_max_message_size=1000)) as client:
            await client.send(TextMessage(data="x" * 100_000))
            answer = await client.receive()
        assert isinstance(answer, CloseConnection)
        assert answer.code == 1009
        assert app.said == []


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


async def test_a_request_with_two_lengths_is_refused_and_what_is_behind_it_is_none() -> None:
    async with serving(hello, config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
        lengths = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        await stream.send_all(b"POST / HTTP/1.1\r\nHost: x\r\n" + lengths + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await all_of(stream)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1") == 1


class TestHttp2:
    """Of two protocols one is enough to defend."""

    async def test_is_not_taken_for_granted(self) -> None:
        async with serving(hello, config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(b"PRI * HTTP/2.0\r\n\r\n")
            assert (await all_of(stream)).startswith(b"HTTP/1.1 505 ")

    async def test_is_not_agreed_to_as_an_upgrade(self) -> None:
        async with serving(hello, config_for()) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
            upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n")
            await stream.send_eof()
            assert (await all_of(stream)).startswith(b"HTTP/1.1 200 ")

    async def test_is_not_offered_over_tls(self, tmp_path: Path) -> None:
        async with serving_tls(Application(), tmp_path) as (port, trusting):
            trusting.set_alpn_protocols(["h2", "http/1.1"])
            stream = await trio.open_ssl_over_tcp_stream("127.0.0.1", port, ssl_context=trusting, https_compatible=True)
            async with stream:
                await stream.do_handshake()
                assert stream.selected_alpn_protocol() == "http/1.1"


async def hello(scope: Any, _: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def all_of(stream: trio.abc.Stream) -> bytes:
    with trio.fail_after(5):
        return b"".join([bytes(data) async for data in stream])


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
