"""What the caller of the demo says, and how it is compared with what the game receives."""

from __future__ import annotations

import re
import string

from phonegame.local.speech.numerals import ONES, TEENS, TENS

SENTENCES = (
    "I would like a large pizza",
    "with mushrooms and no onions",
    "and two bottles of lemonade",
    "that is all thank you",
)

_SPOKEN = {value: word for word, value in (ONES | TEENS).items()}
_SPOKEN |= {10 * value: word for word, value in TENS.items()}


def spell(number: int) -> str:
    """As a person says it: 42 -> "forty two". From 0 to 99."""
    if spoken := _SPOKEN.get(number):
        return spoken
    return f"{_SPOKEN[number // 10 * 10]} {_SPOKEN[number % 10]}"


def spell_digits(code: str) -> str:
    """One by one: "42" -> "four two"."""
    return " ".join(_SPOKEN[int(digit)] for digit in code)


def words_of(text: str) -> list[str]:
    """The words alone: case, punctuation and the way numbers are written do not count."""
    words = (word.strip(string.punctuation) for word in re.split(r"[\s-]+", text.lower()))
    return " ".join(_spell_out(word) for word in words).split()


def _spell_out(word: str) -> str:
    return spell(int(word)) if re.fullmatch("[0-9]{1,2}", word) else word
