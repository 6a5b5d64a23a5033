from __future__ import annotations

import threading

import trio

from phonegame.local.typed_lines import TypedLines


class Chunks:
    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)

    def read(self, _size: int, /) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""


async def all_lines(*chunks: bytes) -> list[str]:
    typed = TypedLines(Chunks(*chunks))
    lines = []
    while (line := await typed.receive()) is not None:
        lines.append(line)
    assert await typed.receive() is None
    return lines


async def test_lines_are_put_together_from_pieces() -> None:
    assert await all_lines(b"on", b"e\ntwo\r\nth", b"ree\n") == ["one", "two", "three"]


async def test_last_line_needs_no_end() -> None:
    assert await all_lines(b"one\ntwo") == ["one", "two"]


async def test_a_letter_may_be_cut_in_two() -> None:
    encoded = "caf\u00e9\n".encode()
    assert await all_lines(encoded[:-2], encoded[-2:]) == ["caf\u00e9"]


async def test_what_is_not_utf_8_does_no_harm() -> None:
    assert await all_lines(b"\xff\n") == ["\ufffd"]


async def test_cancelling_leaves_the_thread_that_reads_behind() -> None:
    started, finish = threading.Event(), threading.Event()

    class Slow:
        def read(self, _size: int, /) -> bytes:
            started.set()
            finish.wait()
            return b""

    async with trio.open_nursery() as nursery:
        nursery.start_soon(TypedLines(Slow()).receive)
        await trio.to_thread.run_sync(started.wait)
        nursery.cancel_scope.cancel()
    finish.set()
