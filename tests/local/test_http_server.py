"""What both stand-ins over HTTP have in common, over a connection in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import h11
import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from phonegame.local.http_server import IDLE_SECONDS, Exchange, HttpAnswer, HttpRequest, serve_http

BODY_BYTES = 100
GET = b"GET /there?a=1&b=%20&a= HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Client:
    """One connection. The server answers with what it was asked for, unless the path says otherwise."""

    stream: trio.abc.Stream
    asked: list[HttpRequest] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    """Whether the client had gone, and whether an answer was cancelled."""
    closed: trio.Event = field(default_factory=trio.Event)
    """The server has let go of the connection."""
    _http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))

    async def ask(self, method: str, target: str, body: bytes = b"", *headers: tuple[str, str]) -> tuple[int, bytes]:
        fields = [("Host", "x"), ("Content-Length", str(len(body))), *headers]
        for event in (h11.Request(method=method, target=target, headers=fields), h11.Data(data=body)):
            await self.stream.send_all(self._http.send(event) or b"")
        self._http.send(h11.EndOfMessage())
        status, content, _ = await self.receive()
        self._http.start_next_cycle()
        return status, content

    async def receive(self) -> tuple[int, bytes, dict[str, str]]:
        head, content = h11.Response(status_code=599, headers=[]), b""
        while not isinstance(event := self._http.next_event(), h11.EndOfMessage):
            match event:
                case h11.Response():
                    head = event
                case h11.Data(data=data):
                    content += bytes(data)
                case h11.NEED_DATA:
                    self._http.receive_data(bytes(await self.stream.receive_some()))
            await trio.lowlevel.checkpoint()
        return head.status_code, content, {name.decode(): value.decode() for name, value in head.headers}

    async def answer(self, request: HttpRequest, exchange: Exchange) -> None:
        self.asked.append(request)
        if request.path == "/dropped":
            return
        if request.path == "/events":
            await exchange.begin_events()
            await exchange.send_text("data: 1\n\n")
            await exchange.send_text("data: 2\n\n")
            await exchange.end()
        elif request.path == "/slow":
            try:
                await trio.sleep_forever()
            except trio.Cancelled:
                self.ended.append("cancelled")
                raise
        else:
            await exchange.send_whole(HttpAnswer(201, {"form": request.form}, {"X-Told": "yes"}))


@asynccontextmanager
async def connected() -> AsyncIterator[Client]:
    ours, theirs = memory_stream_pair()
    client = Client(ours)

    async def serve(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await serve_http(theirs, client.answer, body_bytes=BODY_BYTES, gone=lambda: client.ended.append("gone"))
        client.closed.set()

    async with trio.open_nursery() as nursery:
        await nursery.start(serve)
        yield client
        await client.stream.aclose()


async def test_requests_are_answered_one_after_the_other() -> None:
    async with connected() as client:
        assert await client.ask("POST", "/there?c=3", b"a=1&b=+&a=") == (
            201,
            b'{"form": [["a", "1"], ["b", " "], ["a", ""]]}',
        )
        assert await client.ask("GET", "/there?c=3") == (201, b'{"form": [["c", "3"]]}')
        assert await client.ask("POST", "/events") == (200, b"data: 1\n\ndata: 2\n\n")
    first, second, _ = client.asked
    assert (first.method, first.path, first.query, first.body) == ("POST", "/there", "c=3", b"a=1&b=+&a=")
    assert second.headers["host"] == "x"
    assert "cancelled" not in client.ended


async def test_second_request_may_come_before_the_first_was_answered() -> None:
    async with connected() as client:
        await client.stream.send_all(GET + GET)
        await trio.testing.wait_all_tasks_blocked()
    assert [request.path for request in client.asked] == ["/there", "/there"]


async def test_answer_to_head_has_no_body() -> None:
    async with connected() as client:
        assert await client.ask("HEAD", "/there") == (201, b"")
        assert (await client.ask("GET", "/there"))[0] == 201


async def test_client_that_waits_for_leave_to_send_its_body_gets_it() -> None:
    async with connected() as client:
        head = b"POST /there HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        await client.stream.send_all(head)
        assert (await client.stream.receive_some()).startswith(b"HTTP/1.1 100 ")
        await client.stream.send_all(b"a=1")
        assert (await client.stream.receive_some()).startswith(b"HTTP/1.1 201 ")
    assert client.asked[0].form == [("a", "1")]


async def test_client_that_goes_stops_its_answer() -> None:
    async with connected() as client:
        await client.stream.send_all(GET.replace(b"/there", b"/slow"))
        await trio.testing.wait_all_tasks_blocked()
        assert client.ended == []
        await client.stream.aclose()
        await client.closed.wait()
    assert client.ended == ["gone", "cancelled"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + b"x" * 101, b"413"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70_000, b"431"),
    ],
    ids=["no-http", "no-host", "long-body", "long-head"],
)
async def test_what_cannot_be_taken_is_refused(sent: bytes, status: bytes) -> None:
    async with connected() as client:
        await client.stream.send_all(sent)
        assert (await client.stream.receive_some()).startswith(b"HTTP/1.1 " + status)
        await client.closed.wait()
    assert client.asked == []


@pytest.mark.parametrize(
    "sent", [GET.replace(b"/there", b"/dropped"), b"", GET[:10]], ids=["not-answered", "none", "half"]
)
async def test_connection_is_dropped(sent: bytes, autojump_clock: MockClock) -> None:
    begun = trio.current_time()
    async with connected() as client:
        await client.stream.send_all(sent)
        assert await client.stream.receive_some() == b""
        assert trio.current_time() - begun == (0 if b"dropped" in sent else IDLE_SECONDS)


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        ("Basic dXNlcjpwYXNzOndvcmQ=", ("user", "pass:word")),
        ("basic dXNlcg==", ("user", "")),
        ("Bearer dXNlcg==", None),
        ("Basic no base64", None),
        ("Basic /w==", None),
        ("", None),
    ],
)
async def test_credentials_are_read(header: str, credentials: tuple[str, str] | None) -> None:
    async with connected() as client:
        await client.ask("GET", "/there", b"", ("Authorization", header))
    assert client.asked[0].credentials == credentials
