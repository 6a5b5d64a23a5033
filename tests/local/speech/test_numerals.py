from __future__ import annotations

import pytest

from phonegame.local.speech.messages import Word
from phonegame.local.speech.numerals import with_numerals, with_punctuation


def spoken(text: str) -> tuple[Word, ...]:
    return tuple(Word(word, float(at), at + 0.5, 0.9 - at / 100) for at, word in enumerate(text.split()))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("nine two eight four seven", "9 2 8 4 7"),
        ("twenty three", "23"),
        ("nine hundred", "900"),
        ("forty two", "42"),
        ("four two", "4 2"),
        ("oh seven", "oh 7"),
        ("capital o six four", "capital o 6 4"),
        ("zero", "0"),
        ("nineteen", "19"),
        ("twenty zero", "20 0"),
        ("twelve thirty four", "12 34"),
        ("four hundred two", "402"),
        ("one thousand two hundred thirty four", "1234"),
        ("step one", "step 1"),
        ("one pepperoni pizza please", "1 pepperoni pizza please"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_numbers_are_written_as_deepgram_documents(said: str, written: str) -> None:
    assert " ".join(word.text for word in with_numerals(spoken(said))) == written


def test_a_compound_lasts_from_its_first_word_to_its_last_and_is_as_sure_as_its_least_sure() -> None:
    assert with_numerals(spoken("code forty two"))[1] == Word("42", 1.0, 2.5, 0.88)


@pytest.mark.parametrize(
    ("words", "closing", "written"),
    [
        ("extra cheese", False, "Extra cheese"),
        ("extra cheese", True, "Extra cheese."),
        ("4 2", True, "4 2"),
        ("", True, ""),
    ],
)
def test_punctuation(words: str, *, closing: bool, written: str) -> None:
    assert " ".join(word.text for word in with_punctuation(spoken(words), closing=closing)) == written
