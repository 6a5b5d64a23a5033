"""Numbers within what a caller says, as digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phonegame.characters.brains.script.words import Word
from phonegame.numerals import MAX_PIECES, is_digits, readings, takes_and
from phonegame.vocabulary import HOMOPHONES, NUMBER_WORDS, OH, SCALES

MAX_DIGITS = 15
"""A whole number of more is not exact in every game's JSON."""

_BEFORE_PRONOUN_ONE = frozenset(("that", "this", "which", "each", "every", "no", "any", "some", "the"))
_QUANTITIES = {("couple",): "2", ("dozen",): "12", ("half", "dozen"): "6", ("half", "a", "dozen"): "6"}


def numbers_at(
    words: Sequence[Word], start: int, *, homophones: bool = False, oh: bool = False, pronouns: bool = False
) -> Iterator[tuple[int, str]]:
    """(end, digits) of every number that begins at `start`, the longest first.

    `homophones`: "for" is 4. `oh`: it may begin with "oh". `pronouns`: "one" is a number even in "that one".
    """
    for quantity, digits in _QUANTITIES.items():
        if tuple(word.text for word in words[start : start + len(quantity)]) == quantity:
            yield start + len(quantity), digits
    if not oh and start < len(words) and words[start].text in OH:
        return
    end = _end_of_run(words, start, homophones)
    for stop in range(end, start, -1):
        texts = [word.text for word in words[start:stop]]
        if (digits := digits_of(texts)) and (pronouns or not _is_pronoun(words, start, texts)):
            yield stop, digits


def digits_of(texts: list[str]) -> str:
    """Of a run that is a number as a whole; else empty. Several readings: "40 2" is rather 42 than 402."""
    if all(text in OH for text in texts):
        return ""
    possible = [each for each in readings(texts) if len(each.digits) <= MAX_DIGITS]
    return min((each.digits for each in possible), key=lambda digits: (len(digits), digits), default="")


def _is_pronoun(words: Sequence[Word], start: int, texts: list[str]) -> bool:
    if texts not in (["one"], ["1"]) or start == 0:
        return False
    return words[start - 1].text in _BEFORE_PRONOUN_ONE and not words[start - 1].stop


def _end_of_run(words: Sequence[Word], start: int, homophones: bool) -> int:
    end = start
    while end < len(words) and end - start < MAX_PIECES:
        text = words[end].text
        following = words[end + 1].text if end + 1 < len(words) else ""
        joins = text == "a" and following in SCALES
        joins = joins or (text == "and" and end > start and takes_and(words[end - 1].text))
        if not joins and not is_digits(text) and text not in NUMBER_WORDS and not (homophones and text in HOMOPHONES):
            break
        end += 1
    return end
