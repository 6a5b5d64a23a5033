"""The operator's stream, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio

from phonegame.board.board import MAX_VIEWERS
from phonegame.board.shown import CallShown, Change
from phonegame.web import live
from phonegame.wire import v1
from tests.browser.crowd import fake_call
from tests.house import House, open_house
from tests.http_client import basic, fetch
from tests.twilio_side import LOCKS, OPERATOR_KEY


class Events:
    """A page that reads, as far as it is asked to."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._read = b""
        self.head = ""

    async def next(self) -> str | None:
        """The next event, chunks' sizes and all; None: the stream has ended."""
        while b"\n\n" not in self._read:
            data = await self.stream.receive_some()
            if not data:
                return None
            self._read += data
        event, _, self._read = self._read.partition(b"\n\n")
        return event.decode()

    async def change(self) -> Change:
        while True:
            event = await self.next()
            assert event is not None, "the stream has ended"
            if (at := event.find("data: ")) >= 0:
                return msgspec.json.decode(event[at + 6 :], type=Change)

    async def reads_until(self, is_it: Callable[[CallShown], bool]) -> Change:
        """Until a call is told of like this."""
        while True:
            change = await self.change()
            if any(is_it(call) for call in change.calls):
                return change

    async def ends(self) -> None:
        while await self.next() is not None:
            pass


@asynccontextmanager
async def listening(house: House, query: str = "", headers: Sequence[tuple[str, str]] = ()) -> AsyncIterator[Events]:
    host, _, port = house.address.rpartition(":")
    lines = [f"GET /events{query} HTTP/1.1", f"Host: {house.address}", *(f"{name}: {value}" for name, value in headers)]
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(("\r\n".join(lines) + "\r\n\r\n").encode())
        events = Events(stream)
        while "\r\n\r\n" not in events.head:
            events.head += (await stream.receive_some(1)).decode()
        yield events


async def test_a_call_is_told_from_its_begin_to_its_end() -> None:
    async with open_house() as house, listening(house) as events, house.game() as game:
        assert (await events.change()).whole
        async with house.phone() as caller:
            await caller.joins(game)
            await events.reads_until(lambda call: call.doing == f"in game {game.code}")
        await events.reads_until(lambda call: call.doing == "ended: the caller hung up")


async def test_it_is_for_the_operator() -> None:
    async with open_house(**LOCKS) as house:
        answer = await fetch(house.address, "GET", "/events")
        assert answer.status == 401
        async with listening(house, headers=[basic("me", OPERATOR_KEY)]) as events:
            assert events.head.startswith("HTTP/1.1 200")
            assert "content-type: text/event-stream" in events.head
            assert "cache-control: no-store" in events.head
            assert (await events.change()).whole


async def test_it_goes_on_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    async with open_house() as house, listening(house) as events:
        await events.change()
        for _ in range(2):
            assert ": all is quiet" in (await events.next() or "")


async def test_a_page_that_has_gone_makes_room() -> None:
    async with open_house() as house:
        board = house.phonegame.board
        async with listening(house) as events:
            await events.change()
            assert len(board.viewers) == 1
        # the server notices, and the test cannot see when
        with trio.fail_after(5):  # noqa: ASYNC912 - it may have gone already
            while board.viewers:  # noqa: ASYNC110
                await trio.sleep(0.01)


async def test_one_page_too_many_is_told_so() -> None:
    async with open_house() as house, trio.open_nursery() as nursery:
        for _ in range(MAX_VIEWERS):
            await nursery.start(_keep_listening, house)
        answer = await fetch(house.address, "GET", "/events")
        assert (answer.status, answer.header("retry-after")) == (503, ["10"])
        assert answer.text == "16 pages are looking at this server already: close one of them.\n"
        # the page itself is there all the same
        assert (await fetch(house.address, "GET", "/")).status == 200
        nursery.cancel_scope.cancel()


async def _keep_listening(house: House, *, task_status: trio.TaskStatus[None]) -> None:
    async with listening(house) as events:
        await events.change()
        task_status.started()
        await trio.sleep_forever()


async def test_a_page_that_does_not_read_is_waited_for_and_told_the_newest_when_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0)
    async with open_house(past_calls=50, transcript_lines=50) as house, listening(house, "?call=talks") as events:
        board = house.phonegame.board
        with fake_call(board, "talks", "42") as call, board.viewer(None) as other:
            await events.change()
            (slow,) = (viewer for viewer in board.viewers if viewer is not other)
            number = 0
            # what it is sent fills the sockets between them; from then on, changes wait for it
            while slow.remembers < 20:
                number += 1
                for _ in range(50):
                    call.says("x" * 900)
                with fake_call(board, f"c{number}"):
                    pass
                call.notes.patch(str(number))
                await other.receive()
            change = await events.reads_until(lambda shown: shown.game == str(number))
            assert len(change.calls) >= 20
            assert change.line is not None
            assert len(change.line.entries) == 50


async def test_it_ends_with_the_server_at_once() -> None:
    async with open_house() as house, listening(house) as events:
        await events.change()
        house.phonegame.end_nowait()
        with trio.fail_after(2):
            await events.ends()


async def test_who_asks_only_for_the_head_gets_that() -> None:
    async with open_house() as house:
        answer = await fetch(house.address, "HEAD", "/events")
        assert (answer.status, answer.text) == (200, "")


async def test_another_site_s_page_ends_no_call() -> None:
    async with open_house(**LOCKS) as house:
        headers = [basic("me", OPERATOR_KEY), ("Origin", "https://evil.example"), ("Content-Type", "application/json")]
        answer = await fetch(house.address, "POST", "/hangup", headers, b'{"call": "c1"}')
        assert answer.status == 403


async def test_the_operator_ends_a_call() -> None:
    async with open_house() as house, house.v1_game() as game, house.phone() as caller:
        await caller.joins(game)
        (shown,) = house.phonegame.board.calls
        headers = [("Content-Type", "application/json")]
        answer = await fetch(house.address, "POST", "/hangup", headers, b'{"call": "%b"}' % shown.id.encode())
        assert answer.status == 200
        assert (await game.gets(v1.CallEnded)).reason == "operator_hung_up"
        await caller.is_hung_up_on("the operator ended the call")
        again = await fetch(house.address, "POST", "/hangup", headers, b'{"call": "%b"}' % shown.id.encode())
        assert again.status == 404
