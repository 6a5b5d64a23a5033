from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.speak.sound import Sound
from phonegame.speak.word_times import SAMPLES_PER_LETTER, heard

TEXT = "One pepperoni pizza, coming up."


def timed(*words: tuple[str, int], text: str = TEXT, length: int = 16000, ended: bool = True) -> Sound:
    sound = Sound(text, bytes(length), ended=ended)
    for word, at in words:
        begin = text.index(word)
        sound.add_word(begin, begin + len(word), at)
    return sound


def pizza(*, ended: bool = True) -> Sound:
    times = [("One", 0), ("pepperoni", 2000), ("pizza", 6000), ("coming", 10000), ("up", 13000)]
    return timed(*times, ended=ended)


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        (0, ""),
        (1999, ""),
        (2000, "One"),
        (5999, "One"),
        (6000, "One pepperoni"),
        (10000, "One pepperoni pizza,"),
        (15999, "One pepperoni pizza, coming"),
        (16000, TEXT),
        (99999, TEXT),
    ],
)
def test_a_word_is_heard_when_the_next_begins(samples: int, text: str) -> None:
    assert heard(pizza(), samples) == text


def test_the_last_word_is_not_over_while_audio_is_being_made() -> None:
    assert heard(pizza(ended=False), 16000) == "One pepperoni pizza, coming"


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("twenty-two", ("twenty", "two"), "twenty"),
        ("It's 42", ("It", "42"), "It's"),
        ("so (hello)", ("so", "hello"), "so"),
        ('he said: "no!"', ("said", "no"), "he said:"),
        ("ten dollars — ok", ("dollars", "ok"), "ten dollars —"),
        ("今日は", ("今日", "は"), "今日"),
    ],
)
def test_punctuation_goes_with_the_word_that_it_stands_at(text: str, words: tuple[str, str], said: str) -> None:
    first, second = words
    assert heard(timed((first, 0), (second, 3000), text=text), 3000) == said


@pytest.mark.parametrize("ended", [True, False])
def test_without_word_times_the_audio_is_shared_out_by_letters(ended: bool) -> None:
    text = "aaaa bbbb cccc dddd"
    sound = Sound(text, bytes(round(16 * SAMPLES_PER_LETTER)), ended=ended)
    spoken = [heard(sound, round(letters * SAMPLES_PER_LETTER)) for letters in (0, 3, 4, 7, 8, 13)]
    assert spoken == ["", "", "aaaa", "aaaa", "aaaa bbbb", "aaaa bbbb cccc"]


def test_estimate_knows_that_digits_and_commas_take_time() -> None:
    plain = Sound("aaaa bbbb cccc", bytes(8000), ended=True)
    late = Sound("aaaa, 4444 cccc", bytes(8000), ended=True)
    assert heard(plain, 6000) == "aaaa bbbb"
    assert heard(late, 6000) == "aaaa,"


def test_estimate_does_not_run_ahead_of_audio_that_is_being_made() -> None:
    sound = Sound("aaaa bbbb cccc dddd", bytes(100))
    assert heard(sound, 100) == ""


def test_text_without_blanks_is_shared_out_by_signs() -> None:
    sound = Sound("今日は寒い。", bytes(5000), ended=True)
    assert heard(sound, 2500) == "今日"


texts = st.text(alphabet="ab 42,.!-—'\n今日", max_size=60) | st.text(max_size=60)


@st.composite
def sounds(draw: st.DrawFn) -> Sound:
    """With word times as an engine might tell them: of words or of parts of them, in order, none beyond the audio."""
    text = draw(texts)
    length = draw(st.integers(0, 200_000))
    sound = Sound(text, bytes(length), ended=draw(st.booleans()))
    if draw(st.booleans()):
        borders = sorted(draw(st.lists(st.integers(0, len(text)), unique=True, max_size=12)))
        starts = sorted(draw(st.lists(st.integers(0, length), min_size=len(borders), max_size=len(borders))))
        for begin, end, at in zip(borders, borders[1:], starts, strict=False):
            sound.add_word(begin, end, at)
    return sound


@given(sounds(), st.integers(-5, 250_000))
def test_what_was_heard_is_a_beginning_of_the_text(sound: Sound, samples: int) -> None:
    assert sound.text.startswith(heard(sound, samples))


@given(sounds(), st.integers(0, 250_000), st.integers(0, 250_000))
def test_more_audio_is_never_less_text(sound: Sound, one: int, other: int) -> None:
    assert len(heard(sound, min(one, other))) <= len(heard(sound, max(one, other)))


@given(sounds())
def test_nothing_played_is_nothing_heard_and_all_played_is_all(sound: Sound) -> None:
    sound.end_nowait()
    assert heard(sound, 0) == ""
    assert heard(sound, len(sound.audio)) == (sound.text if sound.audio else "")


@given(texts, st.integers(1, 200_000), st.floats(0, 1), st.booleans())
def test_an_estimate_never_cuts_a_word(text: str, length: int, share: float, ended: bool) -> None:
    said = heard(Sound(text, bytes(length), ended=ended), round(length * share))
    rest = text[len(said) :]
    spaced = rest[:1].isspace() or said[-1:].isspace()
    unspaced = any("\u0e00" <= sign <= "\u9fff" or "\uf900" <= sign <= "\ufaff" for sign in said[-1:] + rest[:1])
    assert not said or not rest or spaced or unspaced
