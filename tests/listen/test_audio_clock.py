from __future__ import annotations

import pytest

from phonegame.listen.audio_clock import WINDOW_SECONDS, AudioClock

BEGAN = 1000.0


def heard_regularly(clock: AudioClock, begin: float, end: float, behind: float = 0.0) -> None:
    """Fifty pieces a second, each of them `behind` seconds late."""
    for number in range(round(begin * 50), round(end * 50)):
        clock.came_nowait(number / 50 - behind, BEGAN + number / 50)


def test_before_the_first_audio_nothing_has_been_said() -> None:
    assert AudioClock().position(BEGAN) == 0


def test_it_goes_on_while_audio_is_held_up() -> None:
    clock = AudioClock()
    heard_regularly(clock, 0, 3)
    assert clock.position(BEGAN + 7) == pytest.approx(7)


def test_audio_that_lags_does_not_set_it_back() -> None:
    clock = AudioClock()
    heard_regularly(clock, 0, 3)
    heard_regularly(clock, 3, 3 + WINDOW_SECONDS - 1, behind=2)
    assert clock.position(BEGAN + 12) == pytest.approx(12)


def test_the_first_piece_that_is_in_time_again_sets_it_right() -> None:
    clock = AudioClock()
    heard_regularly(clock, 0, 3, behind=2)
    heard_regularly(clock, 3, 3.1)
    assert clock.position(BEGAN + 3.1) == pytest.approx(3.1)


def test_where_the_audio_s_time_has_jumped_it_follows() -> None:
    clock = AudioClock()
    heard_regularly(clock, 0, 20)
    heard_regularly(clock, 20, 20 + 2 * WINDOW_SECONDS + 1, behind=12)
    assert clock.position(BEGAN + 41) == pytest.approx(29)
