"""Spoken numbers as figures, the way Deepgram's `numerals=true` writes them (docs: numerals), and punctuation.

Digit by digit stays apart ("four two" -> "4 2"), a compound becomes one number ("forty two" -> "42", "nine
hundred" -> "900"), never with a comma. "oh" stays a word. A one-word number in a sentence becomes a figure too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from phonegame.local.speech.messages import Word

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

ONES = {word: value for value, word in enumerate(_ONES)}
TEENS = {word: value for value, word in enumerate(_TEENS, start=10)}
TENS = {word: value for value, word in enumerate(_TENS, start=2)}
SCALES = {"hundred": 100, "thousand": 1000}
NUMBER_WORDS = frozenset({*ONES, *TEENS, *TENS, *SCALES, "oh", "and"})


def with_numerals(words: Sequence[Word]) -> tuple[Word, ...]:
    """Each number becomes one word that lasts from its first spoken word to its last, as sure as its least sure one."""
    written: list[Word] = []
    at = 0
    while at < len(words):
        count, value = _number_at([word.text.lower() for word in words[at:]])
        if count == 0:
            written.append(words[at])
            at += 1
            continue
        spoken = words[at : at + count]
        written.append(Word(str(value), spoken[0].start, spoken[-1].end, min(word.confidence for word in spoken)))
        at += count
    return tuple(written)


def with_punctuation(words: Sequence[Word], *, closing: bool) -> tuple[Word, ...]:
    """First letter large, a full stop where the speaker ended. Figures alone get neither."""
    if not words or all(word.text.isdigit() for word in words):
        return tuple(words)
    first = replace(words[0], text=words[0].text[:1].upper() + words[0].text[1:])
    punctuated = [first, *words[1:]]
    if closing:
        punctuated[-1] = replace(punctuated[-1], text=punctuated[-1].text + ".")
    return tuple(punctuated)


def _number_at(spoken: Sequence[str]) -> tuple[int, int]:
    """How many of the first words make one number, and which; (0, 0) when the first is no number."""
    count, value = _below_hundred(spoken)
    if count == 0:
        return 0, 0
    while count < len(spoken) and spoken[count] in SCALES:
        value *= SCALES[spoken[count]]
        count += 1
    if value < 100:
        return count, value
    more, rest = _number_at(spoken[count:])
    lowest_scale = SCALES[spoken[count - 1]]
    if more and rest < lowest_scale:
        return count + more, value + rest
    return count, value


def _below_hundred(spoken: Sequence[str]) -> tuple[int, int]:
    if not spoken:
        return 0, 0
    first = spoken[0]
    if first in ONES:
        return 1, ONES[first]
    if first in TEENS:
        return 1, TEENS[first]
    if first not in TENS:
        return 0, 0
    unit = ONES.get(spoken[1], 0) if len(spoken) > 1 else 0
    return (2, 10 * TENS[first] + unit) if unit else (1, 10 * TENS[first])
