"""What may be said, as two finite-state grammars.

`single`: one number from 0 to 99, one code, or one expected phrase, and nothing else. `extended`: polite words
around it, numbers digit by digit, in pairs, in hundreds, or two phrases in a row. They are decoded apart and compared
(ear.py), because in one grammar the freedom of the second spoils the first: breath after "forty" becomes "eight".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from phonegame.local.speech.numerals import ONES, TEENS, TENS

LEADING = ("code", "number", "the code is", "my code is", "the number is", "my number is", "it is", "it's")
TRAILING = ("please", "thanks", "thank you")
MOST_DIGITS = 6

Transition = tuple[int, int, float] | tuple[int, int, float, str]


@dataclass
class Grammar:
    """Transitions from state 0 to state 1; `words` is all that needs a pronunciation."""

    transitions: list[Transition] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    states: int = 2

    def state(self) -> int:
        self.states += 1
        return self.states - 1

    def word(self, start: int, end: int, word: str) -> None:
        self.words.add(word)
        self.transitions.append((start, end, 1.0, word))

    def skip(self, start: int, end: int) -> None:
        self.transitions.append((start, end, 1.0))

    def phrase(self, start: int, end: int, words: Sequence[str]) -> None:
        for word in words[:-1]:
            between = self.state()
            self.word(start, between, word)
            start = between
        self.word(start, end, words[-1])


def single(phrases: Iterable[tuple[str, ...]]) -> Grammar:
    grammar = Grammar()
    _add_below_hundred(grammar, 0, 1)
    for phrase in phrases:
        grammar.phrase(0, 1, phrase)
    return grammar


def extended(phrases: Iterable[tuple[str, ...]]) -> Grammar:
    grammar = Grammar()
    before, after = grammar.state(), grammar.state()
    grammar.skip(0, before)
    for text in LEADING:
        grammar.phrase(0, before, text.split())
    _add_below_hundred(grammar, before, after)
    _add_digits(grammar, before, after)
    _add_pairs(grammar, before, after)
    _add_hundreds(grammar, before, after)
    _add_phrases(grammar, before, after, phrases)
    grammar.skip(after, 1)
    for text in TRAILING:
        grammar.phrase(after, 1, text.split())
    return grammar


def spoken_phrases(texts: Iterable[str]) -> list[tuple[str, ...]]:
    """Codes and keyterms as lower-case words, each once. What is all digits is said as a number and needs no phrase."""
    phrases = {tuple(re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())) for text in texts}
    return sorted(phrase for phrase in phrases if not all(word.isdigit() for word in phrase))


def _add_below_hundred(grammar: Grammar, start: int, end: int) -> None:
    for word in (*ONES, *TEENS):
        grammar.word(start, end, word)
    for tens in TENS:
        between = grammar.state()
        grammar.word(start, between, tens)
        grammar.skip(between, end)
        for ones in list(ONES)[1:]:
            grammar.word(between, end, ones)


def _add_digits(grammar: Grammar, start: int, end: int) -> None:
    """Two to six digits, one by one. More would fit any sentence."""
    states = [start, *(grammar.state() for _ in range(MOST_DIGITS))]
    for before, after in pairwise(states):
        for digit in (*ONES, "oh"):
            grammar.word(before, after, digit)
    for state in states[2:]:
        grammar.skip(state, end)


def _add_pairs(grammar: Grammar, start: int, end: int) -> None:
    """ "twelve thirty four"."""
    second = grammar.state()
    _add_below_hundred(grammar, start, second)
    _add_below_hundred(grammar, second, end)


def _add_hundreds(grammar: Grammar, start: int, end: int) -> None:
    """ "nine hundred", "four hundred and two"."""
    hundreds, rest = grammar.state(), grammar.state()
    for digit in list(ONES)[1:]:
        grammar.word(start, hundreds, digit)
    grammar.word(hundreds, rest, "hundred")
    grammar.skip(rest, end)
    tail = grammar.state()
    grammar.skip(rest, tail)
    grammar.word(rest, tail, "and")
    _add_below_hundred(grammar, tail, end)


def _add_phrases(grammar: Grammar, start: int, end: int, phrases: Iterable[tuple[str, ...]]) -> None:
    """One phrase, or two in a row."""
    second = grammar.state()
    for phrase in phrases:
        grammar.phrase(start, second, phrase)
        grammar.phrase(second, end, phrase)
    grammar.skip(second, end)
