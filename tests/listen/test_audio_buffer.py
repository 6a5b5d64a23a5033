from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phonegame.audio import BYTES_PER_SECOND
from phonegame.listen.audio_buffer import KEEP_SECONDS, AudioBuffer

KEEP = KEEP_SECONDS * BYTES_PER_SECOND


def take(buffer: AudioBuffer, most: int) -> bytes:
    piece = buffer.next_piece(most)
    buffer.sent_until(buffer.cursor + len(piece))
    return piece


def test_what_has_been_sent_does_not_come_again() -> None:
    buffer = AudioBuffer()
    buffer.append(b"abcdef")
    assert [take(buffer, 4), take(buffer, 4), take(buffer, 4)] == [b"abcd", b"ef", b""]
    assert buffer.unsent == 0


def test_a_piece_that_was_not_sent_comes_again() -> None:
    buffer = AudioBuffer()
    buffer.append(b"abcdef")
    assert [buffer.next_piece(4), buffer.next_piece(4)] == [b"abcd", b"abcd"]


def test_rewind_gives_it_again_as_far_as_it_is_kept() -> None:
    buffer = AudioBuffer()
    buffer.append(b"abcdef")
    take(buffer, 6)
    buffer.forget_before(2)
    buffer.rewind(1)
    assert (buffer.start, take(buffer, 9)) == (2, b"cdef")


def test_rewind_forgets_what_lies_before() -> None:
    buffer = AudioBuffer()
    buffer.append(b"abcdef")
    buffer.rewind(4)
    assert (buffer.start, take(buffer, 9)) == (4, b"ef")


def test_the_oldest_audio_is_dropped_when_nobody_takes_it() -> None:
    buffer = AudioBuffer()
    for _ in range(KEEP_SECONDS * 2):
        buffer.append(bytes(BYTES_PER_SECOND))
    assert buffer.end == 2 * KEEP
    assert KEEP <= buffer.end - buffer.start <= KEEP + BYTES_PER_SECOND
    assert buffer.cursor == buffer.start


def test_trim_leaves_room_before_audio_is_dropped() -> None:
    buffer = AudioBuffer()
    buffer.append(bytes(KEEP + BYTES_PER_SECOND))
    assert buffer.start == 0
    buffer.trim()
    assert (buffer.start, buffer.cursor) == (BYTES_PER_SECOND, BYTES_PER_SECOND)


@given(
    st.lists(
        st.tuples(st.just("append"), st.integers(0, 20_000))
        | st.tuples(st.sampled_from(["take", "forget", "rewind"]), st.integers(0, 80_000))
    )
)
def test_positions_and_bytes_always_agree(steps: list[tuple[str, int]]) -> None:
    buffer, everything = AudioBuffer(), bytearray()
    for step, number in steps:
        match step:
            case "append":
                piece = bytes((len(everything) + offset) % 251 for offset in range(number))
                everything += piece
                buffer.append(piece)
            case "take":
                before = buffer.cursor
                assert take(buffer, number) == everything[before : before + number]
            case "forget":
                buffer.forget_before(number)
            case "rewind":
                buffer.rewind(number)
        assert buffer.start <= buffer.cursor <= buffer.end == len(everything)
        assert buffer.end - buffer.start <= KEEP + BYTES_PER_SECOND
