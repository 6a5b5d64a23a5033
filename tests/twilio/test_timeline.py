from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.audio import BYTES_PER_MS, FRAME_BYTES, SILENCE
from phonegame.twilio.timeline import MAX_GAP_MS, MAX_LATE_MS, TOLERANCE_MS, Timeline


def frame(number: int) -> bytes:
    return bytes([number]) * FRAME_BYTES


def play(*frames: tuple[bytes, int | None]) -> bytes:
    timeline = Timeline()
    return b"".join(timeline.place(audio, timestamp) for audio, timestamp in frames)


def test_consecutive_frames_are_passed_on_as_they_are() -> None:
    assert play((frame(1), 155), (frame(2), 175), (frame(3), 195)) == frame(1) + frame(2) + frame(3)


def test_a_gap_becomes_silence() -> None:
    assert play((frame(1), 100), (frame(2), 160)) == frame(1) + SILENCE * 2 * FRAME_BYTES + frame(2)


def test_a_frame_that_comes_twice_is_heard_once() -> None:
    assert play((frame(1), 100), (frame(1), 100), (frame(2), 120)) == frame(1) + frame(2)


def test_a_frame_that_comes_late_does_not_shift_time() -> None:
    heard = play((frame(1), 100), (frame(3), 140), (frame(2), 120), (frame(4), 160))
    assert heard == frame(1) + SILENCE * FRAME_BYTES + frame(3) + frame(4)


def test_the_new_part_of_an_overlapping_piece_is_kept() -> None:
    assert play((frame(1) * 2, 100), (frame(2) + frame(3), 120)) == frame(1) * 2 + frame(3)


@pytest.mark.parametrize("jitter", [-TOLERANCE_MS + 1, -3, 3, TOLERANCE_MS - 1])
def test_jitter_is_neither_a_gap_nor_a_repetition(jitter: int) -> None:
    assert play((frame(1), 100), (frame(2), 120 + jitter), (frame(3), 140)) == frame(1) + frame(2) + frame(3)


def test_frames_without_time_stamps_follow_each_other() -> None:
    assert play((frame(1), None), (frame(2), None), (frame(3), None)) == frame(1) + frame(2) + frame(3)


def test_a_jump_of_the_clock_is_not_filled() -> None:
    later = 120 + MAX_GAP_MS + 1
    assert play((frame(1), 100), (frame(2), later), (frame(3), later + 20)) == frame(1) + frame(2) + frame(3)


def test_a_clock_that_was_set_back_is_believed_after_a_while() -> None:
    timeline = Timeline()
    timeline.place(frame(1), 60_000)
    heard = [timeline.place(frame(2), timestamp) for timestamp in range(0, 2 * MAX_LATE_MS, 20)]
    assert heard[0] == b""
    assert heard[-1] == frame(2)
    assert sum(map(bool, heard)) == len(heard) - MAX_LATE_MS // 20


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 5000)), min_size=1, max_size=50))
def test_audio_is_as_long_as_the_time_that_has_passed(pieces: list[tuple[int, int]]) -> None:
    timeline = Timeline()
    first = pieces[0][1]
    total, latest_end, late = 0, 0.0, False
    for length, timestamp in pieces:
        given = timeline.place(b"\x01" * length, timestamp)
        late = late or timestamp < first
        total += len(given)
        latest_end = max(latest_end, timestamp + length / BYTES_PER_MS)
    # pieces from before the first one set the clock back: then only the first rule below holds
    assert total == sum(length for length, _ in pieces) + timeline.filled - timeline.dropped
    if not late and timeline.dropped < MAX_LATE_MS * BYTES_PER_MS:
        assert abs(total / BYTES_PER_MS - (latest_end - first)) <= TOLERANCE_MS + 1
