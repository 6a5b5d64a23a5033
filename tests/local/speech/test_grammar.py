from __future__ import annotations

import pytest

from phonegame.local.speech.sphinx.grammar import Grammar, extended, single, spoken_phrases


def accepts(grammar: Grammar, text: str) -> bool:
    states = reachable(grammar, {0})
    for word in text.split():
        states = reachable(grammar, {end for start, end, spoken in arcs(grammar) if start in states and spoken == word})
    return 1 in states


def arcs(grammar: Grammar) -> list[tuple[int, int, str]]:
    return [(each[0], each[1], each[3] if len(each) == 4 else "") for each in grammar.transitions]


def reachable(grammar: Grammar, states: set[int]) -> set[int]:
    while True:
        more = states | {end for start, end, spoken in arcs(grammar) if start in states and not spoken}
        if more == states:
            return states
        states = more


PHRASES = spoken_phrases(["Extra cheese", "ACORN", "42", "one-way street"])


@pytest.mark.parametrize("text", ["zero", "seven", "nineteen", "forty", "forty two", "extra cheese", "one way street"])
def test_one_number_or_phrase(text: str) -> None:
    assert accepts(single(PHRASES), text)
    assert accepts(extended(PHRASES), text)


@pytest.mark.parametrize(
    "text",
    [
        "code forty two please",
        "the number is acorn thank you",
        "four two",
        "oh seven",
        "one two three four",
        "twelve thirty four",
        "nine hundred",
        "four hundred and two",
        "extra cheese acorn",
    ],
)
def test_more_than_that_is_for_the_extended_grammar(text: str) -> None:
    assert not accepts(single(PHRASES), text)
    assert accepts(extended(PHRASES), text)


@pytest.mark.parametrize(
    "text", ["", "please", "forty hundred", "cheese", "42", "oh", "one two three four five six seven"]
)
def test_neither_takes(text: str) -> None:
    assert not accepts(single(PHRASES), text)
    assert not accepts(extended(PHRASES), text)


def test_codes_of_digits_need_no_phrase() -> None:
    assert spoken_phrases([str(code) for code in range(100)]) == []
