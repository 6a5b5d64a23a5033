from __future__ import annotations

import pytest

from phonegame.characters.brains.script.match import Heard, find
from phonegame.characters.brains.script.pattern import Item, parse_pattern

LISTS = {
    "topping": tuple(
        Item(text.partition(" | ")[0], (parse_pattern(text),))
        for text in ("pepperoni | salami", "cheese", "four cheese | quattro formaggi", "mushroom")
    ),
    "wire": (Item(1, (parse_pattern("red | first"),)), Item(2, (parse_pattern("blue"),))),
}


def slots(pattern: str, said: str, *, slips: bool = False, known: str = "") -> object:
    return find(parse_pattern(pattern, LISTS), Heard.of(said), LISTS, frozenset(known.split()), slips=slips)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("yes", "Yes."),
        ("yes", "well, um, YES!"),
        ("yes | yeah", "oh yeah"),
        ("pizza[s]", "pizzas"),
        ("pizza[s]", "one pizza"),
        ("order[ed|ing]", "I ordered"),
        ("[un]lock", "unlock it"),
        ("i'd like a pizza", "I would like pizza"),
        ("i would like", "I’d like"),
        ("what is there", "what's there?"),
        ("i do not know", "I don't know"),
        ("going to", "I'm gonna"),
        ("cut the red wire", "cut red wire"),
        ("cut red wire", "cut, um, the red wire"),
        ("(cut | snip) [the] (red | blue)", "snip blue"),
        ("cut ... wire", "cut that big fat wire"),
        ("cut ... wire", "cut wire"),
        ("four cheese", "4 cheese"),
        ("4 cheese", "four cheese"),
        ("route sixty-six", "route 66"),
        ("route 66", "route sixty six"),
        ("one hundred and five", "105"),
        ("a hundred roses", "100 roses"),
        ("room one oh one", "room 101"),
        ("room one oh one", "room one oh one"),
        ("half a dozen eggs", "6 eggs"),
        ("a dozen eggs", "twelve eggs"),
        ("a dozen eggs", "a dozen eggs"),
        ("cafe", "café"),
        ("café", "cafe"),
        ("mushroom", "mushrooms"),
        ("= no", "No, please."),
        ("= no", "well no"),
        ("please", "please"),
        ("the", "the"),
        ("{x:word} {y:word}", "any thing"),
        ("hello...there", "hello you there"),
        ("no one", "no one"),
    ],
)
def test_fits(pattern: str, said: str) -> None:
    assert slots(pattern, said) is not None


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("yes", "yesterday"),
        ("yes", ""),
        ("yes", "um"),
        ("yes", "..."),
        ("cut red wire", "cut the blue and red wire"),
        ("red wire", "wire red"),
        ("= no", "no problem"),
        ("= no", "but no"),
        ("four", "forty"),
        ("4", "42"),
        ("route 66", "route 67"),
        ("horse", "house"),
        ("{topping}", "no pepperoni"),
        ("{topping}", "not four cheese"),
        ("{count:number}", "that one"),
        ("{count:number}", "I go to the door"),
        ("{count:number}", "oh"),
        ("{count:number}", "1234567890123456"),
        ("{count:number}", "at 4:20"),
    ],
)
def test_does_not_fit(pattern: str, said: str) -> None:
    assert slots(pattern, said) is None


@pytest.mark.parametrize(
    ("pattern", "said", "expected"),
    [
        ("{topping}", "with salami", {"topping": "pepperoni"}),
        ("{topping}", "no, pepperoni!", {"topping": "pepperoni"}),
        ("{topping}", "four cheese", {"topping": "four cheese"}),
        ("{topping}", "quattro formaggi please", {"topping": "four cheese"}),
        ("{other:topping}", "cheese", {"other": "cheese"}),
        ("{wire}", "the first one", {"wire": 1}),
        ("{count:number} {topping}", "two four cheese", {"count": 2, "topping": "four cheese"}),
        ("{count:number} {topping}", "24 cheese", {"count": 24, "topping": "cheese"}),
        ("{count:number} {topping}", "2 of the salami", {"count": 2, "topping": "pepperoni"}),
        ("[{count:number}] {topping}", "salami", {"topping": "pepperoni"}),
        ("{count:number}", "twenty one", {"count": 21}),
        ("{count:number}", "one hundred and five", {"count": 105}),
        ("{count:number}", "a couple", {"count": 2}),
        ("{count:number}", "half a dozen", {"count": 6}),
        ("{count:number}", "for", {"count": 4}),
        ("{count:number}", "to, please", {"count": 2}),
        ("{pin:digits}", "zero zero seven", {"pin": "007"}),
        ("{pin:digits}", "double oh seven", {"pin": "007"}),
        ("name is {name:text}", "my name is Jean-Luc  O'Neill.", {"name": "Jean-Luc O'Neill"}),
        ("{first:word} and {second:word}", "Bonnie and Clyde", {"first": "Bonnie", "second": "Clyde"}),
        ("from {here:text} to {there:text}", "from New York to Rome", {"here": "New York", "there": "Rome"}),
        ("{a:topping} and {b:topping}", "cheese and mushroom", {"a": "cheese", "b": "mushroom"}),
    ],
)
def test_slots(pattern: str, said: str, expected: object) -> None:
    assert slots(pattern, said) == expected


@pytest.mark.parametrize("said", ["peperoni", "pepperonni", "pepperony", "pepperani"])
def test_a_slip_in_a_long_word_is_allowed_for_when_asked(said: str) -> None:
    assert slots("{topping}", said) is None
    assert slots("{topping}", said, slips=True) == {"topping": "pepperoni"}


def test_a_word_that_the_script_knows_is_no_slip() -> None:
    assert slots("station", "stations", known="stations") is None
    assert slots("confusion", "conclusion", slips=True, known="conclusion") is None
    assert slots("mushroom", "bushroom", slips=True) is None


def test_a_pattern_that_takes_too_long_does_not_fit() -> None:
    assert slots(" ".join(["[{a:text}]"] * 12) + " end", "word " * 40) is None


def test_a_long_utterance_is_cut() -> None:
    assert slots("yes", "blah " * 1000 + "yes") is None
