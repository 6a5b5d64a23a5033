"""What the caller and the game of the demo say to each other, and how texts are compared."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from phonegame.local.demo.signs import Step
from phonegame.local.speech.numerals import ONES, TEENS, TENS

GREETING = "What would you like to order?"


class Turn(NamedTuple):
    """`over`: the caller does not let the game finish its last answer."""

    said: str
    answer: str
    over: bool = False


TURNS = (
    Turn("one pepperoni pizza", "One pepperoni pizza coming up."),
    Turn(
        "and two bottles of lemonade",
        "We also have garlic bread, green salad, apple cake, and the best chocolate ice cream in town.",
    ),
    Turn("that is all thank you", "Thank you, and enjoy your meal.", over=True),
)


class Script(NamedTuple):
    """`person`: who is at the phone. `steps`: what the game is told of a call that it places."""

    person: str
    greeting: str
    turns: Sequence[Turn]
    steps: Sequence[Step] = ()

    @property
    def texts(self) -> list[str]:
        """All that the game says."""
        return [self.greeting, *(turn.answer for turn in self.turns)]

    @property
    def answers(self) -> Mapping[str, str]:
        return {turn.said: turn.answer for turn in self.turns}

    @property
    def hangs_up(self) -> bool:
        """Whether the game does, after its last answer."""
        return bool(self.steps)


ORDER = Script("the caller", GREETING, TURNS)
CALL_BACK = Script(
    "the player",
    "Hello, your pizza is ready. Shall we bring it?",
    (Turn("yes please I am hungry", "Very good, it is on its way."),),
    ("dialling", "ringing", "answered", "over"),
)
SCRIPTS = (ORDER, CALL_BACK)
SENTENCES = tuple(turn.said for script in SCRIPTS for turn in script.turns)
"""All that people say."""
TEXTS = tuple(text for script in SCRIPTS for text in script.texts)
"""All that the game says."""

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


def beginnings(text: str) -> list[str]:
    """One word of it, two words, ... all of them."""
    words = words_of(text)
    return [" ".join(words[:count]) for count in range(1, len(words) + 1)]


def _spell_out(word: str) -> str:
    return spell(int(word)) if re.fullmatch("[0-9]{1,2}", word) else word
