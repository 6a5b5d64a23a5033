from __future__ import annotations

import pytest

from phonegame.characters.files import read_character
from phonegame.local.demo.script import (
    PIZZERIA,
    SCRIPTS,
    TEXTS,
    TURNS,
    beginnings,
    spell,
    spell_digits,
    whole,
    words_of,
)


@pytest.mark.parametrize(
    ("number", "spoken"),
    [(0, "zero"), (7, "seven"), (10, "ten"), (19, "nineteen"), (20, "twenty"), (42, "forty two"), (99, "ninety nine")],
)
def test_a_number_is_spelled_as_a_person_says_it(number: int, spoken: str) -> None:
    assert spell(number) == spoken


def test_a_code_is_spelled_digit_by_digit() -> None:
    assert spell_digits("402") == "four zero two"


@pytest.mark.parametrize(
    "received",
    [
        "and two bottles of lemonade",
        "And 2 bottles of lemonade.",
        "AND TWO, BOTTLES; OF LEMONADE!",
        " and  two-bottles of\tlemonade ",
    ],
)
def test_case_punctuation_and_figures_do_not_count(received: str) -> None:
    assert words_of(received) == ["and", "two", "bottles", "of", "lemonade"]


def test_a_word_with_an_apostrophe_stays_whole() -> None:
    assert words_of("That's 42, isn't it?") == ["that's", "forty", "two", "isn't", "it"]


def test_no_text_is_part_of_another() -> None:
    """Or one could be taken for the other."""
    sentences = [turn.said for script in SCRIPTS for turn in script.turns]
    for spoken in (sentences, TEXTS):
        texts = [" ".join(words_of(text)) for text in spoken]
        assert not any(one in other for one in texts for other in texts if one is not other)


def test_beginnings_of_a_text() -> None:
    assert beginnings("No, thank you!") == ["no", "no thank", "no thank you"]


@pytest.mark.parametrize(
    ("beginning", "text"),
    [
        ("We also have garlic bread", TURNS[1].answer),
        ("1 pepperoni pizza coming up.", TURNS[0].answer),
        ("We also have garl", "We also have garl"),
        ("Pardon?", "Pardon?"),
    ],
)
def test_the_text_that_begins_like_this(beginning: str, text: str) -> None:
    assert whole(beginning) == text


def test_the_recogniser_is_told_by_the_character_what_the_caller_says() -> None:
    examined = read_character(PIZZERIA)
    assert not examined.faults.found
    assert examined.persona is not None
    assert {turn.said for turn in TURNS} <= set(examined.persona.vocabulary)
