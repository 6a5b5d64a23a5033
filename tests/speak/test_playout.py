from __future__ import annotations

import pytest

from phonegame.speak.performance import Part
from phonegame.speak.playout import MARK_SECONDS, Playout

SECOND = 8000


@pytest.fixture
def playout() -> Playout:
    return Playout()


def say(playout: Playout, samples: int, now: float) -> str:
    """Sends audio and its mark."""
    playout.send_nowait(samples, now)
    return playout.mark_nowait(Part("", None))


def test_audio_plays_from_when_it_is_sent(playout: Playout) -> None:
    assert playout.send_nowait(SECOND, 100.0) == 100.0
    assert [playout.played(now) for now in (99.0, 100.0, 100.25, 101.0, 102.0)] == [0, 0, 2000, SECOND, SECOND]


def test_or_behind_the_audio_before_it(playout: Playout) -> None:
    playout.send_nowait(SECOND, 100.0)
    assert playout.send_nowait(SECOND, 100.6) == 101.0
    assert playout.plays_until == 102.0


def test_or_after_a_pause(playout: Playout) -> None:
    playout.send_nowait(SECOND, 100.0)
    assert playout.send_nowait(SECOND, 105.0) == 105.0
    assert playout.played(105.5) == 12000


def test_audio_that_the_socket_held_up_plays_from_when_it_was_sent(playout: Playout) -> None:
    playout.send_nowait(SECOND, 100.0)
    playout.has_been_sent_nowait(103.0)
    assert playout.plays_until == 104.0
    assert playout.played(103.5) == 4000


def test_audio_that_was_held_up_behind_other_audio_plays_behind_it(playout: Playout) -> None:
    playout.send_nowait(SECOND, 100.0)
    playout.has_been_sent_nowait(100.0)
    playout.send_nowait(SECOND, 100.6)
    playout.has_been_sent_nowait(100.9)
    assert playout.plays_until == 102.0


def test_a_mark_tells_that_all_before_it_has_been_played(playout: Playout) -> None:
    name = say(playout, SECOND, 100.0)
    assert len(playout.mark_returned_nowait(name, 100.5)) == 1
    assert playout.played(100.5) == SECOND
    assert playout.mark_returned_nowait(name, 100.6) == []


def test_marks_before_one_that_is_back_count_as_back(playout: Playout) -> None:
    names = [say(playout, SECOND, 100.0) for _ in range(3)]
    assert len(playout.mark_returned_nowait(names[1], 102.0)) == 2
    assert len(playout.mark_returned_nowait(names[2], 103.0)) == 1


def test_a_mark_from_before_a_clear_tells_nothing(playout: Playout) -> None:
    cleared = say(playout, SECOND, 100.0)
    playout.clear_nowait()
    say(playout, SECOND, 100.5)
    assert playout.mark_returned_nowait(cleared, 100.6) == []
    assert playout.played(100.6) == 800


def test_a_mark_is_given_up_after_its_time(playout: Playout) -> None:
    say(playout, SECOND, 100.0)
    assert playout.next_overdue == 101.0 + MARK_SECONDS
    assert playout.overdue_nowait(101.0 + MARK_SECONDS - 0.01) == []
    assert len(playout.overdue_nowait(101.0 + MARK_SECONDS)) == 1


def test_a_phone_that_has_fallen_behind_is_that_much_behind_until_the_next_pause(playout: Playout) -> None:
    first, second = say(playout, SECOND, 100.0), say(playout, SECOND, 100.5)
    playout.send_nowait(SECOND, 101.5)
    # 50 ms are the way there and back, the rest is a stall
    playout.mark_returned_nowait(first, 101.05)
    assert playout.played(101.55) == 12400
    playout.mark_returned_nowait(second, 102.55)
    assert playout.played(102.75) == 2 * SECOND + 2000
    playout.send_nowait(SECOND, 110.0)
    assert playout.played(110.5) == 3 * SECOND + 4000
