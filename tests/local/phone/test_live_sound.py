"""Sound from a microphone, between two clocks."""

from __future__ import annotations

from phonegame.audio import FRAME_BYTES, SILENCE
from phonegame.local.phone.live_sound import HEAD_START_BYTES, MOST_BYTES, LiveSound

QUIET = SILENCE * FRAME_BYTES


def frame(number: int) -> bytes:
    return bytes([number]) * FRAME_BYTES


def test_it_is_silent_until_there_is_a_head_start_and_again_after_running_dry() -> None:
    sound = LiveSound()
    sound.put(frame(1) + frame(2))
    assert sound.take(FRAME_BYTES) == QUIET
    sound.put(frame(3))
    assert [sound.take(FRAME_BYTES) for _ in range(4)] == [frame(1), frame(2), frame(3), QUIET]
    sound.put(frame(4))
    assert sound.take(FRAME_BYTES) == QUIET


def test_what_does_not_fill_a_frame_is_followed_by_silence() -> None:
    sound = LiveSound()
    sound.put(b"\x01" * HEAD_START_BYTES + b"\x02" * 10)
    assert sound.take(HEAD_START_BYTES) == b"\x01" * HEAD_START_BYTES
    assert sound.take(FRAME_BYTES) == b"\x02" * 10 + SILENCE * (FRAME_BYTES - 10)


def test_of_too_much_the_newest_is_kept() -> None:
    sound = LiveSound()
    sound.put(b"\x01" * MOST_BYTES)
    assert sound.lost_bytes == 0
    sound.put(b"\x02" * HEAD_START_BYTES)
    assert sound.lost_bytes == MOST_BYTES
    assert sound.take(HEAD_START_BYTES) == b"\x02" * HEAD_START_BYTES
