from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from phonegame.local.phone.sound_queue import HEAD_START_SECONDS, MAX_SECONDS, SoundQueue

SECOND = 16_000
HEAD_START = round(HEAD_START_SECONDS * SECOND)


def sound(size: int) -> bytes:
    return bytes(1 + n % 255 for n in range(size))


def queue_with(content: bytes) -> SoundQueue:
    queue = SoundQueue(SECOND, 2)
    queue.put(content, is_silence=False)
    return queue


def test_silence_is_played_until_there_is_a_head_start() -> None:
    queue = queue_with(sound(HEAD_START))
    assert queue.take(320) == bytes(320)
    queue.put(sound(320), is_silence=False)
    assert queue.take(320) == sound(320)


def test_pieces_join_without_a_gap() -> None:
    content = sound(4 * HEAD_START)
    queue = queue_with(content)
    taken = b"".join(queue.take(64) for _ in range(len(content) // 64))
    assert taken == content


def test_a_queue_that_has_run_dry_waits_for_a_head_start_again() -> None:
    content = sound(HEAD_START + 320)
    queue = queue_with(content)
    assert b"".join([queue.take(320), queue.take(HEAD_START)]) == content
    assert queue.take(320) == bytes(320)
    queue.put(sound(320), is_silence=False)
    assert queue.take(320) == bytes(320)
    queue.put(sound(HEAD_START), is_silence=False)
    assert queue.take(320) == sound(320)


def test_the_rest_is_played_without_a_head_start() -> None:
    queue = queue_with(sound(640))
    assert queue.take(320) == bytes(320)
    with ThreadPoolExecutor(1) as pool:
        draining = pool.submit(queue.drain_blocking, 20)
        while (taken := queue.take(640)) == bytes(640):  # until the thread has said that this is all
            pass
        draining.result(20)
    assert taken == sound(640)


def test_an_empty_queue_need_not_be_drained() -> None:
    SoundQueue(SECOND, 2).drain_blocking(20)


def test_silence_is_left_out_while_enough_waits() -> None:
    queue = queue_with(sound(HEAD_START))
    queue.take(320)
    queue.put(bytes(640), is_silence=True)
    waiting = queue.seconds
    queue.put(bytes(640), is_silence=True)
    assert queue.seconds == waiting
    queue.put(sound(640), is_silence=False)
    assert queue.seconds > waiting


def test_a_device_that_takes_nothing_loses_the_oldest_sound() -> None:
    queue = queue_with(sound(SECOND))
    queue.put(b"\x07" * 1600, is_silence=False)
    assert queue.seconds == MAX_SECONDS
    assert queue.lost_seconds == 0.1
    assert queue.take(SECOND) == sound(SECOND)[1600:] + b"\x07" * 1600


@given(st.lists(st.tuples(st.sampled_from(["put", "silence", "take"]), st.integers(0, 2000)), max_size=50))
def test_whatever_happens_blocks_are_full_and_sound_stays_in_order(steps: list[tuple[str, int]]) -> None:
    queue, put, played = SoundQueue(SECOND, 2), bytearray(), bytearray()
    for what, size in steps:
        match what:
            case "put":
                piece = bytes(1 + (len(put) + n) % 255 for n in range(2 * size))
                put += piece
                queue.put(piece, is_silence=False)
            case "silence":
                queue.put(bytes(2 * size), is_silence=True)
            case _:
                block = queue.take(2 * size)
                assert len(block) == 2 * size
                played += block
        assert queue.seconds <= MAX_SECONDS
    heard = bytes(played).replace(b"\0", b"")
    if not queue.lost_seconds:
        assert put.startswith(heard)
