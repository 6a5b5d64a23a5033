"""A recording's task, and disks that fail it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.audio import FRAME_BYTES
from phonegame.recording.files import CHANNELS, HEADER, WIDTH
from phonegame.recording.tape import HOLD_BYTES, MOST_BYTES, PIECE_BYTES, Tape
from phonegame.recording.writer import FINISH_SECONDS, MOST_LINES_BYTES, SALVAGE_SECONDS, RecordingFailed, Writer
from tests.recording.test_files import channels, names


def hear(tape: Tape, size: int) -> None:
    for _ in range(size // FRAME_BYTES):
        tape.hear_nowait(bytes(FRAME_BYTES), trio.current_time())


def begun(folder: Path, threads: trio.CapacityLimiter) -> Writer:
    tape = Tape(0, trio.current_time())
    tape.begin_nowait(trio.current_time())
    return Writer(folder, "name", tape, threads)


@contextmanager
def hanging_disk() -> Iterator[trio.CapacityLimiter]:
    """All threads that may wait for it do so already."""
    threads, somebody = trio.CapacityLimiter(1), object()
    threads.acquire_on_behalf_of_nowait(somebody)
    yield threads
    threads.release_on_behalf_of(somebody)


async def fails(writer: Writer) -> str:
    with pytest.raises(RecordingFailed) as caught:
        await writer.run()
    return str(caught.value)


async def test_the_end_of_it_is_written_though_all_is_cancelled(tmp_path: Path) -> None:
    writer = begun(tmp_path, trio.CapacityLimiter(1))
    hear(writer.tape, 5 * FRAME_BYTES)
    writer.note(0.05, "key", {"digit": "1"})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        writer.stop_nowait()
    assert names(tmp_path) == ["name.jsonl", "name.wav"]
    assert len(channels(tmp_path / "name.wav")[0]) == 2 * 5 * FRAME_BYTES
    assert (tmp_path / "name.jsonl").read_text() == '{"at":0.05,"event":"key","digit":"1"}\n'


async def test_what_is_fact_is_written_while_it_goes_on(tmp_path: Path) -> None:
    writer = begun(tmp_path, trio.CapacityLimiter(1))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        hear(writer.tape, PIECE_BYTES + HOLD_BYTES)
        part = tmp_path / "name.wav.part"
        while not part.exists() or part.stat().st_size < HEADER.size + PIECE_BYTES * WIDTH * CHANNELS:
            await trio.to_thread.run_sync(lambda: None)
        assert part.stat().st_size == HEADER.size + PIECE_BYTES * WIDTH * CHANNELS
        writer.stop_nowait()


async def test_a_disk_that_hangs_ends_it_when_too_much_waits(tmp_path: Path, autojump_clock: MockClock) -> None:
    with hanging_disk() as threads:
        writer = begun(tmp_path, threads)
        hear(writer.tape, MOST_BYTES + FRAME_BYTES)
        assert await fails(writer) == "the recording cannot be written: the disk is too slow"


async def test_and_when_too_many_lines_do(tmp_path: Path, autojump_clock: MockClock) -> None:
    with hanging_disk() as threads:
        writer = begun(tmp_path, threads)
        writer.note(0.0, "problem", {"message": "x" * MOST_LINES_BYTES})
        assert "too slow" in await fails(writer)


async def test_a_call_s_end_does_not_wait_for_it_for_long(tmp_path: Path, autojump_clock: MockClock) -> None:
    with hanging_disk() as threads:
        writer = begun(tmp_path, threads)
        writer.stop_nowait()
        assert "too slow" in await fails(writer)
        assert trio.current_time() == pytest.approx(FINISH_SECONDS + SALVAGE_SECONDS)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit that Windows does not have")
async def test_a_full_disk_ends_it_and_what_there_is_stays(tmp_path: Path) -> None:
    writer = begun(tmp_path, trio.CapacityLimiter(1))
    hear(writer.tape, PIECE_BYTES + HOLD_BYTES)
    with _no_file_longer_than(10_000):
        assert await fails(writer) == "the recording cannot be written: File too large"
    assert names(tmp_path) == ["name.jsonl", "name.wav"]
    assert channels(tmp_path / "name.wav") == (b"", b"")


@contextmanager
def _no_file_longer_than(size: int) -> Iterator[None]:
    """A disk that is full cannot be had in a test; the system refuses in the same way, in the midst of a write."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
