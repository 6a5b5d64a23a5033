"""What a websocket of ours has beyond hypercorn's, through the real one; see test_hypercorn_trio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked
from wsproto.events import CloseConnection, TextMessage

from phonegame.asgi import VANISHED, Batch
from phonegame.local.phone.dial import reset_on_close
from tests.hypercorn_server import Application, Client, config_for, connected, serving, serving_tls
from tests.leftovers import holdings


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
