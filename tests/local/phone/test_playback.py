from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.audio import SILENCE
from phonegame.local.phone.playback import MAX_BUFFERED, Arrival, Cleared, MarkBack, Playback, Underrun

SECOND = 8000


def tone(size: int) -> bytes:
    return b"\x10" * size


def test_silence_is_heard_where_nothing_plays() -> None:
    playback = Playback()
    playback.advance(100)
    playback.media(tone(50))
    playback.advance(200)
    assert playback.heard == SILENCE * 100 + tone(50) + SILENCE * 50


def test_mark_is_due_at_once_when_nothing_is_buffered() -> None:
    assert Playback().mark("a") == ["a"]


def test_mark_is_due_with_the_last_sample_before_it() -> None:
    playback = Playback()
    playback.media(tone(300))
    assert playback.mark("a") == []
    playback.media(tone(300))
    assert playback.advance(299) == []
    assert playback.advance(300) == ["a"]


def test_marks_come_back_in_order_and_once() -> None:
    playback = Playback()
    playback.media(tone(100))
    playback.mark("a")
    playback.mark("b")
    playback.media(tone(100))
    playback.mark("c")
    assert playback.advance(150) == ["a", "b"]
    assert playback.advance(500) == ["c"]
    assert playback.advance(900) == []


def test_clear_drops_the_audio_and_returns_all_pending_marks() -> None:
    playback = Playback()
    playback.media(tone(100))
    playback.mark("played")
    playback.media(tone(SECOND))
    playback.mark("cleared")
    assert playback.advance(200) == ["played"]
    assert playback.clear() == ["cleared"]
    playback.advance(300)
    assert playback.heard == tone(200) + SILENCE * 100
    assert playback.mark("after") == ["after"]


def test_hole_in_a_playback_is_an_underrun() -> None:
    playback = Playback()
    playback.media(tone(SECOND))
    playback.advance(SECOND + 400)
    playback.media(tone(10))
    assert playback.underruns == [Underrun(at=1.0, seconds=0.05)]


def test_media_at_the_very_end_of_the_buffer_is_no_underrun() -> None:
    playback = Playback()
    playback.media(tone(160))
    playback.advance(160)
    playback.media(tone(160))
    assert playback.underruns == []


@pytest.mark.parametrize("when", ["before the end", "after the end"])
def test_pause_after_a_mark_is_no_underrun(when: str) -> None:
    playback = Playback()
    playback.media(tone(160))
    if when == "before the end":
        playback.mark("end of sentence")
    playback.advance(500)
    if when == "after the end":
        playback.mark("end of sentence")
    playback.media(tone(160))
    assert playback.underruns == []


def test_pause_after_clear_is_no_underrun() -> None:
    playback = Playback()
    playback.media(tone(160))
    playback.advance(200)
    playback.clear()
    playback.advance(400)
    playback.media(tone(160))
    assert playback.underruns == []


def test_a_second_of_silence_is_no_underrun() -> None:
    playback = Playback()
    playback.media(tone(160))
    playback.advance(160 + SECOND)
    playback.media(tone(160))
    assert playback.underruns == []


def test_mark_inside_the_audio_does_not_excuse_a_later_hole() -> None:
    playback = Playback()
    playback.media(tone(160))
    playback.mark("inside")
    playback.media(tone(160))
    playback.advance(400)
    playback.media(tone(160))
    assert playback.underruns == [Underrun(at=0.04, seconds=0.01)]


def test_full_buffer_drops_what_comes() -> None:
    playback = Playback()
    assert playback.media(tone(MAX_BUFFERED))
    assert not playback.media(b"\x10")
    assert playback.buffered == MAX_BUFFERED


class Model:
    """The same rules, one sample at a time."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.queue: list[int | str] = []
        self.echoed: list[str] = []

    def advance(self, samples: int) -> None:
        for _ in range(samples):
            self.heard.append(int(self.queue.pop(0)) if self.queue else 0xFF)
            self.echo()

    def echo(self) -> None:
        while self.queue and isinstance(self.queue[0], str):
            self.echoed.append(str(self.queue.pop(0)))

    def clear(self) -> None:
        self.echoed += [str(item) for item in self.queue if isinstance(item, str)]
        self.queue.clear()


STEPS = st.one_of(
    st.tuples(st.just("advance"), st.integers(0, 40)),
    st.tuples(st.just("media"), st.integers(0, 40)),
    st.tuples(st.just("mark"), st.integers(0, 9)),
    st.tuples(st.just("clear"), st.just(0)),
)


@given(st.lists(STEPS, max_size=30))
def test_playback_agrees_with_a_model_of_single_samples(steps: list[tuple[str, int]]) -> None:
    playback, model, echoed = Playback(), Model(), list[str]()
    for number, (what, size) in enumerate(steps):
        match what:
            case "advance":
                echoed += playback.advance(playback.now + size)
                model.advance(size)
            case "media":
                playback.media(bytes([number]) * size)
                model.queue += [number] * size
            case "mark":
                echoed += playback.mark(f"{number}")
                model.queue.append(f"{number}")
                model.echo()
            case _:
                echoed += playback.clear()
                model.clear()
        assert playback.heard == model.heard
        assert echoed == model.echoed


def test_clear_is_noted_with_its_place_and_what_it_threw_away() -> None:
    playback = Playback()
    playback.media(tone(SECOND))
    playback.mark("cleared")
    playback.advance(200)
    playback.clear()
    assert playback.clears == [Cleared(place=200, unplayed=SECOND - 200)]
    assert playback.clears[0].at == 0.025
    assert playback.marks_back == [MarkBack("cleared", at=0.025, cleared=True)]


def test_marks_are_noted_with_the_place_at_which_they_are_due() -> None:
    playback = Playback()
    playback.media(tone(4000))
    playback.mark("a")
    playback.advance(4100)
    playback.mark("b")
    assert playback.marks_back == [MarkBack("a", at=0.5, cleared=False), MarkBack("b", at=0.5125, cleared=False)]


def test_arrivals_tell_how_much_was_waiting() -> None:
    playback = Playback()
    playback.media(tone(4000))
    playback.advance(800)
    playback.media(tone(800))
    assert playback.arrivals == [Arrival(at=0, size=4000, buffered=4000), Arrival(at=0.1, size=800, buffered=4000)]


def test_every_stretch_is_handed_on_once() -> None:
    stretches: list[bytes] = []
    playback = Playback(stretches.append)
    playback.advance(0)
    playback.media(tone(160))
    playback.advance(100)
    playback.advance(100)
    playback.advance(200)
    assert stretches == [tone(100), tone(60) + SILENCE * 40]
