from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.listen.eager_stream import EagerStream

BIG = bytes(range(256)) * 40_000
"""Ten megabytes: more than any loopback socket takes without being read."""


@dataclass
class Pair:
    eager: EagerStream
    peer: trio.SocketStream

    async def peer_reads(self, count: int) -> bytes:
        received = bytearray()
        with trio.fail_after(10):  # noqa: ASYNC912 - there may be nothing to wait for
            while len(received) < count:
                piece = await self.peer.receive_some()
                assert piece, f"closed after {len(received)} bytes"
                received += piece
        return bytes(received)

    async def peer_reads_all(self) -> bytes:
        received = bytearray()
        with trio.fail_after(10):
            async for piece in self.peer:
                received += piece
        return bytes(received)


async def connect() -> tuple[trio.SocketStream, trio.SocketStream]:
    """Two ends of a TCP connection."""
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    async with listener:
        client = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
        return client, await listener.accept()


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    client, peer = await connect()
    async with peer, EagerStream(client) as eager:
        yield Pair(eager, peer)


async def test_what_fits_goes_out_at_once(pair: Pair) -> None:
    assert pair.eager.write_nowait(b"hello ")
    assert pair.eager.write_nowait(b"there")
    assert await pair.peer_reads(11) == b"hello there"
    assert pair.eager.has_room


async def test_it_reads_like_any_stream(pair: Pair) -> None:
    await pair.peer.send_all(b"hello")
    assert await pair.eager.receive_some() == b"hello"


async def test_what_does_not_fit_is_kept_for_the_next_flush(pair: Pair) -> None:
    assert pair.eager.write_nowait(BIG)
    assert not pair.eager.has_room
    assert not pair.eager.write_nowait(b"no room")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pair.eager.flush)
        received = await pair.peer_reads(len(BIG))
    assert received == BIG
    assert pair.eager.has_room


async def test_send_all_sends_it_first(pair: Pair) -> None:
    assert pair.eager.write_nowait(BIG)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pair.eager.send_all, bytearray(b"the end"))
        assert await pair.peer_reads(len(BIG) + 7) == BIG + b"the end"


async def test_a_full_socket_takes_nothing_rather_than_half(pair: Pair) -> None:
    frame = b"x" * 1000
    taken = 0
    while pair.eager.has_room and pair.eager.write_nowait(frame):
        taken += 1
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pair.eager.flush)
        assert await pair.peer_reads(1000 * taken) == b"x" * (1000 * taken)


async def test_nothing_overtakes_a_send_all_that_waits(pair: Pair) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pair.eager.send_all, BIG)
        await wait_all_tasks_blocked()
        assert not pair.eager.has_room
        assert not pair.eager.write_nowait(b"in between")
        nursery.start_soon(pair.eager.send_all, b"one")
        await wait_all_tasks_blocked()
        nursery.start_soon(pair.eager.send_all, b"two")
        await wait_all_tasks_blocked()
        assert await pair.peer_reads(len(BIG) + 6) == BIG + b"onetwo"
    assert pair.eager.write_nowait(b"three")
    assert await pair.peer_reads(5) == b"three"


async def test_a_peer_that_has_gone_breaks_the_stream(pair: Pair) -> None:
    # a reset rather than a polite close
    pair.peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    await pair.peer.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await pair.eager.receive_some()
    with pytest.raises(trio.BrokenResourceError):
        pair.eager.write_nowait(b"anybody?")
    with pytest.raises(trio.BrokenResourceError):
        await pair.eager.send_all(b"anybody?")


async def test_the_peer_sees_the_end_when_it_is_closed(pair: Pair) -> None:
    pair.eager.write_nowait(b"good bye")
    await pair.eager.aclose()
    assert await pair.peer_reads_all() == b"good bye"
    await pair.eager.aclose()


async def test_a_closed_stream_takes_nothing(pair: Pair) -> None:
    await pair.eager.aclose()
    with pytest.raises(trio.BrokenResourceError):
        pair.eager.write_nowait(b"too late")
    with pytest.raises(trio.ClosedResourceError):
        await pair.eager.send_all(b"too late")


async def test_one_direction_can_be_ended(pair: Pair) -> None:
    pair.eager.write_nowait(b"that was all")
    await pair.eager.send_eof()
    assert await pair.peer_reads_all() == b"that was all"
    await pair.peer.send_all(b"thank you")
    assert await pair.eager.receive_some() == b"thank you"


async def test_it_sends_like_any_stream_where_no_descriptor_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: int) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "fromfd", none_left)
    near, far = await connect()
    async with far, EagerStream(near) as eager:
        assert not eager.has_room
        assert not eager.write_nowait(b"nothing is taken")
        await eager.send_all(b"hello")
        assert await Pair(eager, far).peer_reads(5) == b"hello"
    await eager.aclose()
