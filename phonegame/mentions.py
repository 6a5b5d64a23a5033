"""Where in an utterance a code may have been said: rules 1, 2, 3 and 6 of phonegame/spoken.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonegame.code_index import CodeIndex
from phonegame.numerals import Reading, is_digits, readings, value_of
from phonegame.utterance import Context, Piece, Span, Stop, context_of, counts_something, is_odd, number_runs

MAX_REPEATS = 3
"""A code may be said so often in a row."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A number, or a word that is a code, in a place where it can be meant as one."""

    span: Span
    said: str
    """Digits of a number; a word as it is written in the set of codes."""
    keys: frozenset[str]
    """The codes of the set that it can be: none, one, or several if it cannot be told which."""
    readings: frozenset[Reading]
    """Of a number: all, of the set or not. Empty for a word."""
    context: Context

    @property
    def is_weak(self) -> bool:
        """A single digit or a word: every other sentence has one."""
        return not is_digits(self.said) or len(self.said) == 1


@dataclass(frozen=True, slots=True)
class _Candidate:
    span: Span
    said: str
    keys: frozenset[str]
    readings: frozenset[Reading]


def mentions_in(pieces: Sequence[Piece], index: CodeIndex, *, homophones: bool = False) -> list[Mention]:
    """In the order of the words. `homophones`: "for" is 4, "to" is 2."""
    runs = number_runs(pieces, tolerant=homophones) if index.has_digits else []
    words = list(_words(pieces, runs, index)) if index.has_letters else []
    taken = {position for word in words for position in range(word.span.start, word.span.end)}
    numbers = (_number(pieces, run, index) for run in runs if run.start not in taken)
    candidates = [*words, *(number for number in numbers if number is not None)]
    candidates.sort(key=lambda candidate: candidate.span.start)
    covered = frozenset(position for each in candidates for position in range(each.span.start, each.span.end))
    mentions = (
        Mention(each.span, each.said, each.keys, each.readings, context_of(pieces, each.span, covered))
        for each in candidates
    )
    return [mention for mention in mentions if _is_meant(mention)]


def _is_meant(mention: Mention) -> bool:
    """Rule 3."""
    context = mention.context
    if mention.is_weak:
        return context.clean
    return context.introduced or context.left_clean or (context.presented and context.right_clean)


def _number(pieces: Sequence[Piece], run: Span, index: CodeIndex) -> _Candidate | None:
    """None for what counts something, and for what is no number as a whole ("double")."""
    if counts_something(pieces, run):
        return None
    texts = [piece.text for piece in pieces[run.start : run.end]]
    if any(map(is_odd, texts)):
        return _Candidate(run, " ".join(texts), frozenset(), frozenset())
    possible = readings(texts)
    if not possible:
        return None
    shortest = min((reading.digits for reading in possible), key=lambda digits: (len(digits), digits))
    keys, possible = _keys_of_number(pieces[run.start : run.end], possible, index)
    return _Candidate(run, min(keys, default=shortest), keys, possible)


def _keys_of_number(
    run: Sequence[Piece], possible: frozenset[Reading], index: CodeIndex
) -> tuple[frozenset[str], frozenset[Reading]]:
    """As it stands, else without leading zeros, else as one code said several times; with what it may grow from."""
    if keys := _of_the_set(possible, index):
        return keys, possible
    bare = frozenset(reading.without_leading_zeros() for reading in possible)
    if keys := _of_the_set(bare, index):
        return keys, possible | bare
    for end in range(1, len(run)):
        once = readings([piece.text for piece in run[:end]])
        repeated = frozenset(key for key in _of_the_set(once, index) if _is_repeated(run, key, MAX_REPEATS))
        if repeated:
            return repeated, possible | once
    return frozenset(), possible


def _of_the_set(possible: frozenset[Reading], index: CodeIndex) -> frozenset[str]:
    return frozenset(reading.digits for reading in possible if reading.digits in index)


def _is_repeated(run: Sequence[Piece], key: str, at_most: int) -> bool:
    """Whether the run is `key` again and again, in parts that nobody would take for one long number."""
    if not run:
        return True
    if at_most == 0:
        return False
    return any(
        _stands_apart(run[:end], key, is_last=end == len(run)) and _is_repeated(run[end:], key, at_most - 1)
        for end in range(1, len(run) + 1)
    )


def _stands_apart(part: Sequence[Piece], key: str, *, is_last: bool) -> bool:
    """In one piece ("42", "forty two"), or with a break behind it and none inside; a single digit needs a full stop."""
    said = [reading for reading in readings([piece.text for piece in part]) if reading.digits == key]
    if not said:
        return False
    if len(key) == 1:
        return is_last or part[-1].stop is Stop.SENTENCE
    in_one_piece = any(reading.head == "" for reading in said)
    return in_one_piece or ((is_last or bool(part[-1].stop)) and not any(piece.stop for piece in part[:-1]))


def _words(pieces: Sequence[Piece], runs: Sequence[Span], index: CodeIndex) -> Iterator[_Candidate]:
    """Codes with letters: as one word, as several ("red fox"), spelled ("x k c d"), with numbers ("a 7")."""
    run_at = {run.start: run for run in runs}
    inside_run = {position for run in runs for position in range(run.start + 1, run.end)}
    start = 0
    while start < len(pieces):
        found = [] if start in inside_run else list(_walk(pieces, start, "", run_at, index))
        key, end = max(found, key=lambda each: each[1], default=("", start))
        if key and not _goes_on(pieces, start, end):
            yield _Candidate(Span(start, end), index.codes(key)[0], frozenset((key,)), frozenset())
        start = max(end, start + 1)


def _walk(
    pieces: Sequence[Piece], position: int, key: str, run_at: dict[int, Span], index: CodeIndex
) -> Iterator[tuple[str, int]]:
    """Every code with a letter in it that is made of pieces from here on, and the piece behind it."""
    if position == len(pieces) or (key and pieces[position - 1].stop is Stop.SENTENCE):
        return
    steps = [(pieces[position].text, position + 1)]
    if run := run_at.get(position):
        whole = readings([piece.text for piece in pieces[run.start : run.end]])
        steps += [(reading.digits, run.end) for reading in whole]
    for text, end in steps:
        longer = key + text
        if text.isalnum() and index.any_begins(longer):
            if longer in index and not longer.isdigit():
                yield longer, end
            yield from _walk(pieces, end, longer, run_at, index)


def _goes_on(pieces: Sequence[Piece], start: int, end: int) -> bool:
    """Whether a spelled code is a part of something longer: a 7 in "x a 7" and in "a 7 2"."""
    before = start > 0 and not pieces[start - 1].stop and _is_spelled(pieces[start].text)
    after = end < len(pieces) and not pieces[end - 1].stop and _is_spelled(pieces[end - 1].text)
    return (before and _is_spelled(pieces[start - 1].text)) or (after and _is_spelled(pieces[end].text))


def _is_spelled(text: str) -> bool:
    """A letter by itself (not the word "I"), or a number."""
    return (len(text) == 1 and text != "i") or any(map(str.isdigit, text)) or value_of(text) is not None
