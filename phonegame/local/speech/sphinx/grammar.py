"""What may be said: a loop of numbers, codes, expected phrases and polite words, with a phone loop for everything else.

Weights are probabilities and decide between hypotheses that sound alike; they were set by measurement
(scripts/recognise.py). The phone loop ("garbage") is what keeps a cough or another sentence from becoming a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from phonegame.local.speech.numerals import ONES, TEENS, TENS

LEADING = ("code", "number", "the code is", "my code is", "the number is", "my number is", "it is", "it's")
TRAILING = ("please", "thanks", "thank you")

WEIGHT_NUMBER = 1.0  # a number from 0 to 99
WEIGHT_DIGITS = 1e-3  # digit by digit, or in pairs
WEIGHT_PHRASE = 1e-1
WEIGHT_POLITE = 1e-3
WEIGHT_OH = 0.1  # of a digit that is "oh"

Transition = tuple[int, int, float] | tuple[int, int, float, str]


@dataclass
class Grammar:
    """Transitions of a finite-state grammar from state 0 to state 1; `words` is all that needs a pronunciation."""

    transitions: list[Transition] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    states: int = 2

    def state(self) -> int:
        self.states += 1
        return self.states - 1

    def word(self, start: int, end: int, word: str, weight: float = 1.0) -> None:
        self.words.add(word)
        self.transitions.append((start, end, weight, word))

    def skip(self, start: int, end: int, weight: float = 1.0) -> None:
        self.transitions.append((start, end, weight))

    def phrase(self, start: int, end: int, words: Sequence[str], weight: float) -> None:
        for word in words[:-1]:
            between = self.state()
            self.word(start, between, word, weight)
            start, weight = between, 1.0
        self.word(start, end, words[-1], weight)


def build_grammar(codes: Iterable[str], keyterms: Iterable[str]) -> Grammar:
    """Codes of digits need nothing of their own: numbers are always there."""
    grammar = Grammar()
    before, after = grammar.state(), grammar.state()
    grammar.skip(0, before)
    for text in LEADING:
        grammar.phrase(0, before, text.split(), WEIGHT_POLITE)
    _add_numbers(grammar, before, after)
    phrases = {words for text in (*codes, *keyterms) if (words := spoken_words(text))}
    for phrase in sorted(phrases):
        grammar.phrase(before, after, phrase, WEIGHT_PHRASE)
    grammar.skip(after, 1)
    for text in TRAILING:
        grammar.phrase(after, 1, text.split(), WEIGHT_POLITE)
    return grammar


def spoken_words(text: str) -> tuple[str, ...]:
    """Lower-case words of a code or phrase; nothing for one that is all digits, which is said as a number."""
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())
    return () if all(word.isdigit() for word in words) else tuple(words)


def _add_numbers(grammar: Grammar, start: int, end: int) -> None:
    _add_below_hundred(grammar, start, end, WEIGHT_NUMBER)
    _add_digits(grammar, start, end, WEIGHT_DIGITS)
    _add_pairs(grammar, start, end, WEIGHT_DIGITS)
    _add_hundreds(grammar, start, end, WEIGHT_DIGITS)


def _add_below_hundred(grammar: Grammar, start: int, end: int, weight: float) -> None:
    share = weight / 100
    for word in (*ONES, *TEENS):
        grammar.word(start, end, word, share)
    for tens in TENS:
        between = grammar.state()
        grammar.word(start, between, tens, share * 10)
        grammar.skip(between, end, 0.1)
        for ones in list(ONES)[1:]:
            grammar.word(between, end, ones, 0.1)


def _add_digits(grammar: Grammar, start: int, end: int, weight: float) -> None:
    """Two digits or more, one by one."""
    digits = [(digit, 0.1) for digit in ONES] + [("oh", WEIGHT_OH)]
    first, more = grammar.state(), grammar.state()
    for digit, share in digits:
        grammar.word(start, first, digit, weight * share)
        grammar.word(first, more, digit, share)
        grammar.word(more, more, digit, share)
    grammar.skip(more, end)


def _add_pairs(grammar: Grammar, start: int, end: int, weight: float) -> None:
    """ "twelve thirty four", "twenty oh five"."""
    second = grammar.state()
    _add_below_hundred(grammar, start, second, weight)
    _add_below_hundred(grammar, second, end, 0.8)
    oh = grammar.state()
    grammar.word(second, oh, "oh", 0.1)
    for digit in list(ONES)[1:]:
        grammar.word(oh, end, digit, 0.1)


def _add_hundreds(grammar: Grammar, start: int, end: int, weight: float) -> None:
    """ "nine hundred", "one thousand two hundred and thirty four"."""
    thousands, below, hundreds, rest = (grammar.state() for _ in range(4))
    for digit in list(ONES)[1:]:
        grammar.word(start, thousands, digit, weight / 20)
        grammar.word(start, hundreds, digit, weight / 20)
        grammar.word(below, hundreds, digit, 0.05)
    grammar.word(thousands, below, "thousand")
    grammar.skip(below, rest, 0.5)
    grammar.word(hundreds, rest, "hundred")
    grammar.skip(rest, end, 0.3)
    grammar.word(rest, rest, "and", 0.1)
    _add_below_hundred(grammar, rest, end, 0.6)
