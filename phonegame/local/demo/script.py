"""What is said in the calls of the demo, by people, by the game's character and by the game; how texts are compared."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from phonegame.local.demo.signs import Step
from phonegame.local.speech.numerals import ONES, TEENS, TENS

GREETING = "What would you like to order?"


PIZZERIA = Path(__file__).with_name("pizzeria.toml")


class Deed(NamedTuple):
    """What a character has the game do, and what the game tells it then: None, where it refuses."""

    name: str
    arguments: Mapping[str, Any]
    result: Mapping[str, Any] | None


class Turn(NamedTuple):
    """`over`: the caller does not let the last answer end. `deed`: what is done before this one."""

    said: str
    answer: str
    over: bool = False
    deed: Deed | None = None


TURNS = (
    Turn(
        "one pepperoni pizza",
        "One pepperoni pizza coming up.",
        deed=Deed("add_to_order", {"count": 1, "what": "pepperoni pizza"}, {"dollars": 9}),
    ),
    Turn(
        "and two bottles of lemonade",
        "We also have garlic bread and green salad and apple cake and the best chocolate ice cream in town.",
        deed=Deed("add_to_order", {"count": 2, "what": "lemonade"}, {"dollars": 15}),
    ),
    Turn(
        "that is all thank you",
        "Your order is ready in twelve minutes.",
        over=True,
        deed=Deed("order_placed", {}, {"minutes": 12}),
    ),
)


class Script(NamedTuple):
    """`person`: who is at the phone. `steps`: what the game is told of a call that it places.

    `character`: the file of who answers, in the game's place.
    """

    person: str
    greeting: str
    turns: Sequence[Turn]
    steps: Sequence[Step] = ()
    character: Path | None = None

    @property
    def speaker(self) -> str:
        """Who talks to that person."""
        return "the game" if self.character is None else "the character"

    @property
    def deeds(self) -> list[Deed]:
        return [turn.deed for turn in self.turns if turn.deed is not None]

    @property
    def texts(self) -> list[str]:
        """All that the person is told."""
        return [self.greeting, *(turn.answer for turn in self.turns)]

    @property
    def answers(self) -> Mapping[str, str]:
        return {turn.said: turn.answer for turn in self.turns}

    @property
    def hangs_up(self) -> bool:
        """Whether the game does, after its last answer."""
        return bool(self.steps)


ORDER = Script("the caller", GREETING, TURNS, character=PIZZERIA)
CALL_BACK = Script(
    "the player",
    "Hello, your pizza is ready. Shall we bring it?",
    (Turn("yes please I am hungry", "Very good, it is on its way."),),
    ("dialling", "ringing", "answered", "over"),
)
SCRIPTS = (ORDER, CALL_BACK)
EXPECTED = (*(turn.said for turn in CALL_BACK.turns), "open the door", "turn on the light")
"""What the speech service is told to expect in every call: the first call's sentences are the character's business."""
TEXTS = tuple(text for script in SCRIPTS for text in script.texts)
"""All that people are told."""

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


def whole(beginning: str) -> str:
    """Of the texts the one that begins like this, with whole words; what begins none of them is returned."""
    words = words_of(beginning)
    return next((text for text in TEXTS if words_of(text)[: len(words)] == words), beginning)


def _spell_out(word: str) -> str:
    return spell(int(word)) if re.fullmatch("[0-9]{1,2}", word) else word
