"""What a caller has said, and what a pattern listens for, as words that can be compared.

Both sides lose capitals, punctuation, accents and fillers; "I'd", "don't" and "gonna" are spelled out; "four" and "4"
are the same.
"""

from __future__ import annotations

import difflib
import functools
import unicodedata
from dataclasses import dataclass

from phonegame.utterance import Stop, pieces_of
from phonegame.vocabulary import ONES, TEENS, TENS

MAX_WORDS = 100
"""Of one turn; what comes behind is not looked at."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SKIPPED = _words("a an the some of please just well so okay ok oh actually really maybe then now kindly like")
"""May be said between the words of a pattern."""

UNSTRESSED = frozenset(("a", "an", "the", "please"))
"""Recognisers lose them: in a pattern with other words they may be missing."""

_SHORT = {
    "wanna": ("want", "to"), "gonna": ("going", "to"), "gimme": ("give", "me"), "lemme": ("let", "me"),
    "can't": ("can", "not"), "cannot": ("can", "not"), "won't": ("will", "not"), "let's": ("let", "us"),
}  # fmt: skip
_ENDINGS = {"n't": "not", "'d": "would", "'ll": "will", "'ve": "have", "'re": "are", "'m": "am"}
_BEFORE_IS = _words("it that this what who where when why how there here he she everything")

_SMALL_NUMBERS = {word: str(value) for word, value in (ONES | TEENS | TENS).items()}
LEAST_FUZZY = 6
"""Letters. Shorter words have too many neighbours: horse, house."""
_ALIKE = 0.83
"""One letter of six may differ, two of twelve."""
_LEAST_PLURAL = 4


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    """As phonegame/numerals.py reads it."""
    key: str
    """What is compared."""
    source: int
    """Index of the word it comes from, split at spaces."""
    stop: Stop
    """Punctuation behind it."""


def words_of(text: str) -> list[Word]:
    """Without fillers such as "um"."""
    words = []
    for piece in pieces_of(text.split())[:MAX_WORDS]:
        parts = _spelled_out(piece.text)
        for part in parts:
            stop = piece.stop if part is parts[-1] else Stop.NONE
            if key := key_of(part):
                words.append(Word(part, key, piece.word, stop))
    return words


def key_of(piece: str) -> str:
    """Empty for what has no letter or digit in it."""
    plain = unicodedata.normalize("NFKD", _SMALL_NUMBERS.get(piece, piece))
    return "".join(character for character in plain.casefold() if character.isalnum())


def _spelled_out(piece: str) -> tuple[str, ...]:
    if piece in _SHORT:
        return _SHORT[piece]
    for ending, word in _ENDINGS.items():
        if piece.endswith(ending) and len(piece) > len(ending):
            return piece.removesuffix(ending), word
    stem = piece.removesuffix("'s")
    return (stem, "is") if stem != piece and stem in _BEFORE_IS else (piece,)


def is_plural(heard: str, expected: str) -> bool:
    """Of the other; or the other way round."""
    shorter, longer = sorted((heard, expected), key=len)
    return len(shorter) >= _LEAST_PLURAL and longer == shorter + "s"


@functools.lru_cache(maxsize=4096)
def are_alike(heard: str, expected: str) -> bool:
    """Whether a recogniser may have written the one for the other, a long word with a slip in it."""
    shorter, longer = sorted((heard, expected), key=len)
    if len(shorter) < LEAST_FUZZY or heard[0] != expected[0] or len(longer) > 2 * len(shorter):
        return False
    if any(map(str.isdigit, heard + expected)):
        return False
    return difflib.SequenceMatcher(None, heard, expected, autojunk=False).ratio() >= _ALIKE
