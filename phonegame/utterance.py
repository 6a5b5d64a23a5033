"""The words of a transcript, cut into pieces that can be compared, and what stands around some of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from phonegame.numerals import is_digits, takes_and
from phonegame.vocabulary import (
    BEFORE_PRONOUN_ONE,
    CARRIERS,
    CORRECTORS,
    FILLERS,
    GLUE,
    HOMOPHONES,
    INTRODUCERS,
    NARROW,
    NUMBER_WORDS,
    OH,
    PRESENTERS,
    QUALIFIERS,
    SCALES,
    UNITS,
)

_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": "-", "“": '"', "”": '"'})
_OPENING = "\"'([{#¿¡"
_CLOSING = "\"')]}.,;:!?…"
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")


class Stop(IntEnum):
    """The punctuation behind a piece."""

    NONE = 0
    CLAUSE = 1
    SENTENCE = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a part of a hyphenated one: lower case, no punctuation around it."""

    text: str
    word: int
    """Index of the word it comes from."""
    stop: Stop


def pieces_of(words: Sequence[str]) -> list[Piece]:
    """Fillers (um) are left out; "forty-two." is forty and two, the second with a SENTENCE stop."""
    pieces: list[Piece] = []
    for index, word in enumerate(words):
        plain = word.translate(_TYPOGRAPHIC).lower().lstrip(_OPENING)
        text = plain.rstrip(_CLOSING)
        stop = _stop_of(plain[len(text) :])
        if _THOUSANDS.fullmatch(text):
            text = text.replace(",", "")
        # a leading hyphen is a minus sign, and stays on
        parts = [text] if text.startswith("-") else [part for part in text.split("-") if part]
        texts = [part for part in parts if part.strip("-") and part not in FILLERS]
        pieces += [Piece(part, index, Stop.NONE) for part in texts]
        if stop and pieces:
            last = pieces[-1]
            pieces[-1] = Piece(last.text, last.word, max(stop, last.stop))
    return pieces


def _stop_of(punctuation: str) -> Stop:
    if any(mark in punctuation for mark in ".!?…"):
        return Stop.SENTENCE
    return Stop.CLAUSE if any(mark in punctuation for mark in ",;:") else Stop.NONE


def is_odd(text: str) -> bool:
    """Digits with something else: 4:20, 4.2, $42, 42nd, -42, a7. What stands beside it is no number by itself."""
    return not is_digits(text) and any(character.isdigit() for character in text)


@dataclass(frozen=True, slots=True)
class Span:
    """Pieces from `start` up to, not including, `end`."""

    start: int
    end: int


def number_runs(pieces: Sequence[Piece], *, tolerant: bool) -> list[Span]:
    """The longest stretches that are spoken as numbers; `tolerant` takes what sounds like a digit for one."""
    runs: list[Span] = []
    start = 0
    while start < len(pieces):
        end = _end_of_run(pieces, start, tolerant)
        if end > start:
            runs.append(Span(start, end))
        start = max(end, start + 1)
    return runs


def _end_of_run(pieces: Sequence[Piece], start: int, tolerant: bool) -> int:
    """`start` if no run begins there. A run of nothing but "oh" is none."""
    end = start
    solid = False
    while end < len(pieces):
        text = pieces[end].text
        following = pieces[end + 1].text if end + 1 < len(pieces) else ""
        if _is_number(text, tolerant):
            solid = True
        elif text in OH:
            # an "oh" behind a break is an exclamation, unless digits follow
            if end > start and pieces[end - 1].stop and not _is_number(following, tolerant) and following not in OH:
                break
        elif not _joins(pieces, start, end, following, tolerant):
            break
        end += 1
    return end if solid else start


def _joins(pieces: Sequence[Piece], start: int, index: int, following: str, tolerant: bool) -> bool:
    """Whether "a" or "and" is part of a number: a hundred and one."""
    text = pieces[index].text
    if text == "a":
        return following in SCALES
    return text == "and" and index > start and takes_and(pieces[index - 1].text) and _is_number(following, tolerant)


def _is_number(text: str, tolerant: bool) -> bool:
    if text in NUMBER_WORDS:
        return text not in OH
    return is_digits(text) or is_odd(text) or (tolerant and text in HOMOPHONES)


def may_be_homophones(pieces: Sequence[Piece]) -> bool:
    """Whether the utterance is a number and nothing else, and has a word that only sounds like a digit."""
    texts = [piece.text for piece in pieces]
    return any(text in HOMOPHONES for text in texts) and all(
        text in NARROW or text in OH or _is_number(text, tolerant=True) for text in texts
    )


def counts_something(pieces: Sequence[Piece], run: Span) -> bool:
    """Whether a number is part of a quantity, a date, another name: "42 years", "half past 4", "B 42", "that one"."""
    before = pieces[run.start - 1] if run.start and not pieces[run.start - 1].stop else None
    after = pieces[run.end] if run.end < len(pieces) and not pieces[run.end - 1].stop else None
    if after is not None and (after.text in UNITS or _is_letter(after.text)):
        return True
    if before is None:
        return False
    if before.text in QUALIFIERS or _is_letter(before.text):
        return True
    alone = run.end - run.start == 1 and pieces[run.start].text in ("one", "1")
    return alone and before.text in BEFORE_PRONOUN_ONE


def _is_letter(text: str) -> bool:
    return len(text) == 1 and text.isalpha() and text not in ("a", "i", "o")


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a span, in its sentence."""

    introduced: bool
    """The word "code" stands before it, with nothing else between: "the code is 42"."""
    left_clean: bool
    """Nothing stands before it but what callers say around a code."""
    right_clean: bool
    """Nothing stands behind it but that, or there is a comma or a full stop."""
    presented: bool
    """The word right before it is one that presents a code: "says", "it's"."""
    is_last: bool
    """Nothing at all stands behind it in the whole utterance."""
    is_corrected: bool
    """What stands behind it, anywhere in the utterance, announces another code."""

    @property
    def clean(self) -> bool:
        return self.introduced or (self.left_clean and self.right_clean)


def context_of(pieces: Sequence[Piece], span: Span, covered: frozenset[int]) -> Context:
    """`covered`: the pieces that are a code themselves."""
    return Context(
        introduced=_is_introduced(pieces, span.start),
        left_clean=_is_clean(pieces, range(_sentence_start(pieces, span.start), span.start), covered),
        right_clean=_is_clean(pieces, range(span.end, _sentence_end(pieces, span.end)), covered),
        presented=span.start > 0 and pieces[span.start - 1].text in PRESENTERS,
        is_last=all(piece.text == "and" for piece in pieces[span.end :]),
        is_corrected=any(piece.text in CORRECTORS for piece in pieces[span.end :]),
    )


def _is_introduced(pieces: Sequence[Piece], start: int) -> bool:
    for piece in reversed(pieces[:start]):
        if piece.text not in GLUE:
            return piece.text in INTRODUCERS
    return False


def _sentence_start(pieces: Sequence[Piece], index: int) -> int:
    while index > 0 and pieces[index - 1].stop is not Stop.SENTENCE:
        index -= 1
    return index


def _sentence_end(pieces: Sequence[Piece], index: int) -> int:
    """Up to the first break of any kind behind the span."""
    while index < len(pieces) and not pieces[index - 1].stop:
        index += 1
    return index


def _is_clean(pieces: Sequence[Piece], indices: Iterable[int], covered: frozenset[int]) -> bool:
    return all(index in covered or pieces[index].text in CARRIERS for index in indices)
