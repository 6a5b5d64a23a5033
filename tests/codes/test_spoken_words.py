"""Codes with letters in them, heard by the rules at the top of phonegame/spoken.py."""

from __future__ import annotations

import pytest

from phonegame.codes import built_in_words
from phonegame.spoken import Ambiguous, CodeBook, Growing, Matched, Outcome

WORDS = CodeBook(built_in_words())
OWN = CodeBook(["a7", "Red Fox", "XKCD", "7up", "42", "car", "carpet"])


def hear(book: CodeBook, said: str, *active: str) -> Outcome:
    return book.hear(said.split(), set(active), settled=True)


def hear_early(book: CodeBook, said: str, *active: str) -> Outcome:
    return book.hear(said.split(), set(active), settled=False)


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("Tiger", 1), ("TIGER.", 1), ("tiger please", 1), ("it's tiger", 2), ("the word is Tiger!", 4),
        ("tiger tiger", 2),
        ("tiger, open the door", 1), ("code tiger open the door", 2), ("t i g e r", 5),
    ],
)  # fmt: skip
def test_word_is_heard(said: str, end: int) -> None:
    assert hear(CodeBook(["tiger", "zebra"]), said, "tiger") == Matched("tiger", end)


@pytest.mark.parametrize(
    "said",
    [
        "tigers",
        "tiger's",
        "tigerish",
        "I saw a tiger",
        "tiger bites uncle",
        "down, tiger!",
        "tigger",
        "t i g e",
        "x t i g e r",
    ],
)
def test_word_is_not_heard_in_others(said: str) -> None:
    assert not isinstance(hear(CodeBook(["tiger", "zebra"]), said, "tiger"), Matched)


def test_word_waits_for_the_end() -> None:
    assert hear_early(OWN, "car", "car") == Growing("car")
    assert hear_early(OWN, "car please", "car") == Matched("car", 1)


def test_two_words_decide_nothing() -> None:
    assert hear(WORDS, "bacon lemon", "bacon", "lemon") == Ambiguous(("bacon", "lemon"))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("a7", "a7"), ("A 7.", "a7"), ("a seven", "a7"), ("A-7", "a7"), ("red fox", "Red Fox"),
        ("RED-FOX", "Red Fox"),
        ("redfox", "Red Fox"), ("x k c d", "XKCD"), ("xkcd", "XKCD"), ("7up", "7up"),
        ("seven up", "7up"), ("42", "42"),
    ],
)  # fmt: skip
def test_letters_digits_and_several_words(said: str, code: str) -> None:
    assert hear(OWN, said, "a7", "Red Fox", "XKCD", "7up", "42") == Matched(code, len(said.split()))


@pytest.mark.parametrize("said", ["a 7 2", "x a 7", "a 70", "a72", "7 a 7", "red. Fox", "a7s", "a 7 b"])
def test_mixed_code_is_not_heard_inside_another(said: str) -> None:
    assert not isinstance(hear(OWN, said, "a7", "Red Fox"), Matched)
